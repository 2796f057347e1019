"""The digest of a model's content, for fingerprints that must change with it."""

from __future__ import annotations

import hashlib
import json
import weakref

from pydantic import BaseModel

_known: dict[int, tuple[weakref.ref[BaseModel], str]] = {}


def content_digest(model: BaseModel) -> str:
    """SHA-256, in hex, over the fields as JSON with sorted keys; worked out once for each object, which must be frozen.

    By identity and not by hash, because models may hold mappings.
    """
    place = id(model)
    kept = _known.get(place)
    if kept is not None and kept[0]() is model:
        return kept[1]
    text = json.dumps(model.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    _known[place] = weakref.ref(model, lambda gone: _forget(place, gone)), digest
    return digest


def _forget(place: int, gone: weakref.ref[BaseModel]) -> None:
    """Another object may have taken the place since."""
    kept = _known.get(place)
    if kept is not None and kept[0] is gone:
        del _known[place]
