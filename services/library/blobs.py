"""The blob store: files by key on anything fsspec reaches (a local folder, memory, S3, ...)."""

from __future__ import annotations

import errno
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import fsspec

from services.library.errors import BlobMissing, BlobStoreUnavailable, InvalidValue
from services.library.reads import count_read
from services.library.spool import spooled, sweep_spool
from services.settings import Settings

_TMP = ".tmp"
_STALE_S = 24 * 3600.0
_CHUNK = 1 << 20
_MAX_KEY = 900
"""Object stores end at 1,024 bytes a key, the store's own prefix included."""


_OBJECT_STORES = frozenset({"s3", "s3a"})
_EXTRAS = {"s3": "s3", "s3a": "s3"}


def video_key(sha256: str, suffix: str) -> str:
    """The content-addressed key of a video file: `videos/ab/abcd....mp4`.

    `suffix` is the file's extension with or without its dot; what is not a plain extension is left out, because it
    comes from file names that strangers chose.
    """
    digest = sha256.lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise InvalidValue(f"{sha256!r} is not a sha256: give 64 hex digits.")
    extension = suffix.lower().lstrip(".")
    return f"videos/{digest[:2]}/{digest}" + (f".{extension}" if re.fullmatch(r"[a-z0-9]{1,8}", extension) else "")


def check_key(key: str) -> str:
    """The key itself, when it is a relative path that stays inside the store; raises `InvalidValue` otherwise."""
    parts = key.split("/")
    if len(key.encode("utf-8", "surrogatepass")) > _MAX_KEY or not key.isprintable() or "\\" in key:
        raise InvalidValue(f"{key[:80]!r} is not a blob key: printable text of at most {_MAX_KEY} bytes, no backslash.")
    if any(not part or part.startswith(".") for part in parts) or re.match(r"^[A-Za-z]:|.*://", key):
        raise InvalidValue(f"{key!r} is not a blob key: use a relative path with no empty or dotted part ('..', '.x').")
    return key


class BlobStore:
    """Blobs under one fsspec URL.

    A reader never sees half a blob: local files are written aside, synced and renamed; object stores publish an
    object when its upload is complete. Safe to use from many threads and processes.
    """

    def __init__(self, url: str, options: Mapping[str, Any] | None = None) -> None:
        self.url = url
        scheme = url.partition("://")[0]
        try:
            # Listings that fsspec remembers would hide what other processes wrote meanwhile.
            cached = {"use_listings_cache": False} if scheme in _OBJECT_STORES else {}
            self._fs, root = fsspec.url_to_fs(url, **cached, **(options or {}))
        except (ImportError, ValueError, TypeError) as error:
            remedy = f" (pip install 'reelwise[{_EXTRAS[scheme]}]')" if scheme in _EXTRAS else ""
            raise BlobStoreUnavailable(
                f"The blob store {url!r} cannot be opened: {error}{remedy}. Set REELWISE_BLOB_URL and "
                "REELWISE_BLOB_OPTIONS."
            ) from error
        self._failures: tuple[type[Exception], ...] = (OSError, *_client_errors(scheme))
        self._root = str(root).rstrip("/")
        self._protocols = (self._fs.protocol,) if isinstance(self._fs.protocol, str) else tuple(self._fs.protocol)
        self._local: Path | None = Path(self._root) if "file" in self._protocols else None
        if self._local is None:
            sweep_spool()
        else:
            with self._io("create the folder of"):
                (self._local / _TMP).mkdir(parents=True, exist_ok=True)
                self._sweep(self._local / _TMP)

    def put_file(self, path: Path, key: str) -> None:
        """Store a copy of the file. A copy, not a link: whoever owns the original may edit it afterwards."""
        with path.open("rb") as source:
            if self._local is not None:
                with self._replacing(self._local / check_key(key)) as target:
                    _copy(source, target)
                return
        with self._io(f"write {key!r} to"):
            self._make_folder(key)
            self._fs.put_file(str(path), self._remote(key))

    def put_bytes(self, data: bytes, key: str) -> None:
        """Store these bytes, replacing what the key held."""
        if self._local is not None:
            with self._replacing(self._local / check_key(key)) as target:
                target.write(data)
            return
        with self._io(f"write {key!r} to"):
            self._make_folder(key)
            self._fs.pipe_file(self._remote(key), data)

    def get_bytes(self, key: str) -> bytes:
        """The whole blob. Raises `BlobMissing`."""
        with self._io(f"read {key!r} from", key):
            data: bytes = self._fs.cat_file(self._remote(key))
        count_read(len(data))
        return data

    def read_range(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        """Bytes `start` to `stop` (excluded) of the blob, a chunk of at most 1 MiB at a time. Raises `BlobMissing`."""
        with self._io(f"read {key!r} from", key), self._fs.open(self._remote(key), "rb", cache_type="none") as blob:
            blob.seek(start)
            left = stop - start
            while left > 0 and (chunk := blob.read(min(left, _CHUNK))):
                left -= len(chunk)
                yield chunk

    @contextmanager
    def local_path(self, key: str) -> Iterator[Path]:
        """A local file with the blob's bytes and extension, for as long as the context lasts. Raises `BlobMissing`.

        Of a local store it is the blob itself: read it, never write it. Of another it is a copy in the folder of
        temporary files (TMPDIR), made only where it fits. Raises `BlobStoreUnavailable` where it does not.
        """
        if self._local is not None:
            path = self._local / check_key(key)
            if not path.is_file():
                raise BlobMissing(key, self.url)
            count_read(path.stat().st_size)
            yield path
            return
        with spooled(check_key(key), self.size(key)) as path:
            with self._io(f"read {key!r} from", key):
                self._fs.get_file(self._remote(key), str(path))
            count_read(path.stat().st_size)
            yield path

    def exists(self, key: str) -> bool:
        """Whether the key holds a blob."""
        with self._io(f"look for {key!r} in"):
            return bool(self._fs.isfile(self._remote(key)))

    def check(self) -> None:
        """Raise `BlobStoreUnavailable` unless the store answers, and a local one may be written to."""
        if self._local is not None:
            if not os.access(self._local / _TMP, os.W_OK | os.X_OK):
                raise BlobStoreUnavailable(f"The blob store's folder {self._local} is not there or not writable.")
            return
        with self._io("look into"), suppress(FileNotFoundError):
            self._fs.info(self._remote("check/none"))

    def size(self, key: str) -> int:
        """Bytes of the blob. Raises `BlobMissing`."""
        with self._io(f"measure {key!r} in", key):
            return int(self._fs.size(self._remote(key)))

    def delete(self, key: str) -> bool:
        """Remove the blob; False when there was none."""
        if self._local is None and not self.exists(key):  # object stores don't say what they removed
            return False
        try:
            with self._io(f"delete {key!r} from", key):
                self._fs.rm_file(self._remote(key))
        except BlobMissing:
            return False
        return True

    def delete_prefix(self, prefix: str) -> int:
        """Remove every blob under the folder `prefix` (whole path parts); how many there were."""
        with self._io(f"delete {prefix!r} from"):
            folder = self._remote(prefix)
            if not self._fs.isdir(folder):
                return 0
            found = self._fs.find(folder)
            self._fs.rm(folder, recursive=True)
        return len(found)

    def _remote(self, key: str) -> str:
        return f"{self._root}/{check_key(key)}"

    @contextmanager
    def _replacing(self, final: Path) -> Iterator[BinaryIO]:
        assert self._local is not None
        aside = self._local / _TMP / uuid.uuid4().hex
        with self._io(f"write {final.name!r} to"):
            try:
                with aside.open("xb") as target:
                    yield target
                    target.flush()
                    os.fsync(target.fileno())
                final.parent.mkdir(parents=True, exist_ok=True)
                aside.replace(final)
            finally:
                aside.unlink(missing_ok=True)

    @contextmanager
    def _io(self, action: str, key: str | None = None) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            if key is not None:
                raise BlobMissing(key, self.url) from error
            raise BlobStoreUnavailable(f"Could not {action} {self.url}: {error}. Check that it exists.") from error
        except self._failures as error:
            hint = "space and permissions" if self._local is not None else "that it is there, and the permissions"
            raise BlobStoreUnavailable(f"Could not {action} {self.url}: {error}. Check {hint}.") from error

    def _make_folder(self, key: str) -> None:
        """Object stores have no folders; asked for one, fsspec would look for the bucket, and make it."""
        if not _OBJECT_STORES.intersection(self._protocols):
            self._fs.makedirs(self._remote(key).rpartition("/")[0], exist_ok=True)

    @staticmethod
    def _sweep(folder: Path) -> None:
        """Remove what writers that were killed left behind; a day is longer than any writing takes."""
        for leftover in folder.iterdir():
            try:
                if time.time() - leftover.stat().st_mtime > _STALE_S:
                    leftover.unlink()
            except FileNotFoundError:
                continue  # its writer finished, or another process swept it


def blob_store(settings: Settings) -> BlobStore:
    """The store that the settings name. Raises `BlobStoreUnavailable`."""
    return BlobStore(settings.resolved_blob_url, settings.blob_options)


def _client_errors(scheme: str) -> tuple[type[Exception], ...]:
    """What a store's client raises beside `OSError` when the store does not answer."""
    if scheme not in _OBJECT_STORES:
        return ()
    from botocore.exceptions import BotoCoreError, ClientError

    return (BotoCoreError, ClientError)


def _copy(source: BinaryIO, target: BinaryIO) -> None:
    """Copy in the kernel where it can: Btrfs and XFS then share the blocks instead of writing them twice."""
    copied = 0
    if hasattr(os, "copy_file_range"):
        try:
            while count := os.copy_file_range(source.fileno(), target.fileno(), 1 << 30):
                copied += count
        except OSError as error:
            unsupported = (errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EBADF, errno.EPERM)
            if copied or error.errno not in unsupported:
                raise
    if not copied:
        shutil.copyfileobj(source, target, 1 << 20)
