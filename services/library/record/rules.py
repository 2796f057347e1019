"""Rules for labels wherever they occur, and published versions of the taxonomy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from services.library.errors import LibraryError
from services.library.overlay import Field
from services.library.record.database import Database
from services.library.record.effective import amendments_of, edits_of, refresh
from services.library.record.review_tables import LabelRuleRow, ReviewLabelRow, TaxonomyVersionRow
from services.library.record.tables import UnderstandingRow

BATCH = 100
"""Documents brought in step in one transaction, so that nobody waits long for the database."""


class UnknownRule(LibraryError):
    """There is no such rule, or it ended."""


class RuleExists(LibraryError):
    """A rule about this label holds already, or the new one would lead in a circle."""


class VersionTaken(LibraryError):
    """Somebody published a version of the taxonomy meanwhile."""


@dataclass(frozen=True, slots=True)
class LabelRule:
    """A label suppressed, or renamed to (`to_key`, `to_en`, `to_zh`), on every video."""

    id: int
    field: Field
    key: str
    action: str
    to_key: str | None
    to_en: str | None
    to_zh: str | None
    account: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TaxonomyVersion:
    """A published version: all edits since the files that ship."""

    version: int
    edits: tuple[Mapping[str, Any], ...]
    note: str
    account: str
    at: datetime


class Rules(Database):
    """The part of the record that holds for all videos."""

    def label_rules(self) -> list[LabelRule]:
        """The rules that hold, oldest first."""
        with self._read() as session:
            query = select(LabelRuleRow).where(LabelRuleRow.ended_at.is_(None)).order_by(LabelRuleRow.id)
            return [_rule(row) for row in session.scalars(query)]

    def add_rule(
        self,
        field: Field,
        key: str,
        *,
        action: str,
        to: tuple[str, str, str] | None = None,
        account: str,
    ) -> LabelRule:
        """Write a rule; `bring_in_step` makes documents follow. `to` is (key, English, Chinese).

        Raises `RuleExists`."""
        with self._write() as session:
            held = {
                row.key: row
                for row in session.scalars(
                    select(LabelRuleRow).where(LabelRuleRow.ended_at.is_(None), LabelRuleRow.field == field.value)
                )
            }
            if key in held:
                raise RuleExists(f"Rule {held[key].id} is about {field.value} {key!r} already: end it first.")
            following = to[0] if to is not None else None
            while following is not None and following != key and following in held:
                following = held[following].to_key
            if to is not None and to[0] != key and following == key:
                raise RuleExists(f"{to[0]!r} is renamed to {key!r} already: the two rules would lead in a circle.")
            row = LabelRuleRow(field=field.value, key=key, action=action, account=account, at=self._clock())
            row.to_key, row.to_en, row.to_zh = to or (None, None, None)
            session.add(row)
            session.flush()
            return _rule(row)

    def end_rule(self, rule_id: int, account: str) -> LabelRule:
        """End a rule; `bring_in_step` makes documents follow. Raises `UnknownRule`."""
        with self._write() as session:
            row = session.get(LabelRuleRow, rule_id, with_for_update=True)
            if row is None or row.ended_at is not None:
                raise UnknownRule(f"No rule {rule_id} holds: GET /v1/review/label-rules lists those that do.")
            row.ended_at, row.ended_by, row.applied_at = self._clock(), account, None
            return _rule(row)

    def taxonomy_edits(self) -> tuple[int, tuple[Mapping[str, Any], ...]]:
        """(version, all edits) of the newest published version; version 0 is what ships."""
        with self._reading() as connection:
            return edits_of(connection)

    def taxonomy_versions(self) -> list[TaxonomyVersion]:
        """Newest first."""
        with self._read() as session:
            query = select(TaxonomyVersionRow).order_by(TaxonomyVersionRow.version.desc())
            return [
                TaxonomyVersion(row.version, tuple(row.edits), row.note, row.account, row.at)
                for row in session.scalars(query)
            ]

    def publish_taxonomy(self, base: int, edits: Sequence[Mapping[str, Any]], *, note: str, account: str) -> int:
        """Make the version after `base`; `bring_in_step` makes documents follow. Raises `VersionTaken`."""
        with self._write() as session:
            newest = edits_of(session)[0]
            if newest != base:
                raise VersionTaken(f"Version {newest} was published meanwhile, yours is based on {base}: look at it.")
            session.add(
                TaxonomyVersionRow(
                    version=base + 1, edits=[dict(one) for one in edits], note=note, account=account, at=self._clock()
                )
            )
            return base + 1

    def videos_with(self, pairs: Iterable[tuple[Field, str]], *, limit: int | None = None) -> list[str]:
        """Videos that carry one of the labels, as the models gave it or as readers see it."""
        wanted = [
            (ReviewLabelRow.field == field.value) & (ReviewLabelRow.key == key) for field, key in dict.fromkeys(pairs)
        ]
        if not wanted:
            return []
        query = select(ReviewLabelRow.video_id).where(or_(*wanted)).distinct().order_by(ReviewLabelRow.video_id)
        with self._read() as session:
            return list(session.scalars(query.limit(limit)))

    def count_with(self, field: Field, key: str) -> int:
        """How many videos carry the label now."""
        query = select(func.count()).where(
            ReviewLabelRow.field == field.value, ReviewLabelRow.key == key, ReviewLabelRow.effective
        )
        with self._read() as session:
            return int(session.scalar(query) or 0)

    def bring_in_step(self, video_ids: Sequence[str]) -> None:
        """Lay decisions and rules over these documents anew."""
        for start in range(0, len(video_ids), BATCH):
            with self._write() as session:
                _refresh(session, video_ids[start : start + BATCH], self._clock())

    def unapplied(self) -> tuple[list[tuple[int, Field, tuple[str, ...]]], bool]:
        """(rules whose documents may lag: id, field and keys; whether a taxonomy version's may)."""
        with self._read() as session:
            rules = session.scalars(select(LabelRuleRow).where(LabelRuleRow.applied_at.is_(None)))
            found = [(row.id, Field(row.field), tuple(key for key in (row.key, row.to_key) if key)) for row in rules]
            lagging = select(TaxonomyVersionRow.version).where(TaxonomyVersionRow.applied_at.is_(None)).limit(1)
            return found, session.scalar(lagging) is not None

    def mark_applied(self, *, rules: Sequence[int] = (), taxonomy: bool = False) -> None:
        """Every document follows these now."""
        with self._write() as session:
            for rule_id in rules:
                row = session.get(LabelRuleRow, rule_id)
                if row is not None:
                    row.applied_at = self._clock()
            if taxonomy:
                for version in session.scalars(
                    select(TaxonomyVersionRow).where(TaxonomyVersionRow.applied_at.is_(None))
                ):
                    version.applied_at = self._clock()

    def without_queue_place(self, *, limit: int = 1000) -> list[str]:
        """Videos whose document is older than the overlay: it has no effective form yet."""
        query = select(UnderstandingRow.video_id).where(UnderstandingRow.revision == 0).limit(limit)
        with self._read() as session:
            return list(session.scalars(query))


def _refresh(session: Session, video_ids: Sequence[str], now: datetime) -> None:
    amendments = amendments_of(session)
    query = select(UnderstandingRow).where(UnderstandingRow.video_id.in_(video_ids)).with_for_update()
    for row in session.scalars(query).all():
        refresh(session, row, amendments, now)


def _rule(row: LabelRuleRow) -> LabelRule:
    return LabelRule(
        row.id, Field(row.field), row.key, row.action, row.to_key, row.to_en, row.to_zh, row.account, row.at
    )
