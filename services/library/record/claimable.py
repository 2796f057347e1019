"""When a lane may be taken up, as SQL."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import InstrumentedAttribute

from services.library.record.tables import VideoRow
from services.library.understanding import VideoState

OPEN = (VideoState.QUEUED.value, VideoState.PROCESSING.value)
"""The states in which a video has a next lane."""


LONGEST = timedelta(hours=1)
"""A time further ahead than this was written before a clock was set back: nothing waits for it."""


def claimable(now: datetime) -> ColumnElement[bool]:
    """The video is on its way, waits for no later time, and nobody's lease is alive."""

    def past(column: InstrumentedAttribute[datetime | None]) -> ColumnElement[bool]:
        return or_(column.is_(None), column <= now, column > now + LONGEST)

    return and_(
        VideoRow.state.in_(OPEN),
        past(VideoRow.not_before),
        or_(VideoRow.lease_token.is_(None), past(VideoRow.lease_expires_at)),
    )
