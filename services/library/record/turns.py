"""Whose turn it is: the order in which uploaders' videos are worked on, and how much of it the broker is told.

Within a priority class the order is that of start-time fair queueing (Goyal, Vin, Cheng 1996) with work of one unit a
video: each gets a number one above its uploader's last, and never one below the least that still waits. Numbers
matter among the videos on their way alone, so they begin at nought when all are done.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Update,
    bindparam,
    exists,
    func,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session

from services.library.record.claimable import CLAIMABLE, NOW, at, under_way, untold
from services.library.record.database import Database
from services.library.record.tables import VideoRow, table_of
from services.library.record.types import Lane, Priority, Window

_ADVISORY_LOCK = 0x7475726E
"""PostgreSQL's key for 'somebody chooses what to announce'; SQLite's writers take turns anyway."""


def next_turn(session: Session, uploader: str, priority: str) -> int:
    """The number of a video that this uploader adds to the class now."""
    in_class = (VideoRow.lane.is_not(None), VideoRow.priority == priority)
    own = session.scalar(select(func.max(VideoRow.turn)).where(*in_class, VideoRow.uploader == uploader))
    # What is being worked on has had its turn; a long decode must not hold everybody's numbers down.
    waiting = session.scalar(select(func.min(VideoRow.turn)).where(*in_class, VideoRow.lease_token.is_(None)))
    if waiting is None:
        waiting = session.scalar(select(func.max(VideoRow.turn)).where(*in_class))
    return max(0 if own is None else own + 1, waiting or 0)


class Turns(Database):
    """The part of `RecordPort` that is fair."""

    def announce(
        self,
        *,
        now: datetime,
        window: Window,
        lanes: Collection[Lane] = tuple(Lane),
    ) -> list[tuple[str, Lane]]:
        """(video id, lane) of what the broker is to be told of now, in order; each is noted as told.

        Back-fill has what room the window's fresh videos leave, and in any case its own. Announcers in several
        processes take turns.
        """
        if not lanes:
            return []
        given = {**at(now), "lost": now - window.again}
        with self._reading_singly() as connection:  # most calls find nothing to say, and need no writer's lock for that
            rooms = _rooms(connection, given, window)
            untold = connection.execute(_untold(tuple(lane for lane in Lane if lane in lanes)), given).mappings().one()
        due = [
            lane
            for lane in lanes
            if (rooms[lane].fresh > 0 and untold[_name(lane, Priority.FRESH)])
            or (rooms[lane].backfill(0) > 0 and untold[_name(lane, Priority.BACKFILL)])
        ]
        told: list[tuple[str, Lane]] = []
        if not due:
            return told
        with self._writing() as connection:
            if self.engine.dialect.name == "postgresql":
                connection.execute(_TAKE_TURNS)
            rooms = _rooms(connection, given, window)
            for lane in due:  # whoever makes another lane's work due announces it
                fresh = _next(connection, lane, Priority.FRESH, given, rooms[lane].fresh)
                chosen = fresh + _next(connection, lane, Priority.BACKFILL, given, rooms[lane].backfill(len(fresh)))
                if chosen:
                    still_due = set(connection.scalars(_TELL, {**given, "due": lane.value, "chosen": chosen}))
                    told += [(video_id, lane) for video_id in chosen if video_id in still_due]
        return told

    def withdraw(self, announced: Sequence[tuple[str, Lane]]) -> None:
        """Messages about these were not sent after all."""
        with self._write() as session:
            for video_id, lane in announced:
                session.execute(_forget(VideoRow.id == video_id, VideoRow.lane == lane.value))

    def withdraw_all(self) -> None:
        """No message is under way, because the broker that held them is gone."""
        with self._write() as session:
            session.execute(_forget(VideoRow.announced_at.is_not(None)))

    def on_their_way(self, *, uploader: str | None = None, priority: Priority | None = None) -> int:
        """How many videos are on their way, of one uploader or class or of all."""
        query = select(func.count()).select_from(VideoRow).where(VideoRow.lane.is_not(None), *_of(uploader))
        if priority is not None:
            query = query.where(VideoRow.priority == priority.value)
        with self._read() as session:
            return int(session.scalar(query) or 0)

    def finished_count(self, *, since: datetime, uploader: str | None = None) -> int:
        """How many videos came to their end since then."""
        query = (
            select(func.count())
            .select_from(VideoRow)
            .where(VideoRow.lane.is_(None), VideoRow.updated_at >= since, *_of(uploader))
        )
        with self._read() as session:
            return int(session.scalar(query) or 0)


def _of(uploader: str | None) -> tuple[ColumnElement[bool], ...]:
    return () if uploader is None else (VideoRow.uploader == uploader,)


def _forget(*which: ColumnElement[bool]) -> Update:
    return update(VideoRow).where(*which).values(announced_at=None).execution_options(synchronize_session=False)


@dataclass(frozen=True, slots=True)
class _Room:
    """How many more messages of a lane may be sent: about fresh videos, and as back-fill's own."""

    fresh: int
    own: int
    backfill_under_way: int

    def backfill(self, fresh: int) -> int:
        """Back-fill's room beside so many messages about fresh videos that are sent now."""
        return max(self.own, self.fresh - fresh) - self.backfill_under_way


def _rooms(connection: Connection, given: Mapping[str, datetime], window: Window) -> dict[Lane, _Room]:
    rows = connection.execute(_UNDER_WAY, given)
    under_way = {(lane, priority): int(count) for lane, priority, count in rows}

    def count(lane: Lane, priority: Priority) -> int:
        return under_way.get((lane.value, priority.value), 0)

    return {
        lane: _Room(window.size - count(lane, Priority.FRESH), window.own, count(lane, Priority.BACKFILL))
        for lane in Lane
    }


def _next(
    connection: Connection, lane: Lane, priority: Priority, given: Mapping[str, datetime], most: int
) -> list[str]:
    if most <= 0:
        return []
    return list(connection.scalars(_NEXT, {**given, "due": lane.value, "of": priority.value, "most": most}))


def _name(lane: Lane, priority: Priority) -> str:
    return f"{lane.value}_{priority.value}"


@cache
def _untold(lanes: tuple[Lane, ...]) -> Select[*tuple[Any, ...]]:
    """Whether a message about a video of each lane and class is to be sent, room or no room."""
    return select(
        *(
            exists()
            .where(_video.lane == lane.value, _video.priority == priority.value, _waits)
            .label(_name(lane, priority))
            for lane in lanes
            for priority in Priority
        )
    )


# Built once: every upload asks them.
_videos = table_of(VideoRow)
_video = _videos.c
_TAKE_TURNS = text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
_UNDER_WAY = (
    select(_video.lane, _video.priority, func.count())
    .where(_video.lane.in_([lane.value for lane in Lane]), under_way(_videos))
    .group_by(_video.lane, _video.priority)
)
_waits = untold(_videos)
_NEXT = (
    select(_video.id)
    .where(_video.lane == bindparam("due"), _video.priority == bindparam("of"), _waits)
    .order_by(_video.turn, _video.created_at, _video.id)
    .limit(bindparam("most"))
)
_TELL = (
    update(_videos)
    .where(_video.id.in_(bindparam("chosen", expanding=True)), _video.lane == bindparam("due"), CLAIMABLE)
    .values(announced_at=NOW)
    .returning(_video.id)
)
