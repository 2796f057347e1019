"""The log of decisions, and what follows from an entry in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import Session

from services.library.errors import LibraryError
from services.library.jsonable import storable_json, storable_text
from services.library.overlay import Amendments, Decision, Overlay
from services.library.record.database import Database
from services.library.record.effective import amendments_of, decision_of, decisions_of, laid_over, refresh
from services.library.record.review_tables import DecisionRow
from services.library.record.tables import UnderstandingRow, table_of
from services.library.understanding import Understanding


class NothingToReview(LibraryError):
    """The video has no understanding yet."""


Plan = Callable[["Laid"], Mapping[str, Any]]
"""Makes the columns of one entry from the overlay as it stands; may raise."""


@dataclass(frozen=True, slots=True)
class Laid:
    """A video's overlay with its log, and whether the index holds it already."""

    overlay: Overlay
    machine: Understanding
    decisions: tuple[Decision, ...]
    revision: int
    published: bool
    amendments: Amendments


class Reviews(Database):
    """The part of the record that holds the editors' overlay."""

    def laid(self, video_id: str) -> Laid:
        """The overlay of a video. Raises `UnknownVideo`, `NothingToReview`."""
        with self._read() as session:
            row = session.get(UnderstandingRow, video_id)
            if row is None:
                raise NothingToReview(f"Video {video_id} is not understood yet: wait until it is ready.")
            return _laid(session, row)

    def decide(self, video_id: str, account: str, plans: Sequence[tuple[str, Plan]]) -> tuple[Laid, list[Decision]]:
        """Add an entry per (client key, plan), in order, and lay them over; all or nothing.

        A key that this account used before is left out, so that sending again saves once. Plans run under the
        video's lock: what a plan saw is what its entry is laid over. Returns the new state and the entries written.
        """
        with self._write() as session:
            query = select(UnderstandingRow).where(UnderstandingRow.video_id == video_id).with_for_update()
            row = session.scalars(query).one_or_none()
            if row is None:
                raise NothingToReview(f"Video {video_id} is not understood yet: wait until it is ready.")
            keys = [key for key, _ in plans]
            sent = select(DecisionRow.client_key).where(
                DecisionRow.account == account, DecisionRow.client_key.in_(keys)
            )
            used = set(session.scalars(sent))
            now = self._clock()
            laid = _laid(session, row)
            written = []
            for key, plan in plans:
                if key in used:
                    continue
                used.add(key)
                columns = _columns(plan(laid))
                entry = DecisionRow(video_id=video_id, account=account, client_key=key, at=now, **columns)
                session.add(entry)
                session.flush()
                written.append(decision_of(entry))
                laid = _laid(session, row)
            if written:
                refresh(session, row, laid.amendments, now)
                session.flush()
                laid = _laid(session, row)
            return laid, written

    def history(self, video_id: str) -> list[Decision]:
        """The video's log, oldest first."""
        with self._read() as session:
            return decisions_of(session, video_id)

    def effective(self, video_id: str) -> tuple[Understanding, bool, int] | None:
        """(what readers see, whether an editor decided, its revision); None before there is an understanding."""
        with self._reading_singly() as connection:
            row = connection.execute(_MACHINE, {"video": video_id}).one_or_none()
            if row is None:
                return None
            laid = laid_over(connection, row, amendments_of(connection))
        return laid.document, laid.reviewed, row.revision

    def mark_published(self, video_id: str, revision: int) -> bool:
        """The index holds this revision now; whether it is the newest."""
        with self._writing_singly() as connection:
            return bool(connection.scalar(_PUBLISHED, {"video": video_id, "held": revision}) == revision)

    def unpublished(self, *, limit: int = 1000) -> list[str]:
        """Videos whose newest revision the index does not hold."""
        query = (
            select(UnderstandingRow.video_id)
            .where(UnderstandingRow.revision != UnderstandingRow.published_revision)
            .order_by(UnderstandingRow.video_id)
            .limit(limit)
        )
        with self._read() as session:
            return list(session.scalars(query))


def _laid(session: Session, row: UnderstandingRow) -> Laid:
    amendments = amendments_of(session)
    return Laid(
        laid_over(session, row, amendments),
        Understanding.model_validate(row.document),
        tuple(decisions_of(session, row.video_id)),
        row.revision,
        row.revision == row.published_revision,
        amendments,
    )


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    columns = {name: storable_json(value, name) for name, value in values.items()}
    if columns.get("comment"):
        columns["comment"] = storable_text(columns["comment"])
    return columns


_row = table_of(UnderstandingRow).c
_MACHINE: Select[Any] = select(_row.video_id, _row.document, _row.revision).where(_row.video_id == bindparam("video"))
_PUBLISHED = (
    update(table_of(UnderstandingRow))
    .where(_row.video_id == bindparam("video"))
    .values(published_revision=bindparam("held"))
    .returning(_row.revision)
)
