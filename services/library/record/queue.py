"""The review queue as editors see it: filtered pages, who is at which video, and counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.library.record.database import Database
from services.library.record.queue_filter import QueueFilter, conditions
from services.library.record.review_claims import NotQueued, wanted_of
from services.library.record.review_tables import QueueRow, ReviewRow


@dataclass(frozen=True, slots=True)
class Queued:
    """A video in the queue. `claimed_by` are the editors at it now, `finished_by` those who are done."""

    video_id: str
    title: str | None
    language: str | None
    creator: str | None
    topics: tuple[str, ...]
    models: tuple[str, ...]
    duration_s: float | None
    state: str
    score: float
    signals: Mapping[str, float]
    reach: int
    wanted: int
    finished: int
    claimed_by: tuple[str, ...]
    finished_by: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts of the queue, and of one editor's work. Days are UTC."""

    open: int
    done: int
    disputed: int
    mine_today: int
    mine: int
    mine_claimed: int


class Queue(Database):
    """The part of the record that shows what is to be reviewed."""

    def queue(self, where: QueueFilter, *, share: float, limit: int, offset: int = 0) -> tuple[list[Queued], int]:
        """(a page, most urgent first; how many there are). `share` of all videos wants two editors."""
        passing = conditions(where)
        query = (
            select(QueueRow)
            .where(*passing)
            .order_by(QueueRow.score.desc(), QueueRow.video_id)
            .limit(limit)
            .offset(offset)
        )
        with self._read() as session:
            total = session.scalar(select(func.count()).select_from(QueueRow).where(*passing))
            rows = list(session.scalars(query))
            return self._queued(session, rows, share), int(total or 0)

    def queued(self, video_id: str, *, share: float) -> Queued:
        """One video's place. Raises `NotQueued`."""
        with self._read() as session:
            row = session.get(QueueRow, video_id)
            if row is None:
                raise NotQueued(f"Video {video_id} is not in the review queue: it is there once it is ready.")
            return self._queued(session, [row], share)[0]

    def review_progress(self, account: str) -> Progress:
        """Counts for an editor's eyes."""
        now = self._clock()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        with self._read() as session:
            counted = session.execute(select(QueueRow.state, func.count()).group_by(QueueRow.state)).all()
            states = {row[0]: int(row[1]) for row in counted}
            disputed = session.scalar(
                select(func.count()).select_from(QueueRow).where(QueueRow.disputed, QueueRow.state == "open")
            )
            mine = select(func.count()).select_from(ReviewRow).where(ReviewRow.account == account)
            done = session.scalar(mine.where(ReviewRow.finished_at.is_not(None)))
            today = session.scalar(mine.where(ReviewRow.finished_at >= midnight))
            held = session.scalar(mine.where(ReviewRow.finished_at.is_(None), ReviewRow.expires_at > now))
        return Progress(
            states.get("open", 0), states.get("done", 0), int(disputed or 0), int(today or 0), int(done or 0),
            int(held or 0),
        )  # fmt: skip

    def _queued(self, session: Session, rows: Sequence[QueueRow], share: float) -> list[Queued]:
        ids = [row.video_id for row in rows]
        now = self._clock()
        claimed: dict[str, list[str]] = {}
        finished: dict[str, list[str]] = {}
        for review in session.scalars(select(ReviewRow).where(ReviewRow.video_id.in_(ids))):
            if review.finished_at is not None:
                finished.setdefault(review.video_id, []).append(review.account)
            elif review.expires_at > now:
                claimed.setdefault(review.video_id, []).append(review.account)
        return [
            Queued(
                video_id=row.video_id,
                title=row.title,
                language=row.language,
                creator=row.creator,
                topics=tuple(row.topics.strip("|").split("|")) if row.topics else (),
                models=tuple(row.models.strip("|").split("|")) if row.models else (),
                duration_s=row.duration_s,
                state=row.state,
                score=row.score,
                signals=row.signals,
                reach=row.reach,
                wanted=wanted_of(row, share),
                finished=row.finished,
                claimed_by=tuple(claimed.get(row.video_id, ())),
                finished_by=tuple(finished.get(row.video_id, ())),
                created_at=row.created_at,
            )
            for row in rows
        ]
