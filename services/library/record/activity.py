"""How the work goes: what waits, what was finished when, how long the stages take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from services.library.record.database import Database
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


class Activity(Database):
    """The part of `RecordPort` that answers for operators."""

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
