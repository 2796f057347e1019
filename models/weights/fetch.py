"""Fetching, checking and finding weights. The catalogue's sha256 decides; which source served a file can't matter."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from models.errors import EngineUnavailable, WeightsCorrupt, WeightsMissing
from models.weights.catalogue import Catalogue, Weight, WeightFile, default_catalogue
from models.weights.environment import MIRROR_VARIABLE, own_folder
from models.weights.fetcher import Fetched, Fetcher, missing_text
from models.weights.pinned import catalogue_at
from models.weights.progress import Progress, Silent
from models.weights.store import Store

State = Literal["ready", "missing", "incomplete", "unverified"]


@dataclass(frozen=True, slots=True)
class WeightStatus:
    """Where a weight stands, without hashing: bytes there and in all, and where they are."""

    weight: Weight
    state: State
    present: int
    path: Path | None


@dataclass(frozen=True, slots=True)
class Verification:
    """One file, hashed anew. `problem` says in words what is wrong; None when it is what the catalogue says."""

    name: str
    file: str
    problem: str | None

    @property
    def ok(self) -> bool:
        """Whether the file is what the catalogue says."""
        return self.problem is None


def path_of(name: str, folder: Path, *, catalogue: Catalogue | None = None) -> Path:
    """The folder that holds the weight's files, which are those that were verified.

    Costs a stat per file once they are stamped; files that were put there by hand are hashed the first time. Raises
    `WeightsMissing` naming the command that fetches them, `EngineUnavailable` when the package that bundles them isn't
    installed, `WeightsCorrupt` when a file is not what the catalogue says.
    """
    weight = (catalogue or catalogue_at(folder)).weight(name)
    store = Store(folder)
    place = store.place(weight)
    for file in weight.files:
        path = place / file.path
        if not path.is_file():
            raise WeightsMissing(missing_text(weight, path))
        if weight.bundled is not None or store.is_stamped(weight, file):
            continue
        if problem := store.check(weight, file):
            raise WeightsCorrupt(f"{path}: {problem}. Run: reelwise models fetch {weight.name}")
    return place


def status(
    names: Iterable[str] | None = None, *, folder: Path, catalogue: Catalogue | None = None
) -> list[WeightStatus]:
    """Where each weight stands. Cheap: nothing is hashed. `names` None: all that serve a profile."""
    store = Store(folder)
    known = catalogue or catalogue_at(folder)
    chosen = (*known.weights, *known.pinned) if names is None else known.select(names)
    return [_status(weight, store) for weight in chosen]


def _status(weight: Weight, store: Store) -> WeightStatus:
    try:
        place = store.place(weight)
    except EngineUnavailable:
        return WeightStatus(weight, "missing", 0, None)
    sizes = {file.path: _size(place / file.path) for file in weight.files}
    present = sum(sizes.values())
    if any(sizes[file.path] != file.size for file in weight.files):
        return WeightStatus(weight, "incomplete" if present else "missing", present, place)
    verified = weight.bundled is not None or all(store.is_stamped(weight, file) for file in weight.files)
    return WeightStatus(weight, "ready" if verified else "unverified", present, place)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def verify(
    names: Iterable[str] | None = None,
    *,
    folder: Path,
    progress: Progress | None = None,
    catalogue: Catalogue | None = None,
) -> list[Verification]:
    """Hashes every file anew, the bundled ones too. Changes nothing but stamps; what is wrong is in the answer."""
    store = Store(folder)
    told = progress or Silent()
    found: list[Verification] = []
    for weight in (catalogue or catalogue_at(folder)).select(names):
        for file in weight.files:
            item = f"{weight.name}/{file.path}"
            told.start(item, file.size)
            problem = _problem(store, weight, file, told, item)
            told.finish(item)
            found.append(Verification(weight.name, file.path, problem))
    return found


def _problem(store: Store, weight: Weight, file: WeightFile, progress: Progress, item: str) -> str | None:
    try:
        return store.check(weight, file, lambda done: progress.advance(item, done))
    except EngineUnavailable as error:
        return str(error)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"


def fetch(
    names: Iterable[str] | None = None,
    *,
    folder: Path,
    progress: Progress | None = None,
    catalogue: Catalogue | None = None,
    local: Path | None = None,
    mirror: str | None = None,
) -> list[Fetched]:
    """Makes the weights complete and verified in `folder`; what is there already is not fetched again.

    `local` is a folder laid out like the weights folder and `mirror` the base address of one, both tried before the
    catalogue's sources (default: the environment's REELWISE_WEIGHTS_FOLDER and REELWISE_WEIGHTS_MIRROR). One process
    fetches at a time; others wait and find the work done. Interrupted at any point, the next call goes on.

    A hub's weights are pinned when they are first fetched (`hub.py`); `names` None leaves out those never fetched.

    Raises `WeightsMissing` when no source serves a file (with what each said) or offline, `WeightsCorrupt` when what
    they serve is not what the catalogue or the pin says, `ModelError` when disk or budget are too small.
    """
    known = catalogue or default_catalogue()
    chosen = None if names is None else tuple(names)
    folder.mkdir(parents=True, exist_ok=True)
    fetcher = Fetcher(
        Store(folder), progress or Silent(), local or own_folder(), mirror or os.environ.get(MIRROR_VARIABLE)
    )
    with locked(folder, fetcher.progress):
        fetcher.sweep()
        fetcher.pin([hub for name in chosen or () if (hub := known.hub_weight(name)) is not None])
        weights = catalogue_at(folder, known).select(chosen)
        fetcher.check_space(weights)
        return [fetcher.fetch(weight) for weight in weights]


@contextmanager
def locked(folder: Path, progress: Progress) -> Iterator[None]:
    """Hold the lock of a weights folder; waits for another process that fetches."""
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress.note(f"Another process is fetching weights into {folder}; waiting for it.")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
