"""Removing weights that nobody needs: those of the catalogue alone, never what somebody else put into the folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Set
from dataclasses import dataclass
from pathlib import Path

from models.weights.catalogue import Catalogue, default_catalogue
from models.weights.fetch import locked
from models.weights.progress import Silent


@dataclass(frozen=True, slots=True)
class Prunable:
    """Weights that may go; bytes of their files."""

    name: str
    size: int


def prunable(folder: Path, *, keep: Set[str], catalogue: Catalogue | None = None) -> list[Prunable]:
    """The catalogue's weights that lie in the folder and are not to be kept, the largest first."""
    known = catalogue or default_catalogue()
    names = {weight.name for weight in (*known, *known.hub)} - keep
    here = [
        Prunable(name, sum(path.stat().st_size for path in (folder / name).rglob("*") if path.is_file()))
        for name in names
        if (folder / name).is_dir()
    ]
    return sorted(here, key=lambda one: (-one.size, one.name))


def remove(folder: Path, weights: Iterable[Prunable]) -> None:
    """Remove them, while no fetch is under way."""
    with locked(folder, Silent()):
        for weight in weights:
            shutil.rmtree(folder / weight.name)
