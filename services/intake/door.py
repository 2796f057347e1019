"""The door: a path, a URL or an upload becomes a blob and a submission in the record."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from services.intake.fetch import FetchLimits, display, fetch
from services.intake.roots import open_regular, resolve_within
from services.intake.sidecars import MAX_SIDECAR_BYTES, find_sidecars, sidecar_suffix
from services.intake.spool import Spooled, chunks, spool
from services.library.blobs import video_key
from services.library.library import Library
from services.library.record.types import Priority, Submission, Video

_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the sender says about a video. `language_hint` is ISO 639-1; `published_at` is an aware time.

    `uploader` is whose turn the work on it takes, `priority` whether it is fresh or of an archive.
    """

    title: str | None = None
    description: str | None = None
    hashtags: tuple[str, ...] = ()
    creator: str | None = None
    language_hint: str | None = None
    published_at: datetime | None = None
    uploader: str = ""
    priority: Priority = Priority.FRESH


@dataclass(frozen=True, slots=True)
class NamedStream:
    """An uploaded file: the name its sender gave it (never used as a path) and its bytes."""

    name: str
    stream: BinaryIO


@dataclass(frozen=True, slots=True)
class Receipt:
    """The video that an upload became, and whether it was new to the record."""

    video: Video
    created: bool


def submit_path(library: Library, path: Path, metadata: Metadata | None = None) -> Receipt:
    """Take in a local file below the allowed roots, together with the subtitle files beside it.

    Raises `SourceForbidden`, `SourceNotFound`, `SourceUnreadable`, `UploadTooLarge` or `StorageFull`.
    """
    roots = library.settings.allowed_roots
    real = resolve_within(path, roots)
    with ExitStack() as stack:
        video = stack.enter_context(open_regular(real))
        sidecars = [
            NamedStream(found.name, stack.enter_context(open_regular(resolve_within(found, roots))))
            for found in find_sidecars(path.absolute())
        ]
        return _take_in(library, chunks(video), real.name, str(real), metadata, sidecars)


def submit_upload(
    library: Library, upload: NamedStream, metadata: Metadata | None = None, subtitles: Sequence[NamedStream] = ()
) -> Receipt:
    """Take in bytes that a client sent, with any subtitle files it sent along.

    Raises `UploadTooLarge`, `StorageFull`, or `InvalidSubmission` for a subtitle file of a kind that is not read.
    """
    name = PurePosixPath(upload.name.replace("\\", "/")).name or "upload"
    return _take_in(library, chunks(upload.stream), name, f"upload {name}", metadata, subtitles)


def submit_url(
    library: Library, url: str, metadata: Metadata | None = None, *, limits: FetchLimits | None = None
) -> Receipt:
    """Fetch a URL of an allowed host and take in what it answers.

    Raises what `fetch` raises, and `StorageFull`.
    """
    settings = library.settings
    name = PurePosixPath(unquote(urlsplit(url).path)).name
    with fetch(url, allowed_hosts=settings.allowed_hosts, max_bytes=settings.max_upload_bytes, limits=limits) as pieces:
        return _take_in(library, pieces, name, display(url), metadata, ())


def _take_in(
    library: Library,
    pieces: Iterable[bytes],
    name: str,
    source: str,
    metadata: Metadata | None,
    sidecars: Sequence[NamedStream],
) -> Receipt:
    metadata = metadata or Metadata()
    folder, least_free = library.settings.data_dir / "incoming", library.settings.min_free_bytes
    suffixes = [sidecar_suffix(sidecar.name) for sidecar in sidecars]
    with spool(
        pieces, folder=folder, max_bytes=library.settings.max_upload_bytes, min_free_bytes=least_free, what=source
    ) as video:
        sidecar_keys = []
        for sidecar, suffix in zip(sidecars, suffixes, strict=True):
            with spool(
                chunks(sidecar.stream),
                folder=folder,
                max_bytes=MAX_SIDECAR_BYTES,
                min_free_bytes=least_free,
                what=sidecar.name,
            ) as subtitle:
                sidecar_keys.append(
                    _store(library, subtitle, f"sidecars/{subtitle.sha256[:2]}/{subtitle.sha256}{suffix}")
                )
        key = _store(library, video, video_key(video.sha256, _safe_suffix(name)))
        submitted, created = library.record.submit(
            Submission(
                sha256=video.sha256,
                size_bytes=video.size_bytes,
                blob_key=key,
                source=source,
                title=metadata.title,
                description=metadata.description,
                hashtags=metadata.hashtags,
                creator=metadata.creator,
                language_hint=metadata.language_hint,
                published_at=metadata.published_at,
                sidecars=tuple(sidecar_keys),
                uploader=metadata.uploader,
                priority=metadata.priority,
            )
        )
    return Receipt(submitted, created)


def _store(library: Library, file: Spooled, key: str) -> str:
    if not library.blobs.exists(key):
        library.blobs.put_file(file.path, key)
    return key


def _safe_suffix(name: str) -> str:
    """The suffix as a hint to the decoder; a strange one is left out, for it would end up in a key."""
    suffix = PurePosixPath(name).suffix.lower()
    return suffix if _SUFFIX.fullmatch(suffix) else ""
