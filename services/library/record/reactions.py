"""What all viewers did, put together per viewer and video: what learning from others reads."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from services.library.preference import Reaction
from services.library.record.database import Database
from services.library.record.event_tables import EventRow
from services.library.record.events import EventKind

_PAGE = 5_000

_SAYS_NOTHING = (EventKind.IMPRESSION, EventKind.SKIP, EventKind.SEARCH, EventKind.FOLLOW)


class Reactions(Database):
    """The part of `RecordPort` that reads events across viewers."""

    def reactions(self) -> Iterator[Reaction]:
        """One row per viewer, video and kind of event that says something of a preference; a viewer's stand together.

        Rows are read a page at a time, in one transaction, so the result is of one moment.
        """
        query = (
            select(
                EventRow.user_id,
                EventRow.video_id,
                EventRow.kind,
                func.count(),
                func.max(EventRow.watch_ratio),
                func.max(EventRow.at),
            )
            .where(EventRow.video_id.is_not(None), EventRow.kind.not_in([kind.value for kind in _SAYS_NOTHING]))
            .group_by(EventRow.user_id, EventRow.video_id, EventRow.kind)
            .order_by(EventRow.user_id, EventRow.video_id, EventRow.kind)
            .execution_options(yield_per=_PAGE)
        )
        with self._read() as session:
            for user_id, video_id, kind, count, watched, at in session.execute(query):
                if video_id is not None:  # the query leaves such rows out, the column's type does not
                    yield Reaction(user_id, video_id, EventKind(kind), int(count), watched, at)
