"""The catalogue as it is for one weights folder: with the hub's weights that were pinned there."""

from __future__ import annotations

from pathlib import Path

from models.weights.catalogue import Catalogue, HubWeight, Pin, default_catalogue
from models.weights.environment import HubKind, hub, preferred_hub
from models.weights.hub import read_pins


def catalogue_at(folder: Path, catalogue: Catalogue | None = None) -> Catalogue:
    """The catalogue (default: the one that ships) with the pins of the folder. Raises `ModelError` for damaged pins."""
    known = catalogue or default_catalogue()
    return known.with_pins(read_pins(folder), _urls) if known.hub else known


def _urls(weight: HubWeight, pin: Pin, path: str) -> tuple[str, ...]:
    """Where a pinned file can be had, the preferred hub first. The sha256 decides, so any commit may be tried."""
    repositories: dict[HubKind, str | None] = {"huggingface": weight.repository, "modelscope": weight.modelscope}
    usual: dict[HubKind, str] = {"huggingface": weight.revision, "modelscope": weight.revision}
    if weight.revision == "main":
        usual["modelscope"] = "master"
    found = []
    for kind in sorted(repositories, key=lambda kind: kind != preferred_hub()):
        if (repository := repositories[kind]) is not None:
            revision = pin.revision if kind == pin.source else usual[kind]
            found.append(hub(kind).file_url(repository, revision, path))
    return tuple(found)
