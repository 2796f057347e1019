"""Something trained, kept in versions: a file each in the blob store, and a pointer that is written last."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from services.library.blobs import BlobStore
from services.library.errors import BlobMissing, LibraryError

Array = NDArray[np.float32]

_NO_ARRAYS = ("meta", "video_ids")


class TrainedUnreadable(LibraryError):
    """What is stored is not what training writes."""

    def __init__(self, what: str, key: str, why: str) -> None:
        super().__init__(f"The {what} {key!r} cannot be read: {why}. Run `reelwise train` to renew them.")


@dataclass(frozen=True, slots=True)
class InUse:
    """The version in use and when it was trained."""

    version: str
    trained_at: datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """One version: what it says of itself as JSON, the ids of the videos it knows, and its arrays by name."""

    meta: str
    video_ids: tuple[str, ...]
    arrays: Mapping[str, Array]


class _Pointer(BaseModel):
    """`current.json`: the version in use, and those that are kept, oldest first."""

    model_config = ConfigDict(frozen=True)

    version: str
    trained_at: datetime
    versions: tuple[str, ...]


class _Attempt(BaseModel):
    """`attempt.json`: when a training was last begun, whatever came of it."""

    model_config = ConfigDict(frozen=True)

    at: datetime


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions in one folder of the blob store; `what` names them in errors. No pickle is written or read."""

    blobs: BlobStore
    folder: str
    what: str

    def in_use(self) -> InUse | None:
        """What requests read now; None before the first training. Raises `TrainedUnreadable`."""
        pointer = self._pointer()
        return None if pointer is None else InUse(pointer.version, pointer.trained_at)

    def put(self, used: InUse, stored: Stored, *, keep: int = 2) -> None:
        """Write a version, then point to it in one step; a reader sees the old one or the new one.

        The last `keep` versions stay, for a reader that has just been told of the one before.
        """
        texts = {"meta": stored.meta, "video_ids": "\n".join(stored.video_ids)}
        arrays: dict[str, Any] = {name: np.frombuffer(text.encode(), np.uint8) for name, text in texts.items()}
        file = io.BytesIO()
        np.savez(file, allow_pickle=False, **arrays, **stored.arrays)
        try:
            pointer = self._pointer()
        except TrainedUnreadable:
            pointer = None  # a damaged pointer is replaced; the file it named may stay behind
        earlier = [version for version in (pointer.versions if pointer else ()) if version != used.version]
        self.blobs.put_bytes(file.getvalue(), self._key(used.version))
        kept = (*earlier, used.version)[-keep:]
        current = _Pointer(version=used.version, trained_at=used.trained_at, versions=kept)
        self.blobs.put_bytes(current.model_dump_json().encode(), self._current)
        for version in earlier:
            if version not in kept:
                self.blobs.delete(self._key(version))

    def get(self, version: str) -> Stored:
        """Read one version. Raises `TrainedUnreadable`, `BlobMissing`."""
        data = self.blobs.get_bytes(self._key(version))
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as file:
                meta, ids = file["meta"].tobytes().decode(), file["video_ids"].tobytes().decode()
                names = [name for name in file.files if name not in _NO_ARRAYS]
                arrays = {name: np.ascontiguousarray(file[name], dtype=np.float32) for name in names}
        except (BadZipFile, ValueError, KeyError, EOFError, OSError) as error:
            raise self.unreadable(version, str(error)) from error
        if not all(np.isfinite(array).all() for array in arrays.values()):
            raise self.unreadable(version, "it holds numbers that are not finite")
        return Stored(meta, tuple(ids.split("\n")) if ids else (), arrays)

    def unreadable(self, version: str, why: str) -> TrainedUnreadable:
        """The error that says that this version cannot be read."""
        return TrainedUnreadable(self.what, self._key(version), why)

    def note_attempt(self, at: datetime) -> None:
        """A training begins now."""
        self.blobs.put_bytes(_Attempt(at=at).model_dump_json().encode(), self._attempt)

    def last_attempt(self) -> datetime | None:
        """When something was last trained, or a training last begun; None before the first, or if it is unreadable."""
        times = []
        with suppress(BlobMissing, ValidationError):  # none yet, or a file that the next training replaces
            times.append(_Attempt.model_validate_json(self.blobs.get_bytes(self._attempt)).at)
        with suppress(TrainedUnreadable):  # a training replaces it
            if (used := self.in_use()) is not None:
                times.append(used.trained_at)
        return max(times, default=None)

    @property
    def _current(self) -> str:
        return f"{self.folder}/current.json"

    @property
    def _attempt(self) -> str:
        return f"{self.folder}/attempt.json"

    def _key(self, version: str) -> str:
        return f"{self.folder}/{version}.npz"

    def _pointer(self) -> _Pointer | None:
        try:
            return _Pointer.model_validate_json(self.blobs.get_bytes(self._current))
        except BlobMissing:
            return None
        except ValidationError as error:
            raise TrainedUnreadable(self.what, self._current, str(error)) from error


def version_of(trained_at: datetime, vectors: Array) -> str:
    """A name that sorts by time and tells any two trainings apart."""
    digest = sha256(np.ascontiguousarray(vectors).tobytes()).hexdigest()[:8]
    return f"{trained_at:%Y%m%dT%H%M%S%f}-{digest}"
