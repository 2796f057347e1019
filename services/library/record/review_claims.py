"""Who reviews which video: claims that two editors cannot both hold, and who is done with what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, exists, func, select, update
from sqlalchemy.orm import Session

from services.library.errors import LibraryError
from services.library.overlay.attention import Signal, score
from services.library.record.database import Database
from services.library.record.queue_filter import QueueFilter, conditions
from services.library.record.review_tables import QueueRow, ReviewRow


class NotQueued(LibraryError):
    """The video is not in the review queue."""


class Claimed(LibraryError):
    """Another editor is at the video."""


class ReviewClaims(Database):
    """The part of the record that hands videos to editors."""

    def claim_next(self, account: str, where: QueueFilter, *, share: float, lease_s: float) -> str | None:
        """The most urgent open video that has room for another editor, claimed; None when there is none.

        An editor who holds a claim that fits gets that video again.
        """
        now = self._clock()
        wanted = _wanted(share)
        busy = (
            select(func.count())
            .select_from(ReviewRow)
            .where(
                ReviewRow.video_id == QueueRow.video_id,
                ReviewRow.account != account,
                ReviewRow.finished_at.is_(None),
                ReviewRow.expires_at > now,
            )
            .scalar_subquery()
        )
        mine = and_(ReviewRow.video_id == QueueRow.video_id, ReviewRow.account == account)
        with self._write() as session:
            held = session.scalar(
                select(QueueRow.video_id)
                .join(ReviewRow, mine)
                .where(*conditions(where), ReviewRow.finished_at.is_(None), ReviewRow.expires_at > now)
                .order_by(ReviewRow.claimed_at)
                .limit(1)
            )
            if held is not None:
                _claim(session, session.get_one(QueueRow, held), account, now, lease_s, share)
                return held
            taken: list[str] = []
            while True:
                query = (
                    select(QueueRow)
                    .where(
                        *conditions(where),
                        QueueRow.video_id.not_in(taken),
                        QueueRow.finished + busy < wanted,
                        ~exists().where(mine, ReviewRow.finished_at.is_not(None)),
                    )
                    .order_by(QueueRow.score.desc(), QueueRow.video_id)
                    .limit(1)
                    .with_for_update(skip_locked=True)
                )
                found = session.scalar(query)
                if found is None:
                    return None
                # Counted again under the lock: a claim may have been committed after the statement above began.
                if found.finished + len(_at(session, found.video_id, account, now)) < wanted_of(found, share):
                    _claim(session, found, account, now, lease_s, share)
                    return found.video_id
                taken.append(found.video_id)

    def claim_review(self, video_id: str, account: str, *, share: float, lease_s: float) -> bool:
        """Claim this video, or extend one's claim; whether the review is blind. Raises `NotQueued`, `Claimed`."""
        now = self._clock()
        with self._write() as session:
            row = session.get(QueueRow, video_id, with_for_update=True)
            if row is None:
                raise NotQueued(f"Video {video_id} is not in the review queue: it is there once it is ready.")
            others = _at(session, video_id, account, now)
            mine = session.get(ReviewRow, (video_id, account))
            if mine is None and others and row.finished + len(others) >= wanted_of(row, share):
                raise Claimed(f"{', '.join(others)} is at this video: take another, or wait until it is released.")
            return _claim(session, row, account, now, lease_s, share)

    def release_review(self, video_id: str, account: str) -> None:
        """Give a claim back; a finished review stays."""
        query = (
            update(ReviewRow)
            .where(ReviewRow.video_id == video_id, ReviewRow.account == account, ReviewRow.finished_at.is_(None))
            .values(expires_at=self._clock())
            .execution_options(synchronize_session=False)
        )
        with self._write() as session:
            session.execute(query)

    def extend_claim(self, video_id: str, account: str, *, lease_s: float) -> None:
        """Whoever decides is not idle."""
        now = self._clock()
        query = (
            update(ReviewRow)
            .where(ReviewRow.video_id == video_id, ReviewRow.account == account, ReviewRow.finished_at.is_(None))
            .values(expires_at=now + timedelta(seconds=lease_s))
            .execution_options(synchronize_session=False)
        )
        with self._write() as session:
            session.execute(query)

    def blind_review(self, video_id: str, account: str) -> bool:
        """Whether the editor reviews this video without sight of others' decisions, and is not done yet."""
        with self._read() as session:
            row = session.get(ReviewRow, (video_id, account))
            return row is not None and row.blind and row.finished_at is None

    def finish_review(self, video_id: str, account: str, *, share: float, disputed: bool) -> bool:
        """The editor is done; whether the video is. `disputed`: two editors differ, so a third is to look.

        Raises `NotQueued`.
        """
        now = self._clock()
        with self._write() as session:
            row = session.get(QueueRow, video_id, with_for_update=True)
            if row is None:
                raise NotQueued(f"Video {video_id} is not in the review queue: it is there once it is ready.")
            review = session.get(ReviewRow, (video_id, account))
            if review is None:
                review = ReviewRow(video_id=video_id, account=account, claimed_at=now, expires_at=now, blind=False)
                session.add(review)
            if review.finished_at is None:
                review.finished_at = now
                row.finished += 1
            row.disputed = disputed and row.finished < 3
            row.signals = {name: value for name, value in row.signals.items() if name != Signal.DISPUTED.value} | (
                {Signal.DISPUTED.value: 1.0} if row.disputed else {}
            )
            row.score = score(row.signals)
            row.state = "done" if row.finished >= wanted_of(row, share) else "open"
            row.updated_at = now
            return row.state == "done"

    def finished_by(self, video_id: str) -> list[str]:
        """Editors who are done with the video, in the order they finished."""
        query = (
            select(ReviewRow.account)
            .where(ReviewRow.video_id == video_id, ReviewRow.finished_at.is_not(None))
            .order_by(ReviewRow.finished_at, ReviewRow.account)
        )
        with self._read() as session:
            return list(session.scalars(query))


def _at(session: Session, video_id: str, account: str, now: datetime) -> Sequence[str]:
    """Other editors who hold a live claim."""
    query = select(ReviewRow.account).where(
        ReviewRow.video_id == video_id,
        ReviewRow.account != account,
        ReviewRow.finished_at.is_(None),
        ReviewRow.expires_at > now,
    )
    return session.scalars(query).all()


def _claim(session: Session, row: QueueRow, account: str, now: datetime, lease_s: float, share: float) -> bool:
    until = now + timedelta(seconds=lease_s)
    mine = session.get(ReviewRow, (row.video_id, account))
    if mine is not None:
        mine.expires_at = until
        return mine.blind
    blind = wanted_of(row, share) == 2
    session.add(ReviewRow(video_id=row.video_id, account=account, claimed_at=now, expires_at=until, blind=blind))
    return blind


def _wanted(share: float) -> ColumnElement[int]:
    return case((QueueRow.disputed, 3), (QueueRow.lot < share, 2), else_=1)


def wanted_of(row: QueueRow, share: float) -> int:
    """How many editors are to look at the video, where `share` of all videos want two."""
    return 3 if row.disputed else 2 if row.lot < share else 1
