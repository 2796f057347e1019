"""The corrected lines that a video is described with."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.orm import Session

from services.library.overlay.corrections import LineCorrection, holding, settle
from services.library.record.claimable import OPEN
from services.library.record.database import Database
from services.library.record.effective import amendments_of, decisions_of, laid_over
from services.library.record.leases import requeue
from services.library.record.review_tables import LineCorrectionRow
from services.library.record.reviews import NothingToReview
from services.library.record.tables import UnderstandingRow, VideoRow
from services.library.record.types import Lane
from services.library.understanding import Understanding, VideoState


@dataclass(frozen=True, slots=True)
class Redescription:
    """The corrections a video is described with from now on; `changes` is how many came or went, 0: nothing to do."""

    corrections: tuple[LineCorrection, ...]
    changes: int
    machine: Understanding


class Corrections(Database):
    """The part of the record that says with which corrections a video is described."""

    def line_corrections(self, video_id: str) -> tuple[LineCorrection, ...]:
        """The stored corrections, in the order of the lines."""
        with self._reading_singly() as connection:
            return _stored(connection, video_id)

    def describe_with_corrections(self, video_id: str, account: str) -> Redescription:
        """Store the corrections that hold now, and queue the video where they differ from those stored.

        A video on its way goes through again when its pass ends. Raises `NothingToReview`.
        """
        with self._write() as session:
            query = select(UnderstandingRow).where(UnderstandingRow.video_id == video_id).with_for_update()
            row = session.scalars(query).one_or_none()
            if row is None:
                raise NothingToReview(f"Video {video_id} is not understood yet: wait until it is ready.")
            now = self._clock()
            machine = Understanding.model_validate(row.document)
            laid = laid_over(session, row, amendments_of(session))
            wanted = holding(laid, machine, decisions_of(session, video_id), account=account, at=now)
            settled, changes = settle(_stored(session, video_id), wanted)
            if changes:
                session.execute(delete(LineCorrectionRow).where(LineCorrectionRow.video_id == video_id))
                for place, one in enumerate(settled):
                    session.add(LineCorrectionRow(video_id=video_id, place=place, **one.model_dump()))
                self._queue(session, session.get_one(VideoRow, video_id, with_for_update=True))
            return Redescription(settled, changes, machine)

    def _queue(self, session: Session, row: VideoRow) -> None:
        now = self._clock()
        if row.state in OPEN:
            # Whoever works on it may have read the lines already; a lane that begins later reads these.
            row.dirty, row.updated_at = row.dirty or row.lease_token is not None, now
            return
        ready = row.state == VideoState.READY.value
        # Nothing that comes before `describe` reads the corrections.
        requeue(session, row, now, lane=Lane.DESCRIBE if ready else Lane.PREPARE)


def _stored(session: Session | Connection, video_id: str) -> tuple[LineCorrection, ...]:
    rows = session.execute(_STORED, {"video": video_id}).mappings()
    return tuple(LineCorrection.model_validate(dict(row)) for row in rows)


_line = LineCorrectionRow.__table__.c
_STORED = (
    select(*(_line[name] for name in LineCorrection.model_fields))
    .where(_line.video_id == bindparam("video"))
    .order_by(_line.place)
)
