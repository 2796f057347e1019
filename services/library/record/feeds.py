"""What every feed reads of its viewer, in one transaction. Statements are built once: that costs more than running one.

Plain columns, not the mapper's objects: a feed reads hundreds of rows and keeps none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select

from services.library.jsonable import storable_text
from services.library.record.database import Database
from services.library.record.event_tables import EventRow, ImpressionBatchRow, ImpressionRow, ProfileEditRow
from services.library.record.events import EditKind, Event, EventKind, ProfileEdit

_KINDS = {kind.value: kind for kind in EventKind}
_EDITS = {kind.value: kind for kind in EditKind}


@dataclass(frozen=True, slots=True)
class ViewerState:
    """A viewer's acts (newest first), edits (oldest first, expired ones included) and what was shown to them lately
    (video id and when, newest first).
    """

    events: tuple[Event, ...]
    edits: tuple[ProfileEdit, ...]
    shown: tuple[tuple[str, datetime], ...]


class Feeds(Database):
    """The part of `RecordPort` that a feed asks first."""

    def viewer_state(
        self, user_id: str, *, kinds: Iterable[EventKind], events: int, shown_since: datetime, shown: int
    ) -> ViewerState:
        """At most `events` of these kinds, every edit, and at most `shown` impressions since then; one snapshot."""
        user = storable_text(user_id).strip()
        with self._reading() as connection:
            acts = connection.execute(_events(tuple(kinds)), {"user": user, "most": events}).all()
            edits = connection.execute(_PROFILE_EDITS, {"user": user}).all()
            seen = connection.execute(_SHOWN, {"user": user, "since": shown_since, "most": shown}).all()
        return ViewerState(
            tuple(Event(ident, user, _KINDS[kind], *rest) for ident, kind, *rest in acts),
            tuple(ProfileEdit(ident, user, _EDITS[kind], *rest) for ident, kind, *rest in edits),
            tuple((video_id, at) for video_id, at in seen),
        )


@cache
def _events(kinds: tuple[EventKind, ...]) -> Select[Any]:
    row = EventRow.__table__.c
    columns = (
        row.id, row.kind, row.at, row.video_id, row.creator, row.watch_s, row.duration_s, row.watch_ratio, row.query,
        row.request_id, row.position, row.utc_offset_minutes, row.audience,
    )  # fmt: skip
    return (
        select(*columns)
        .where(row.user_id == bindparam("user"), row.kind.in_([kind.value for kind in kinds]))
        .order_by(row.at.desc(), row.number.desc())
        .limit(bindparam("most"))
    )


_edit = ProfileEditRow.__table__.c
_PROFILE_EDITS = (
    select(_edit.id, _edit.kind, _edit.field, _edit.value, _edit.weight, _edit.at, _edit.expires_at, _edit.text)
    .where(_edit.user_id == bindparam("user"))
    .order_by(_edit.at, _edit.id)
)

_item, _batch = ImpressionRow.__table__.c, ImpressionBatchRow.__table__.c
_SHOWN = (
    select(_item.video_id, _batch.at)
    .join_from(ImpressionBatchRow.__table__, ImpressionRow.__table__, _batch.request_id == _item.request_id)
    .where(_batch.user_id == bindparam("user"), _batch.at >= bindparam("since"))
    .order_by(_batch.at.desc(), _item.position)
    .limit(bindparam("most"))
)
