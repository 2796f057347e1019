"""The library: the record, the blobs and the index, opened together."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Never, cast

from services.library.blobs import BlobStore, blob_store
from services.library.errors import IndexUnavailable, LibraryError
from services.library.index import open_index
from services.library.index.port import IndexPort
from services.library.index.schema import IndexDims
from services.library.record.cleaning import CleaningRules
from services.library.record.store import Record
from services.library.taxonomy import Taxonomy
from services.library.taxonomy.published import published_taxonomy
from services.settings import Settings


@dataclass(frozen=True, slots=True)
class Library:
    """Everything Reelwise keeps. Safe to share between threads; a context manager that closes."""

    settings: Settings
    record: Record
    blobs: BlobStore
    index: IndexPort

    @classmethod
    def open(cls, settings: Settings, dims: IndexDims, *, rebuild_index: bool = False) -> Library:
        """Make the folders, bring the schema up to date, open the index.

        `rebuild_index`: when the index was built for other dims, start an empty one and queue every finished video
        again, so that publish fills it. Raises `LibraryLocked` when another process has the embedded index open,
        `IndexMismatch`, `IndexUnavailable`, `RecordUnavailable`, `BlobStoreUnavailable`.
        """
        try:
            settings.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryError(
                f"The data folder {settings.data_dir} cannot be made: {error}. Set REELWISE_DATA_DIR."
            ) from error
        # The index first: whoever has its lock may go on, everybody else is told before anything is touched.
        index = open_index(settings, dims, rebuild=rebuild_index)
        return cls._with(settings, index, rebuild=rebuild_index)

    @classmethod
    def open_without_index(cls, settings: Settings) -> Library:
        """The record and the blobs alone, for workers of lanes that don't publish; any use of the index fails.

        Raises `RecordUnavailable`, `BlobStoreUnavailable`.
        """
        return cls._with(settings, cast("IndexPort", _NoIndex()), rebuild=False)

    @classmethod
    def _with(cls, settings: Settings, index: IndexPort, *, rebuild: bool) -> Library:
        try:
            record = Record.open(settings.resolved_database_url, rules=_cleaning(settings))
            try:
                if rebuild:
                    record.requeue_ready()
                return cls(settings, record, blob_store(settings), index)
            except BaseException:
                record.close()
                raise
        except BaseException:
            index.close()
            raise

    def taxonomy(self) -> Taxonomy:
        """The taxonomy as published: the files that ship with the editors' edits."""
        return published_taxonomy(self.record.taxonomy_edits()[1])

    def close(self) -> None:
        """Close the index and the record; the index's folder is free for another process afterwards. Idempotent."""
        try:
            self.index.close()
        finally:
            self.record.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _NoIndex:
    """Stands where a process has no index."""

    def close(self) -> None:
        """Nothing to close."""

    def __getattr__(self, name: str) -> Never:
        raise IndexUnavailable(f"this process was opened without an index, and {name} was asked of it")


def _cleaning(settings: Settings) -> CleaningRules:
    return CleaningRules(
        max_watch_ratio=settings.event_max_watch_ratio,
        max_watch_s=settings.event_max_watch_s,
        max_ahead_s=settings.event_max_ahead_s,
        max_age_days=settings.event_max_age_days,
        max_per_minute=settings.event_max_per_minute,
    )
