"""When a lane may be taken up, as SQL."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, bindparam, or_

from services.library.record.tables import UtcDateTime, VideoRow
from services.library.understanding import VideoState

OPEN = (VideoState.QUEUED.value, VideoState.PROCESSING.value)
"""The states in which a video has a next lane."""


LONGEST = timedelta(hours=1)
"""A time further ahead than this was written before a clock was set back: nothing waits for it."""

NOW, HORIZON = bindparam("now", type_=UtcDateTime), bindparam("horizon", type_=UtcDateTime)
"""Parameters of `CLAIMABLE`, whose values `at` gives."""


def at(now: datetime) -> dict[str, datetime]:
    """The values of `NOW` and of `HORIZON`, beyond which nothing waits."""
    return {"now": now, "horizon": now + LONGEST}


def _past(column: ColumnElement[datetime | None]) -> ColumnElement[bool]:
    return or_(column.is_(None), column <= NOW, column > HORIZON)


_video = VideoRow.__table__.c
CLAIMABLE = and_(
    or_(*(_video.state == state for state in OPEN)),
    _past(_video.not_before),
    or_(_video.lease_token.is_(None), _past(_video.lease_expires_at)),
)
"""The video is on its way, waits for no later time, and nobody's lease is alive. A condition of `VideoRow.__table__`
that is built once: that costs more than to ask by it.
"""
