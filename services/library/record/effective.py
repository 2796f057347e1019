"""Keeps what readers see in step with the machine's words, the decisions and the rules, within one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.orm import Session

from services.library.overlay import LABEL_FIELDS, Amendments, Decision, Field, NamedLabel, Overlay, overlay
from services.library.overlay.amend import key_of
from services.library.overlay.attention import attention, lot, score
from services.library.record.event_tables import EventRow
from services.library.record.outbox import tell_updated
from services.library.record.review_tables import (
    DecisionRow,
    LabelRuleRow,
    QueueRow,
    ReportRow,
    ReviewLabelRow,
    ReviewRow,
    TaxonomyVersionRow,
)
from services.library.record.tables import UnderstandingRow, VideoRow
from services.library.taxonomy.published import renames
from services.library.understanding import Label, Understanding, VideoState

KEY_LENGTH = 200
"""Most characters of a label's key that are told apart."""


def amendments_of(session: Session) -> Amendments:
    """The rules that hold now."""
    suppressed: dict[Field, set[str]] = {}
    renamed: dict[Field, dict[str, NamedLabel]] = {}
    for rule in session.scalars(select(LabelRuleRow).where(LabelRuleRow.ended_at.is_(None)).order_by(LabelRuleRow.id)):
        field = Field(rule.field)
        if rule.action == "suppress":
            suppressed.setdefault(field, set()).add(rule.key)
        else:
            key = rule.to_key or rule.key
            named = NamedLabel(
                key=key,
                en=rule.to_en or key,
                zh=rule.to_zh or rule.to_en or key,
                slug=None if field is Field.TAG else key,
            )
            renamed.setdefault(field, {})[rule.key] = named
    for field, key, named in renames(edits_of(session)[1]):
        renamed.setdefault(field, {}).setdefault(key, named)
    return Amendments(suppressed={field: frozenset(keys) for field, keys in suppressed.items()}, renamed=renamed)


def edits_of(session: Session | Connection) -> tuple[int, tuple[Mapping[str, Any], ...]]:
    """(version, edits) of the newest published taxonomy; (0, ()) is the one that ships."""
    row = session.execute(_NEWEST).one_or_none()
    return (0, ()) if row is None else (row.version, tuple(row.edits))


_NEWEST = (
    select(TaxonomyVersionRow.__table__.c.version, TaxonomyVersionRow.__table__.c.edits)
    .order_by(TaxonomyVersionRow.__table__.c.version.desc())
    .limit(1)
)


def decisions_of(session: Session, video_id: str) -> list[Decision]:
    """The video's log, oldest first."""
    query = select(DecisionRow).where(DecisionRow.video_id == video_id).order_by(DecisionRow.id)
    return [decision_of(row) for row in session.scalars(query)]


def decision_of(row: DecisionRow) -> Decision:
    """The log's entry as a value."""
    return Decision.model_validate({name: getattr(row, name) for name in Decision.model_fields})


def laid_over(session: Session, row: UnderstandingRow, amendments: Amendments) -> Overlay:
    """The overlay as it stands."""
    return overlay(Understanding.model_validate(row.document), decisions_of(session, row.video_id), amendments)


def refresh(session: Session, row: UnderstandingRow, amendments: Amendments, now: datetime) -> Overlay:
    """Write the effective document, its labels and its place in the queue. The row is locked by the caller."""
    laid = laid_over(session, row, amendments)
    document = laid.document.model_dump(mode="json")
    if row.effective != document:
        row.effective, row.revision, row.updated_at = document, (row.revision or 0) + 1, now
        video = session.get(VideoRow, row.video_id)
        if video is not None and video.state == VideoState.READY.value:  # else its end is told of soon
            tell_updated(session, video, now)
    _write_labels(session, row, laid)
    write_queue(session, row.video_id, laid, now)
    return laid


def _write_labels(session: Session, row: UnderstandingRow, laid: Overlay) -> None:
    machine = Understanding.model_validate(row.document)
    found: dict[tuple[str, str], ReviewLabelRow] = {}

    def note(field: Field, key: str, confidence: float, *, by_machine: bool, effective: bool) -> None:
        key = key[:KEY_LENGTH]
        known = found.setdefault(
            (field.value, key),
            ReviewLabelRow(
                video_id=row.video_id, field=field.value, key=key, machine=False, effective=False, confidence=confidence
            ),
        )
        known.machine, known.effective = known.machine or by_machine, known.effective or effective
        if effective:
            known.confidence = confidence

    for field, name in LABEL_FIELDS.items():
        for label in getattr(machine, name):
            note(field, key_of(field, label), label.confidence, by_machine=True, effective=False)
        for item in laid.items:
            if item.field is field and isinstance(item.effective, Label):
                note(field, key_of(field, item.effective), item.effective.confidence, by_machine=False, effective=True)
            if item.field is field:
                note(field, item.target, item.confidence or 0.0, by_machine=False, effective=False)
    for risk in machine.safety:
        note(Field.SAFETY, risk.category, risk.confidence, by_machine=True, effective=False)
    for risk in laid.document.safety:
        note(Field.SAFETY, risk.category, risk.confidence, by_machine=False, effective=True)
    session.execute(delete(ReviewLabelRow).where(ReviewLabelRow.video_id == row.video_id))
    session.add_all(found.values())


def write_queue(session: Session, video_id: str, laid: Overlay, now: datetime) -> None:
    """The video's row of the queue: how much it needs eyes, and what it can be filtered by."""
    document = laid.document
    if document.state is not VideoState.READY:
        return
    reach = session.scalar(select(func.count()).select_from(EventRow).where(EventRow.video_id == video_id))
    reports = session.scalar(
        select(func.count()).select_from(ReportRow).where(ReportRow.video_id == video_id, ReportRow.closed_at.is_(None))
    )
    uploaded = session.scalar(select(VideoRow.created_at).where(VideoRow.id == video_id))
    row = session.get(QueueRow, video_id)
    if row is None:
        row = QueueRow(video_id=video_id, state="open", disputed=False, finished=0, created_at=uploaded or now)
        row.lot = lot(video_id, "double")
    row.reach = int(reach or 0)
    row.signals = attention(laid, reach=row.reach, reports=int(reports or 0), disputed=row.disputed)
    row.score = score(row.signals)
    row.title, row.language, row.creator = document.video.title, document.video.language, document.video.creator
    row.duration_s = document.video.duration_s
    row.topics = barred(label.slug or label.label for label in document.topics)
    row.models = barred(sorted({stage.model for stage in document.stages if stage.model}))
    row.updated_at = now
    session.add(row)
    if row.state == "done" and (reports or "orphaned" in row.signals or "safety" in row.signals):
        decided = session.scalar(select(func.max(ReviewRow.finished_at)).where(ReviewRow.video_id == video_id))
        newest = session.scalar(select(UnderstandingRow.updated_at).where(UnderstandingRow.video_id == video_id))
        if reports or decided is None or (newest is not None and newest > decided):
            row.state = "open"


def barred(words: Iterable[str]) -> str:
    """`|a|b|`, so that one word can be looked for with LIKE."""
    inside = "|".join(word.replace("|", "/") for word in words)
    return f"|{inside}|" if inside else ""
