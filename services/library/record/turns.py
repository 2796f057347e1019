"""Whose turn it is: the order in which uploaders' videos are worked on, and how much of it the broker is told.

Within a priority class the order is that of start-time fair queueing (Goyal, Vin, Cheng 1996) with work of one unit a
video: each gets a number one above its uploader's last, and never one below the least that still waits. Numbers
matter among the videos on their way alone, so they begin at nought when all are done.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Update, func, or_, select, text, update
from sqlalchemy.orm import Session

from services.library.record.claimable import LONGEST, claimable
from services.library.record.database import Database
from services.library.record.tables import VideoRow
from services.library.record.types import Lane, Priority

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
        window: int,
        backfill_share: float,
        again_s: float,
        lanes: Collection[Lane] = tuple(Lane),
    ) -> list[tuple[str, Lane]]:
        """(video id, lane) of what the broker is to be told of now, in order; each is noted as told.

        At most `window` messages a lane are under way about fresh videos. Back-fill has what room these leave, and in
        any case so many that it makes up `backfill_share` of a full queue. A message that nobody took up for
        `again_s` seconds counts as lost. Announcers in several processes take turns.
        """
        limits = (now, window, backfill_share, timedelta(seconds=again_s))
        with self._read() as session:  # most calls find nothing to say, and need no writer's lock for that
            if not any(_chosen(session, lane, *limits) for lane in lanes):
                return []
        told: list[tuple[str, Lane]] = []
        with self._write() as session:
            if self.engine.dialect.name == "postgresql":
                session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            for lane in lanes:
                chosen = _chosen(session, lane, *limits)
                noted = (
                    update(VideoRow)
                    .where(VideoRow.id.in_(chosen), VideoRow.lane == lane.value, claimable(now))
                    .values(announced_at=now)
                    .returning(VideoRow.id)
                    .execution_options(synchronize_session=False)
                )
                still_due = set(session.scalars(noted)) if chosen else set()
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


def _chosen(
    session: Session, lane: Lane, now: datetime, window: int, backfill_share: float, again: timedelta
) -> list[str]:
    counted = session.execute(
        select(VideoRow.priority, func.count())
        .where(VideoRow.lane == lane.value, VideoRow.announced_at > now - again, VideoRow.announced_at <= now + LONGEST)
        .group_by(VideoRow.priority)
    ).all()
    under_way = {row[0]: int(row[1]) for row in counted}
    fresh = under_way.get(Priority.FRESH.value, 0)
    chosen = _next(session, lane, Priority.FRESH, now, again, window - fresh)
    left = window - fresh - len(chosen)
    own = max(1, round(window * backfill_share / (1 - backfill_share))) if backfill_share else 0
    room = max(own, left) - under_way.get(Priority.BACKFILL.value, 0)
    return chosen + _next(session, lane, Priority.BACKFILL, now, again, room)


def _next(session: Session, lane: Lane, priority: Priority, now: datetime, again: timedelta, limit: int) -> list[str]:
    if limit <= 0:
        return []
    query = (
        select(VideoRow.id)
        .where(
            VideoRow.lane == lane.value,
            VideoRow.priority == priority.value,
            claimable(now),
            or_(
                VideoRow.announced_at.is_(None),
                VideoRow.announced_at <= now - again,
                VideoRow.announced_at > now + LONGEST,
            ),
        )
        .order_by(VideoRow.turn, VideoRow.created_at, VideoRow.id)
        .limit(limit)
    )
    return list(session.scalars(query))
