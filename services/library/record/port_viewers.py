"""What viewers did and were shown, as a protocol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from services.library.preference import Reaction
from services.library.record.events import (
    Erased,
    Event,
    EventCount,
    EventKind,
    EventsOutcome,
    ImpressionBatch,
    ProfileEdit,
    QualityCount,
)
from services.library.record.feeds import ViewerState


class ViewersPort(Protocol):
    """The part of the record that remembers viewers."""

    def add_events(self, events: Sequence[Event], *, unreadable: int = 0) -> EventsOutcome:
        """Store what is new and can have happened; the outcome names every event that was dropped, and why.

        The same id of the same user twice is one event. `unreadable` ones only count as malformed.
        """
        ...

    def events(
        self,
        user_id: str,
        *,
        limit: int = 500,
        since: datetime | None = None,
        kinds: Iterable[EventKind] | None = None,
    ) -> list[Event]:
        """A viewer's events, newest first."""
        ...

    def events_of_video(
        self,
        video_id: str,
        *,
        limit: int = 500,
        since: datetime | None = None,
        kinds: Iterable[EventKind] | None = None,
    ) -> list[Event]:
        """A video's events, newest first."""
        ...

    def event_counts(
        self, *, since: datetime, kinds: Iterable[EventKind] | None = None, audience: str | None = None
    ) -> list[EventCount]:
        """Events per video, kind and hour since then, oldest first; of one audience or of all together."""
        ...

    def event_quality(self, *, days: int = 30) -> list[QualityCount]:
        """What became of the events that arrived in the last days (UTC), newest day first."""
        ...

    def put_impressions(self, batch: ImpressionBatch) -> None:
        """Store what an answer showed. Idempotent by request id. Raises `InvalidValue`."""
        ...

    def impressions(self, request_id: str) -> ImpressionBatch | None:
        """What the answer with this id showed, in its order."""
        ...

    def viewer_state(
        self, user_id: str, *, kinds: Iterable[EventKind], events: int, shown_since: datetime, shown: int
    ) -> ViewerState:
        """What a feed needs of its viewer: latest acts, edits, what was shown since then."""
        ...

    def impression_counts(self, video_ids: Iterable[str]) -> dict[str, int]:
        """How often the recommender showed each of the videos, zeros included."""
        ...

    def profile_edits(self, user_id: str) -> list[ProfileEdit]:
        """A viewer's edits, oldest first, expired ones included."""
        ...

    def add_profile_edits(self, edits: Sequence[ProfileEdit], *, instead_of: Iterable[str] = ()) -> None:
        """Store edits, and delete those with the ids `instead_of` of the same users, in one transaction."""
        ...

    def remove_profile_edit(self, user_id: str, edit_id: str) -> bool:
        """Delete one edit; False when the viewer has none of this id."""
        ...

    def export_user(self, user_id: str) -> Iterator[ProfileEdit | Event | ImpressionBatch]:
        """Everything kept of a viewer, as it was stored: edits, events, impressions. Reads a page at a time."""
        ...

    def erase_user(self, user_id: str) -> Erased:
        """Delete everything kept of a viewer, and take their events out of the counts."""
        ...

    def reactions(self) -> Iterator[Reaction]:
        """Events of all viewers that say something of a preference, put together per viewer, video and kind; a
        viewer's stand together.
        """
        ...
