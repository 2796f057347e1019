"""How the work goes: what waits, what was finished when, how long the stages take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from services.library.record.claimable import OPEN
from services.library.record.database import Database
from services.library.record.leases import holder
from services.library.record.tables import StageResultRow, VideoRow
from services.library.record.types import Lane, StageResult
from services.library.understanding import VideoState

_FINAL = (VideoState.READY.value, VideoState.FAILED.value, VideoState.REJECTED.value)


@dataclass(frozen=True, slots=True)
class StagePace:
    """How often a stage ran, and its mean and longest time, seconds."""

    stage: str
    runs: int
    mean_s: float
    longest_s: float


@dataclass(frozen=True, slots=True)
class Backlog:
    """What of a lane is due, at work and put off; `oldest` is since when the oldest that is due has been so.

    `delayed` come back at a set time, `waiting_for_model` are those that a model server keeps waiting.
    """

    lane: Lane
    due: int
    oldest: datetime | None
    running: int
    delayed: int
    waiting_for_model: int


@dataclass(frozen=True, slots=True)
class Running:
    """A live lease: `holder` is `host:pid`, `since` when it was taken."""

    video_id: str
    lane: Lane
    holder: str
    since: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """A reason that holds videos up or ended them, how many, and one of them; `at` is the latest."""

    reason: str
    count: int
    video_id: str
    at: datetime


class Activity(Database):
    """The part of `RecordPort` that answers for operators."""

    def backlog(self, *, now: datetime) -> list[Backlog]:
        """Every lane's queue, in the order of lanes."""
        row = VideoRow
        leased = and_(row.lease_token.is_not(None), row.lease_expires_at > now)
        later = and_(row.not_before.is_not(None), row.not_before > now)
        due = and_(or_(row.lease_token.is_(None), row.lease_expires_at <= now), or_(row.not_before.is_(None), ~later))
        since = case((and_(row.not_before.is_not(None), row.not_before > row.updated_at), row.not_before),
                     else_=row.updated_at)  # fmt: skip
        query = (
            select(
                row.lane,
                func.sum(case((due, 1), else_=0)),
                func.min(case((due, since))),
                func.sum(case((leased, 1), else_=0)),
                func.sum(case((later, 1), else_=0)),
                func.sum(case((row.waiting_since.is_not(None), 1), else_=0)),
            )
            .where(row.state.in_(OPEN), row.lane.is_not(None))
            .group_by(row.lane)
        )
        with self._read() as session:
            found = {lane: counts for lane, *counts in session.execute(query)}
        return [
            Backlog(lane, int(due), oldest, int(running), int(delayed), int(waiting))
            for lane in Lane
            for due, oldest, running, delayed, waiting in [found.get(lane.value, (0, None, 0, 0, 0))]
        ]

    def running(self, *, now: datetime, limit: int = 100) -> list[Running]:
        """Live leases, the longest held first."""
        query = (
            select(VideoRow.id, VideoRow.lane, VideoRow.lease_token, VideoRow.updated_at, VideoRow.attempts)
            .where(VideoRow.state.in_(OPEN), VideoRow.lease_token.is_not(None), VideoRow.lease_expires_at > now)
            .order_by(VideoRow.updated_at)
            .limit(limit)
        )
        with self._read() as session:
            return [
                Running(video_id, Lane(lane), holder(token), since, attempts)
                for video_id, lane, token, since, attempts in session.execute(query)
                if lane is not None and token is not None
            ]

    def troubles(self, *, state: VideoState, since: datetime, limit: int = 10) -> list[Trouble]:
        """Reasons of videos that came to this state since then, the most frequent first."""
        return self._troubles(limit, VideoRow.state == state.value, VideoRow.updated_at >= since)

    def waiting_for_models(self, *, limit: int = 10) -> list[Trouble]:
        """What the videos say that wait for a model server; `at` is when the last of them looked."""
        return self._troubles(limit, VideoRow.state.in_(OPEN), VideoRow.waiting_since.is_not(None))

    def _troubles(self, limit: int, *where: ColumnElement[bool]) -> list[Trouble]:
        count = func.count()
        query = (
            select(VideoRow.reason, count, func.min(VideoRow.id), func.max(VideoRow.updated_at))
            .where(VideoRow.reason.is_not(None), *where)
            .group_by(VideoRow.reason)
            .order_by(count.desc(), VideoRow.reason)
            .limit(limit)
        )
        with self._read() as session:
            return [Trouble(str(reason), number, one, at) for reason, number, one, at in session.execute(query)]

    def waiting(self) -> dict[Lane, int]:
        """Videos on their way, by the lane that runs or is next; lanes with none are left out."""
        query = select(VideoRow.lane, func.count()).where(VideoRow.lane.is_not(None)).group_by(VideoRow.lane)
        with self._read() as session:
            return {Lane(lane): count for lane, count in session.execute(query) if lane is not None}

    def finished(self, *, since: datetime) -> list[tuple[datetime, VideoState]]:
        """When videos came to their end since then, and how; oldest first."""
        query = (
            select(VideoRow.updated_at, VideoRow.state)
            .where(VideoRow.state.in_(_FINAL), VideoRow.updated_at >= since)
            .order_by(VideoRow.updated_at)
        )
        with self._read() as session:
            return [(at, VideoState(state)) for at, state in session.execute(query)]

    def stage_paces(self, *, since: datetime) -> list[StagePace]:
        """How long each stage took since then, by name."""
        seconds = StageResultRow.seconds
        query = (
            select(StageResultRow.stage, func.count(), func.avg(seconds), func.max(seconds))
            .where(StageResultRow.created_at >= since)
            .group_by(StageResultRow.stage)
            .order_by(StageResultRow.stage)
        )
        with self._read() as session:
            return [
                StagePace(stage, runs, float(mean), float(most)) for stage, runs, mean, most in session.execute(query)
            ]

    def newest_stage_results(self, video_ids: Sequence[str], stage: str) -> dict[str, StageResult]:
        """Per video the result of the stage that was stored last, whatever its fingerprint."""
        query = (
            select(StageResultRow)
            .where(StageResultRow.video_id.in_(list(video_ids)), StageResultRow.stage == stage)
            .order_by(StageResultRow.created_at)
        )
        with self._read() as session:
            return {
                row.video_id: StageResult(row.video_id, row.stage, row.fingerprint, row.output, row.model, row.seconds)
                for row in session.scalars(query)
            }
