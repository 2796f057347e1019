"""The taxonomy with the editors' published edits, and what they rename."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from services.library.overlay.amend import NamedLabel
from services.library.overlay.types import Field
from services.library.taxonomy.edits import Describe, Edit, Merge, Move, edited
from services.library.taxonomy.loader import load_taxonomy
from services.library.taxonomy.types import Taxonomy

_EDITS: TypeAdapter[tuple[Describe | Merge | Move, ...]] = TypeAdapter(tuple[Edit, ...])
_FIELDS = {"topic": Field.TOPIC, "mood": Field.MOOD, "occasion": Field.OCCASION}


def parsed_edits(edits: Sequence[Mapping[str, Any]]) -> tuple[Describe | Merge | Move, ...]:
    """Edits as they are stored, as objects."""
    return _EDITS.validate_python(list(edits))


def published_taxonomy(edits: Sequence[Mapping[str, Any]]) -> Taxonomy:
    """The taxonomy that ships with these edits; worked out once a version. Raises `TaxonomyError`."""
    return _published(json.dumps(list(edits), sort_keys=True)) if edits else load_taxonomy()


@lru_cache(maxsize=8)
def _published(edits: str) -> Taxonomy:
    return edited(load_taxonomy(), parsed_edits(json.loads(edits)))


def renames(edits: Sequence[Mapping[str, Any]]) -> list[tuple[Field, str, NamedLabel]]:
    """(field, slug as the models give it, the label that stands for it now) of all that was renamed or merged."""
    if not edits:
        return []
    taxonomy = published_taxonomy(edits)
    parsed = parsed_edits(edits)
    into = {(edit.kind, edit.slug): edit.into for edit in parsed if isinstance(edit, Merge)}
    found = []
    for kind, slug in dict.fromkeys((edit.kind, edit.slug) for edit in parsed if not isinstance(edit, Move)):
        final = slug
        while (kind, final) in into:
            final = into[kind, final]
        look_up = {"topic": taxonomy.topic, "mood": taxonomy.mood, "occasion": taxonomy.occasion}[kind]
        entry = look_up(final)
        found.append((_FIELDS[kind], slug, NamedLabel(key=final, en=entry.en, zh=entry.zh, slug=final)))
    return found
