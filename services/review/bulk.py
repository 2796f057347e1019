"""One decision about a label on every video that a filter of the queue lets through, undone as one."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from services.library.library import Library
from services.library.overlay import LABEL_FIELDS, Action, Field
from services.library.record.desk import Bulk, UnknownBulk
from services.library.record.queue_filter import QueueFilter
from services.library.understanding import Label
from services.review.decide import Decided, Draft, InvalidDecision, decide

SAMPLE = 10
"""Videos that a preview names."""


@dataclass(frozen=True, slots=True)
class BulkRequest:
    """Accept, reject or edit one label wherever the filter finds it. `after` is the new label of an edit."""

    field: Field
    target: str
    action: Action
    where: QueueFilter
    after: Label | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """How many videos would change, and the first of them."""

    count: int
    sample: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BulkDone:
    """The bulk action; `published` counts the videos whose payload the index holds, `refused` what did not fit."""

    bulk: Bulk
    published: int
    refused: tuple[str, ...]


def preview_bulk(library: Library, request: BulkRequest) -> Preview:
    """What the action would touch. Raises `InvalidDecision`."""
    ids = library.record.matching(request.where, request.field.value, _target(request))
    return Preview(len(ids), tuple(ids[:SAMPLE]))


def run_bulk(library: Library, request: BulkRequest, account: str, key: str, most: int) -> BulkDone:
    """Decide on every video of the preview, each as a decision of its own that names the bulk action.

    Sending the same `key` again goes on where a lost connection left off and decides nothing twice. Raises
    `InvalidDecision` where more than `most` videos would change.
    """
    target = _target(request)
    record = library.record
    ids = record.matching(request.where, request.field.value, target)
    if len(ids) > most:
        raise InvalidDecision(
            f"{len(ids)} videos would change; {most} at once are allowed (REELWISE_BULK_MOST).",
            remedy="Narrow the filter, or act in parts.",
        )
    kept = {
        "field": request.field.value,
        "target": target,
        "action": request.action.value,
        "after": request.after.model_dump(mode="json") if request.after else None,
        "where": {name: str(value) for name, value in asdict(request.where).items() if value is not None},
    }
    bulk, _ = record.start_bulk(account, key, kept)
    done: list[Decided] = []
    refused = []
    for video_id in ids:
        draft = Draft(
            key=f"bulk-{bulk.id}:{video_id}",
            field=request.field,
            target=target,
            action=request.action,
            after=request.after,
            comment=request.comment,
        )
        try:
            done.append(decide(library, video_id, account, [draft], bulk_id=bulk.id))
        except InvalidDecision:
            refused.append(video_id)  # somebody took the label away between the preview and now
    return BulkDone(record.count_bulk(bulk.id), sum(one.published for one in done), tuple(refused))


def undo_bulk(library: Library, bulk_id: int, account: str) -> BulkDone:
    """Take every decision of a bulk action back; later decisions about the same items stand. Raises `UnknownBulk`."""
    bulk, decisions = library.record.bulk(bulk_id)
    if bulk.undone_at is not None:
        raise UnknownBulk(f"Bulk action {bulk_id} was undone by {bulk.undone_by} already.")
    published = 0
    for decision in decisions:
        if decision.action is Action.UNDO:
            continue
        draft = Draft(key=f"undo-{bulk_id}:{decision.video_id}", action=Action.UNDO, undoes=decision.id)
        published += decide(library, decision.video_id, account, [draft]).published
    return BulkDone(library.record.mark_undone(bulk_id, account), published, ())


def _target(request: BulkRequest) -> str:
    if request.field not in (*LABEL_FIELDS, Field.SAFETY) or request.action not in (
        Action.ACCEPT,
        Action.REJECT,
        Action.EDIT,
    ):
        raise InvalidDecision(
            f"{request.action.value} of {request.field.value} cannot be done in bulk.",
            remedy="Accept, reject or edit a tag, topic, mood, occasion or safety label.",
        )
    if request.action is Action.EDIT and request.after is None:
        raise InvalidDecision("An edit needs `after`.", remedy="Give the new label.")
    return request.target.casefold() if request.field is Field.TAG else request.target
