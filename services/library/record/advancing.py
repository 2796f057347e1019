"""The end of a lane as one statement: the video moves on, and where its turn has come, it is noted as told.

Most ends of lanes are alike: the following lane's window has room, and nobody waits there. Asking for that apart takes
a round of statements under a lock for each lane.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    ScalarSelect,
    String,
    and_,
    bindparam,
    case,
    exists,
    func,
    null,
    or_,
    select,
    update,
)

from services.library.record.claimable import NOW, under_way, untold
from services.library.record.tables import VideoRow, table_of
from services.library.record.types import Priority
from services.library.understanding import VideoState

_videos = table_of(VideoRow)
_video = _videos.c
_others = _videos.alias("others")
_other = _others.c
_LANE, _NEXT = bindparam("lane_done", type_=String), bindparam("next", type_=String)
_WINDOW, _OWN = bindparam("window", type_=Integer), bindparam("own", type_=Integer)
"""The values of `Window.size` and `Window.own`."""


def _sent(lane: BindParameter[str], priority: Priority) -> ScalarSelect[int]:
    which = (_other.lane == lane, _other.priority == priority.value, under_way(_others))
    return select(func.count()).select_from(_others).where(*which).scalar_subquery()


def _waits(lane: BindParameter[str], priority: ColumnElement[str] | str) -> ColumnElement[bool]:
    """Somebody else waits at the lane to be told of."""
    return exists().where(_other.lane == lane, _other.priority == priority, untold(_others)).correlate(_videos)


def _room(lane: BindParameter[str]) -> ColumnElement[bool]:
    """Whether one more message about this video's class may be sent, by the rules of `Turns.announce`."""
    fresh, backfill = _sent(lane, Priority.FRESH), _sent(lane, Priority.BACKFILL)
    return case(
        (_video.priority == Priority.FRESH.value, fresh < _WINDOW),
        else_=or_(backfill < _OWN, and_(backfill < _WINDOW - fresh, ~_waits(lane, Priority.FRESH.value))),
    )


def _half_empty(lane: BindParameter[str]) -> ColumnElement[bool]:
    """Less than half of the lane's window is used, and there is something to fill it with.

    To fill it for each message that is taken up would be a round of statements a lane once more.
    """
    fresh, backfill = _sent(lane, Priority.FRESH), _sent(lane, Priority.BACKFILL)
    return or_(
        and_(2 * fresh < _WINDOW, _waits(lane, Priority.FRESH.value)),
        and_(or_(2 * backfill < _OWN, 2 * backfill < _WINDOW - fresh), _waits(lane, Priority.BACKFILL.value)),
    )


# Built once: every lane of every video asks them.
HELD = update(_videos).where(_video.id == bindparam("video"), _video.lease_token == bindparam("token"))
FREE: dict[str, Any] = {"lease_token": None, "lease_expires_at": None}
_moved = HELD.values(attempts=0, reason=None, not_before=None, waiting_since=None, updated_at=NOW, **FREE)
MOVE_ON = _moved.values(lane=bindparam("next")).returning(_video.id)
MOVE_ON_AND_TELL = _moved.values(
    lane=_NEXT,
    announced_at=case((and_(_room(_NEXT), ~_waits(_NEXT, _video.priority)), NOW), else_=null()),
).returning(
    # Not whether it is null: SQLite takes that for known from the partial index that the others are counted by.
    _video.announced_at,
    _half_empty(_LANE).label("fill_lane"),
    _half_empty(_NEXT).label("fill_next"),
)
_ended = _moved.where(~_video.dirty).values(state=VideoState.READY.value, lane=None, failed_lane=None)
_ENDED_ROW = (_video.id, _video.state, _video.reason, _video.uploader)
FINISH = _ended.returning(*_ENDED_ROW)
FINISH_AND_LOOK = _ended.returning(*_ENDED_ROW, _half_empty(_LANE).label("fill_lane"))
