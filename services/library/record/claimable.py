"""When a lane may be taken up, and what the broker was told of, as SQL."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, FromClause, and_, bindparam, or_

from services.library.record.tables import UtcDateTime, VideoRow, table_of
from services.library.understanding import VideoState

OPEN = (VideoState.QUEUED.value, VideoState.PROCESSING.value)
"""The states in which a video has a next lane."""


LONGEST = timedelta(hours=1)
"""A time further ahead than this was written before a clock was set back: nothing waits for it."""

NOW, HORIZON = bindparam("now", type_=UtcDateTime), bindparam("horizon", type_=UtcDateTime)
"""Parameters of `CLAIMABLE`, whose values `at` gives."""

LOST = bindparam("lost", type_=UtcDateTime)
"""A message that was sent by then and was not taken up counts as lost."""


def at(now: datetime) -> dict[str, datetime]:
    """The values of `NOW` and of `HORIZON`, beyond which nothing waits."""
    return {"now": now, "horizon": now + LONGEST}


def claimable(videos: FromClause) -> ColumnElement[bool]:
    """The video is on its way, waits for no later time, and nobody's lease is alive."""
    video = videos.c
    return and_(
        or_(*(video.state == state for state in OPEN)),
        _past(video.not_before),
        or_(video.lease_token.is_(None), _past(video.lease_expires_at)),
    )


def under_way(videos: FromClause) -> ColumnElement[bool]:
    """A message about the video's lane was sent that nobody has taken up yet."""
    return and_(videos.c.announced_at > LOST, videos.c.announced_at <= HORIZON)


def untold(videos: FromClause) -> ColumnElement[bool]:
    """The video's lane may be taken up, and no message says so."""
    told = videos.c.announced_at
    return and_(claimable(videos), or_(told.is_(None), told <= LOST, told > HORIZON))


def _past(column: ColumnElement[datetime | None]) -> ColumnElement[bool]:
    return or_(column.is_(None), column <= NOW, column > HORIZON)


CLAIMABLE = claimable(table_of(VideoRow))
"""`claimable` of `VideoRow.__table__`, built once: that costs more than to ask by it."""
