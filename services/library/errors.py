"""What the library raises on purpose. Every message names the thing and the remedy."""

from __future__ import annotations

from collections.abc import Sequence


class LibraryError(Exception):
    """Base of everything `services.library` raises on purpose."""


class InvalidValue(LibraryError):
    """A value that the record or the index cannot hold as it is (not JSON, a malformed hash, a bad key)."""


class UnknownVideo(LibraryError):
    """No video has this id."""

    def __init__(self, video_id: str, hint: str = "`GET /v1/videos` lists the ids.") -> None:
        self.video_id = video_id
        super().__init__(f"There is no video {video_id!r}. {hint}")


class AmbiguousId(LibraryError):
    """A shortened id fits more than one video."""

    def __init__(self, prefix: str, candidates: Sequence[str]) -> None:
        self.prefix = prefix
        self.candidates = tuple(candidates)
        shown = ", ".join(candidates[:5]) + (", ..." if len(candidates) > 5 else "")
        super().__init__(f"{prefix!r} fits {len(candidates)} videos ({shown}): give more digits of the id.")


class RecordUnavailable(LibraryError):
    """The database cannot be reached, is locked for too long, or has a schema this version does not know."""


class BlobMissing(LibraryError):
    """The blob store holds nothing under a key."""

    def __init__(self, key: str, url: str) -> None:
        self.key = key
        super().__init__(
            f"There is no blob {key!r} in {url}: submit the file again, or restore the blob store's backup."
        )


class BlobStoreUnavailable(LibraryError):
    """The blob store's URL cannot be opened, or reading or writing it failed."""


class IndexUnavailable(LibraryError):
    """The index is out of reach."""


class LibraryLocked(IndexUnavailable):
    """Another process has the data folder's index open."""


class IndexMismatch(LibraryError):
    """A vector, field or filter that the index's schema does not fit."""


class PointMissing(LibraryError):
    """A payload was to be changed, but its point is not in the index."""

    def __init__(self, collection: str, point_id: str) -> None:
        super().__init__(
            f"{collection!r} has no point {point_id}: publish the video first, `retry` sends it through again."
        )


class BrokerUnavailable(LibraryError):
    """The broker that carries work to the workers can't be spoken to."""
