"""Keeps what readers see in step with the machine's words, the decisions and the rules, within one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update
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
from services.library.record.tables import UnderstandingRow, VideoRow, table_of
from services.library.taxonomy.published import renames
from services.library.understanding import Label, Understanding, VideoState

KEY_LENGTH = 200
"""Most characters of a label's key that are told apart."""


def amendments_of(session: Session | Connection) -> Amendments:
    """The rules that hold now."""
    suppressed: dict[Field, set[str]] = {}
    renamed: dict[Field, dict[str, NamedLabel]] = {}
    for rule in session.execute(_RULES):
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


def decisions_of(session: Session | Connection, video_id: str) -> list[Decision]:
    """The video's log, oldest first."""
    return [decision_of(row) for row in session.execute(_DECISIONS, {"video": video_id})]


def decision_of(row: DecisionRow | Row[Any]) -> Decision:
    """The log's entry as a value."""
    return Decision.model_validate({name: getattr(row, name) for name in Decision.model_fields})


def laid_over(session: Session | Connection, row: UnderstandingRow | Row[Any], amendments: Amendments) -> Overlay:
    """The overlay as it stands."""
    return overlay(Understanding.model_validate(row.document), decisions_of(session, row.video_id), amendments)


def refresh(session: Session, row: UnderstandingRow, amendments: Amendments, now: datetime) -> Overlay:
    """Write the effective document, its labels and its place in the queue. The row is locked by the caller."""
    machine = Understanding.model_validate(row.document)
    laid = overlay(machine, decisions_of(session, row.video_id), amendments)
    document = laid.document.model_dump(mode="json")
    if row.effective != document:
        row.effective, row.revision, row.updated_at = document, (row.revision or 0) + 1, now
        session.flush()
        tell_readers(session, row.video_id, now)
    write_around(session, machine, laid, row.updated_at, now)
    return laid


def tell_readers(session: Session | Connection, video_id: str, now: datetime) -> None:
    """What readers see of the video has changed; of one on its way nothing is told, since its end is told of soon."""
    video = session.execute(_VIDEO, {"video": video_id}).one_or_none()
    if video is not None and video.state == VideoState.READY.value:
        tell_updated(session, video, now)


def write_around(
    session: Session | Connection, machine: Understanding, laid: Overlay, changed_at: datetime, now: datetime
) -> None:
    """Write the labels of a document that was changed last at `changed_at`, and its place in the queue."""
    video_id = machine.video.id
    session.execute(_FORGET_LABELS, {"video": video_id})
    labels = _labels(video_id, machine, laid)
    if labels:
        session.execute(_ADD_LABELS, labels)
    _write_queue(session, video_id, laid, changed_at, now)


def _labels(video_id: str, machine: Understanding, laid: Overlay) -> list[dict[str, Any]]:
    """The rows of `ReviewLabelRow`."""
    found: dict[tuple[str, str], dict[str, Any]] = {}

    def note(field: Field, key: str, confidence: float, *, by_machine: bool, effective: bool) -> None:
        key = key[:KEY_LENGTH]
        new = {
            "video_id": video_id, "field": field.value, "key": key,
            "machine": False, "effective": False, "confidence": confidence,
        }  # fmt: skip
        known = found.setdefault((field.value, key), new)
        known["machine"], known["effective"] = known["machine"] or by_machine, known["effective"] or effective
        if effective:
            known["confidence"] = confidence

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
    return list(found.values())


def _write_queue(
    session: Session | Connection, video_id: str, laid: Overlay, changed_at: datetime, now: datetime
) -> None:
    """The video's row of the queue: how much it needs eyes, and what it can be filtered by."""
    document = laid.document
    if document.state is not VideoState.READY:
        return
    known = session.execute(_KNOWN, {"video": video_id}).one()
    signals = attention(laid, reach=known.reach, reports=known.reports, disputed=bool(known.disputed))
    changed = {
        "reach": known.reach, "signals": signals, "score": score(signals),
        "title": document.video.title, "language": document.video.language, "creator": document.video.creator,
        "duration_s": document.video.duration_s,
        "topics": barred(label.slug or label.label for label in document.topics),
        "models": barred(sorted({stage.model for stage in document.stages if stage.model})),
        "updated_at": now,
    }  # fmt: skip
    if known.state == "done" and (known.reports or "orphaned" in signals or "safety" in signals):
        decided = session.execute(_DECIDED, {"video": video_id}).scalar()
        if known.reports or decided is None or changed_at > decided:
            changed["state"] = "open"
    if known.state is None:
        new = {"video_id": video_id, "state": "open", "disputed": False, "finished": 0, "created_at": known.created_at}
        session.execute(_QUEUE, {**new, **changed, "lot": lot(video_id, "double")})
    else:
        session.execute(_REQUEUE, {**changed, "video": video_id})


def barred(words: Iterable[str]) -> str:
    """`|a|b|`, so that one word can be looked for with LIKE."""
    inside = "|".join(word.replace("|", "/") for word in words)
    return f"|{inside}|" if inside else ""


# Built once: every video's publication asks them. Columns of the mapper's classes, so that a session writes what it
# still holds before it answers.
_RULES = (
    select(
        LabelRuleRow.field, LabelRuleRow.action, LabelRuleRow.key,
        LabelRuleRow.to_key, LabelRuleRow.to_en, LabelRuleRow.to_zh,
    )
    .where(LabelRuleRow.ended_at.is_(None))
    .order_by(LabelRuleRow.id)
)  # fmt: skip
_DECISIONS = (
    select(*(getattr(DecisionRow, name) for name in Decision.model_fields))
    .where(DecisionRow.video_id == bindparam("video"))
    .order_by(DecisionRow.id)
)
_VIDEO = select(*(getattr(VideoRow, name) for name in ("id", "state", "reason", "uploader"))).where(
    VideoRow.id == bindparam("video")
)
_FORGET_LABELS = delete(table_of(ReviewLabelRow)).where(table_of(ReviewLabelRow).c.video_id == bindparam("video"))
_ADD_LABELS = insert(table_of(ReviewLabelRow))
_KNOWN = (
    select(
        VideoRow.created_at,
        QueueRow.state,
        QueueRow.disputed,
        select(func.count()).where(EventRow.video_id == VideoRow.id).scalar_subquery().label("reach"),
        select(func.count())
        .where(ReportRow.video_id == VideoRow.id, ReportRow.closed_at.is_(None))
        .scalar_subquery()
        .label("reports"),
    )
    .outerjoin_from(VideoRow, QueueRow, QueueRow.video_id == VideoRow.id)
    .where(VideoRow.id == bindparam("video"))
)
_DECIDED = select(func.max(ReviewRow.finished_at)).where(ReviewRow.video_id == bindparam("video"))
_QUEUE = insert(table_of(QueueRow))
_REQUEUE = update(table_of(QueueRow)).where(table_of(QueueRow).c.video_id == bindparam("video"))
