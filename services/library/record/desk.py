"""Reports, saved views, bulk actions, and reading the log across videos."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from services.library.errors import LibraryError, UnknownVideo
from services.library.jsonable import storable_json, storable_text
from services.library.overlay import Decision
from services.library.overlay.attention import Signal, reach_of, score
from services.library.record.database import Database
from services.library.record.effective import amendments_of, decision_of, refresh
from services.library.record.event_tables import EventRow
from services.library.record.queue_filter import QueueFilter, conditions
from services.library.record.review_tables import (
    BulkRow,
    DecisionRow,
    QueueRow,
    ReportRow,
    ReviewLabelRow,
    SavedViewRow,
)
from services.library.record.tables import UnderstandingRow, VideoRow

_PAGE = 500


class UnknownBulk(LibraryError):
    """There is no such bulk action, or it was undone."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """Decisions made together."""

    id: int
    account: str
    request: Mapping[str, Any]
    decisions: int
    at: datetime
    undone_at: datetime | None
    undone_by: str | None


class Desk(Database):
    """The part of the record beside single decisions."""

    def report(self, video_id: str, account: str, reason: str) -> int:
        """Somebody says that something is wrong; how many reports are open. Raises `UnknownVideo`."""
        now = self._clock()
        with self._write() as session:
            if session.get(VideoRow, video_id) is None:
                raise UnknownVideo(video_id)
            session.add(ReportRow(video_id=video_id, account=account, reason=storable_text(reason), at=now))
            session.flush()
            row = session.get(UnderstandingRow, video_id, with_for_update=True)
            if row is not None:
                refresh(session, row, amendments_of(session), now)
            count = select(func.count()).select_from(ReportRow)
            return int(session.scalar(count.where(ReportRow.video_id == video_id, ReportRow.closed_at.is_(None))) or 0)

    def reports(self, video_id: str) -> list[tuple[str, str, datetime]]:
        """(account, reason, when) of the open reports, oldest first."""
        query = (
            select(ReportRow)
            .where(ReportRow.video_id == video_id, ReportRow.closed_at.is_(None))
            .order_by(ReportRow.id)
        )
        with self._read() as session:
            return [(row.account, row.reason, row.at) for row in session.scalars(query)]

    def close_reports(self, video_id: str) -> None:
        """An editor looked at what was reported."""
        now = self._clock()
        query = select(ReportRow).where(ReportRow.video_id == video_id, ReportRow.closed_at.is_(None))
        with self._write() as session:
            rows = session.scalars(query).all()
            if not rows:
                return
            for report in rows:
                report.closed_at = now
            session.flush()
            document = session.get(UnderstandingRow, video_id, with_for_update=True)
            if document is not None:
                refresh(session, document, amendments_of(session), now)

    def refresh_reach(self) -> int:
        """Count again how often viewers met each open video, and sort the queue by it; how many changed."""
        with self._read() as session:
            counted = select(EventRow.video_id, func.count()).group_by(EventRow.video_id)
            reach = {row[0]: int(row[1]) for row in session.execute(counted) if row[0] is not None}
            known = session.execute(select(QueueRow.video_id, QueueRow.reach).where(QueueRow.state == "open")).all()
        stale = [row[0] for row in known if reach.get(row[0], 0) != row[1]]
        for start in range(0, len(stale), _PAGE):
            with self._write() as session:
                ids = stale[start : start + _PAGE]
                for row in session.scalars(select(QueueRow).where(QueueRow.video_id.in_(ids))):
                    row.reach = reach.get(row.video_id, 0)
                    row.signals = {**row.signals, Signal.REACH.value: reach_of(row.reach)}
                    row.score = score(row.signals)
        return len(stale)

    def save_view(self, account: str, name: str, filters: Mapping[str, Any]) -> None:
        """Keep a filter under a name; the same name replaces it."""
        with self._write() as session:
            session.merge(
                SavedViewRow(
                    account=account, name=name, filters=storable_json(filters, "filters"), created_at=self._clock()
                )
            )

    def saved_views(self, account: str) -> list[tuple[str, Mapping[str, Any]]]:
        """(name, filter), by name."""
        query = select(SavedViewRow).where(SavedViewRow.account == account).order_by(SavedViewRow.name)
        with self._read() as session:
            return [(row.name, row.filters) for row in session.scalars(query)]

    def delete_view(self, account: str, name: str) -> None:
        """Forget a saved view; one that is not there is forgotten already."""
        with self._write() as session:
            session.execute(delete(SavedViewRow).where(SavedViewRow.account == account, SavedViewRow.name == name))

    def matching(self, where: QueueFilter, field: str, key: str) -> list[str]:
        """Videos of the queue that pass the filter and carry the label as readers see it, most urgent first."""
        query = (
            select(QueueRow.video_id)
            .join(ReviewLabelRow, ReviewLabelRow.video_id == QueueRow.video_id)
            .where(
                *conditions(where), ReviewLabelRow.field == field, ReviewLabelRow.key == key, ReviewLabelRow.effective
            )
            .order_by(QueueRow.score.desc(), QueueRow.video_id)
        )
        with self._read() as session:
            return list(session.scalars(query))

    def start_bulk(self, account: str, client_key: str, request: Mapping[str, Any]) -> tuple[Bulk, bool]:
        """(the bulk action of this key, whether it is new)."""
        with self._write() as session:
            row = session.scalar(select(BulkRow).where(BulkRow.client_key == client_key))
            new = row is None
            if row is None:
                row = BulkRow(
                    account=account,
                    client_key=client_key,
                    request=storable_json(request, "request"),
                    decisions=0,
                    at=self._clock(),
                )
                session.add(row)
                session.flush()
            return _bulk(row), new

    def count_bulk(self, bulk_id: int) -> Bulk:
        """Note how many decisions the bulk action made."""
        with self._write() as session:
            row = session.get_one(BulkRow, bulk_id)
            made = select(func.count()).select_from(DecisionRow)
            row.decisions = int(session.scalar(made.where(DecisionRow.bulk_id == bulk_id)) or 0)
            return _bulk(row)

    def bulk(self, bulk_id: int) -> tuple[Bulk, list[Decision]]:
        """A bulk action and its decisions. Raises `UnknownBulk`."""
        with self._read() as session:
            row = session.get(BulkRow, bulk_id)
            if row is None:
                raise UnknownBulk(f"There is no bulk action {bulk_id}: GET /v1/review/bulk lists them.")
            query = select(DecisionRow).where(DecisionRow.bulk_id == bulk_id).order_by(DecisionRow.id)
            return _bulk(row), [decision_of(one) for one in session.scalars(query)]

    def bulks(self, *, limit: int = 50) -> list[Bulk]:
        """Newest first."""
        with self._read() as session:
            return [_bulk(row) for row in session.scalars(select(BulkRow).order_by(BulkRow.id.desc()).limit(limit))]

    def mark_undone(self, bulk_id: int, account: str) -> Bulk:
        """The bulk action was taken back."""
        with self._write() as session:
            row = session.get_one(BulkRow, bulk_id)
            if row.undone_at is None:
                row.undone_at, row.undone_by = self._clock(), account
            return _bulk(row)

    def all_decisions(self, *, since: datetime | None = None) -> Iterator[list[Decision]]:
        """The log of all videos, video by video, each oldest first: a video's whole log a list.

        `since` leaves out videos nobody decided about since then. Pages are transactions of their own.
        """
        after = ""
        while True:
            query = select(DecisionRow.video_id).where(DecisionRow.video_id > after).distinct()
            if since is not None:
                query = query.where(DecisionRow.at >= since)
            with self._read() as session:
                ids = list(session.scalars(query.order_by(DecisionRow.video_id).limit(_PAGE)))
                if not ids:
                    return
                logs: dict[str, list[Decision]] = {video_id: [] for video_id in ids}
                rows = select(DecisionRow).where(DecisionRow.video_id.in_(ids)).order_by(DecisionRow.id)
                for row in session.scalars(rows):
                    logs[row.video_id].append(decision_of(row))
            yield from logs.values()
            after = ids[-1]


def _bulk(row: BulkRow) -> Bulk:
    return Bulk(row.id, row.account, row.request, row.decisions, row.at, row.undone_at, row.undone_by)
