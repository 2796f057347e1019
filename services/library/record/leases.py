"""Lanes and leases: what is due, who works on it, and how a pass ends.

A lease belongs to whoever holds its token. Every change names the token in its WHERE clause, so a holder that was too
late changes nothing, on any database and at any isolation level.
"""

from __future__ import annotations

import os
import secrets
import socket
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, case, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from services.library.errors import UnknownVideo
from services.library.jsonable import storable_text
from services.library.record.advancing import FINISH, FINISH_AND_LOOK, FREE, HELD, MOVE_ON, MOVE_ON_AND_TELL
from services.library.record.claimable import CLAIMABLE, NOW, at
from services.library.record.database import Database
from services.library.record.outbox import tell_end
from services.library.record.tables import VideoRow, table_of
from services.library.record.turns import next_turn
from services.library.record.types import Advanced, Claim, Lane, Lease, Priority, Window
from services.library.record.video_rows import VIDEO_COLUMNS, video_of
from services.library.understanding import VideoState

_TOKEN_LENGTH = 32
_HOST_LENGTH = 12


def new_token() -> str:
    """A lease's token: `host:pid:random`, so that operators see who holds it.

    At least 44 bits are random, and only the holders of one video have to be told apart.
    """
    who = f"{socket.gethostname().partition('.')[0][:_HOST_LENGTH]}:{os.getpid()}:"
    return who + secrets.token_hex(_TOKEN_LENGTH)[: _TOKEN_LENGTH - len(who)]


def holder(token: str) -> str:
    """Host and process of a lease's holder, `host:pid`."""
    return token.rpartition(":")[0] or "unknown"


def requeue(session: Session, row: VideoRow, now: datetime, *, lane: Lane = Lane.PREPARE) -> None:
    """Send the video through the lanes from the start, with nothing held against it, behind its uploader's others."""
    row.turn = next_turn(session, row.uploader, row.priority)
    row.state, row.lane, row.reason = VideoState.QUEUED.value, lane.value, None
    row.announced_at, row.failed_lane = None, None
    row.attempts, row.not_before, row.waiting_since, row.dirty = 0, None, None, False
    row.lease_token, row.lease_expires_at, row.updated_at = None, None, now


class Leases(Database):
    """The scheduling half of `RecordPort`."""

    def due(self, *, now: datetime, limit: int = 1000) -> list[tuple[str, Lane]]:
        """(video id, lane) of everything queued or processing that nobody holds a live lease of.

        Fresh ones first, then by turn: round-robin over uploaders, each one's oldest first.
        """
        with self._reading_singly() as connection:
            rows = connection.execute(_DUE, {**at(now), "most": limit}).all()
        return [(video_id, Lane(lane)) for video_id, lane in rows]

    def claim(self, video_id: str, lane: Lane, *, now: datetime, lease_s: float) -> Claim | None:
        """Take the lease; None when the lane is not due or another holder's lease is alive. Marks `processing`.

        Taking over an expired lease counts as a failed attempt of the lane: its holder died without a word, and a
        file that kills its workers must not be tried for ever. Who claims looks at `Video.attempts`.
        """
        token, until = new_token(), now + timedelta(seconds=lease_s)
        given = {**at(now), "video": video_id, "due": lane.value, "token": token, "until": until}
        with self._writing_singly() as connection:
            row = connection.execute(_CLAIM, given).one_or_none()
        return None if row is None else Claim(video_id, lane, token, until, video_of(row))

    def heartbeat(self, lease: Lease, *, now: datetime, lease_s: float) -> Lease | None:
        """Extend; None when the lease was lost (expired and taken, or the video is gone)."""
        extended = Lease(lease.video_id, lease.lane, lease.token, now + timedelta(seconds=lease_s))
        return extended if self._changed(_EXTEND, lease, until=extended.expires_at) else None

    def advance(self, lease: Lease, next_lane: Lane | None, *, window: Window | None = None) -> Advanced | None:
        """Give the lease back and move on; a next lane of None means `ready`. None when the lease was lost.

        A video whose metadata changed meanwhile is queued again instead of ready. With a `window`, the next lane is
        noted as told where the window has room and nobody waits before it, and the answer names lanes of whose videos
        the broker should be told. Of several that end at one moment each may take the last room.
        """
        now = self._clock()
        given = {"video": lease.video_id, "token": lease.token, **at(now)}
        if window is not None:
            given |= {
                "lost": now - window.again,
                "window": window.size,
                "own": window.own,
                "lane_done": lease.lane.value,
            }
        if next_lane is not None:
            change = MOVE_ON if window is None else MOVE_ON_AND_TELL
            with self._writing_singly() as connection:
                moved = connection.execute(change, {**given, "next": next_lane.value}).one_or_none()
            if moved is None or window is None:
                return None if moved is None else Advanced(next_lane)
            told = moved.announced_at is not None
            fills = ((lease.lane, moved.fill_lane), (next_lane, moved.fill_next))
            return Advanced(next_lane, told, frozenset(lane for lane, fill in fills if fill))
        with self._writing() as connection:
            row = connection.execute(FINISH if window is None else FINISH_AND_LOOK, given).one_or_none()
            if row is not None:
                tell_end(connection, row, now)
                return Advanced(None, fill=frozenset({lease.lane} if window is not None and row.fill_lane else ()))
        with self._write() as session:  # dirty, or lost
            held = self._held(session, lease)
            if held is None:
                return None
            self._end(session, held, VideoState.READY, None)
            following = None if held.lane is None else Lane(held.lane)
        return Advanced(following, fill=frozenset(lane for lane in (lease.lane, following) if lane is not None))

    def release(self, lease: Lease) -> bool:
        """Give the lease back with the lane undone: due at once, no attempt counted. False when the lease was lost."""
        return self._changed(_RELEASE, lease, now=self._clock())

    def retry_later(self, lease: Lease, *, reason: str, not_before: datetime, max_attempts: int) -> VideoState:
        """Count a failed attempt: `queued` until `not_before`, or `failed` with the reason at `max_attempts`.

        The reason stays readable while the video waits. When the lease was lost nothing changes, and the answer is
        the video's state. Raises `UnknownVideo`.
        """
        with self._write() as session:
            row = self._held(session, lease)
            if row is None:
                return self._state(session, lease.video_id)
            attempts = row.attempts + 1
            if attempts >= max_attempts:
                row.attempts = attempts
                self._end(session, row, VideoState.FAILED, reason)
            else:
                row.state, row.attempts, row.reason = VideoState.QUEUED.value, attempts, storable_text(reason)
                row.not_before, row.waiting_since, row.updated_at = not_before, None, self._clock()
                row.lease_token, row.lease_expires_at = None, None
            return VideoState(row.state)

    def wait(self, lease: Lease, *, reason: str, not_before: datetime, give_up_at: datetime) -> VideoState:
        """Give the lease back because something that the lane needs is away; no attempt is counted.

        `queued` until `not_before`, or `failed` with the reason once `give_up_at` has passed. When the lease was lost
        nothing changes, and the answer is the video's state. Raises `UnknownVideo`.
        """
        with self._write() as session:
            row, now = self._held(session, lease), self._clock()
            if row is None:
                return self._state(session, lease.video_id)
            if now >= give_up_at:
                self._end(session, row, VideoState.FAILED, reason)
            else:
                row.state, row.reason = VideoState.QUEUED.value, storable_text(reason)
                row.not_before, row.waiting_since, row.updated_at = not_before, row.waiting_since or now, now
                row.lease_token, row.lease_expires_at = None, None
            return VideoState(row.state)

    def reject(self, lease: Lease, reason: str) -> bool:
        """End as `rejected`. False when the lease was lost."""
        with self._write() as session:
            row = self._held(session, lease)
            if row is None:
                return False
            self._end(session, row, VideoState.REJECTED, reason)
            return True

    def _changed(self, change: ReturningUpdate[Any], lease: Lease, **values: Any) -> bool:
        with self._writing_singly() as connection:
            given = {"video": lease.video_id, "token": lease.token, **values}
            return connection.scalar(change, given) is not None

    def _end(self, session: Session, row: VideoRow, state: VideoState, reason: str | None) -> None:
        if row.dirty:
            requeue(session, row, self._clock())
            return
        row.failed_lane = row.lane if state is VideoState.FAILED else None
        row.state, row.lane = state.value, None
        row.reason = None if reason is None else storable_text(reason)
        row.attempts, row.not_before = (0 if state is VideoState.READY else row.attempts), None
        row.lease_token, row.lease_expires_at, row.updated_at = None, None, self._clock()
        row.waiting_since = None
        tell_end(session, row, self._clock())

    @staticmethod
    def _state(session: Session, video_id: str) -> VideoState:
        state = session.scalar(select(VideoRow.state).where(VideoRow.id == video_id))
        if state is None:
            raise UnknownVideo(video_id)
        return VideoState(state)

    @staticmethod
    def _held(session: Session, lease: Lease) -> VideoRow | None:
        """The video's row, locked until the transaction ends, when the lease is still this holder's."""
        query = select(VideoRow).where(VideoRow.id == lease.video_id, VideoRow.lease_token == lease.token)
        return session.scalars(query.with_for_update()).one_or_none()


# Built once: every lane of every video asks them.
_video = VideoRow.__table__.c
_DUE = (
    select(_video.id, _video.lane)
    .where(CLAIMABLE, _video.lane.is_not(None))
    .order_by(case((_video.priority == Priority.FRESH.value, 0), else_=1), _video.turn, _video.created_at, _video.id)
    .limit(bindparam("most"))
)
_CLAIM = (
    update(table_of(VideoRow))
    .where(_video.id == bindparam("video"), _video.lane == bindparam("due"), CLAIMABLE)
    .values(
        state=VideoState.PROCESSING.value,
        attempts=_video.attempts + case((_video.lease_token.is_(None), 0), else_=1),
        not_before=None,
        announced_at=None,  # the message is spent: should the lane fall due again, another has to say so
        lease_token=bindparam("token"),
        lease_expires_at=bindparam("until"),
        updated_at=NOW,
    )
    .returning(*VIDEO_COLUMNS)
)
_EXTEND = HELD.values(lease_expires_at=bindparam("until")).returning(_video.id)
_RELEASE = HELD.values(state=VideoState.QUEUED.value, updated_at=NOW, **FREE).returning(_video.id)
