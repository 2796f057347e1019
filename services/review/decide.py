"""Deciding: check a draft against what it is about, write it to the log, publish what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.intake.errors import ServiceError
from services.library.library import Library
from services.library.overlay import LABEL_FIELDS, Action, Decision, Field, Item, LineWords, Words
from services.library.overlay.amend import key_of
from services.library.overlay.apply import EDITOR
from services.library.overlay.types import SENTENCE_FIELDS
from services.library.payload import publish_overlay
from services.library.record.reviews import Laid, Plan
from services.library.taxonomy import Taxonomy
from services.library.understanding import Bilingual, Label, SafetyLabel, Understanding
from services.review.blind import seen_by
from services.review.provenance import Provenance, provenance


class InvalidDecision(ServiceError):
    """The draft does not fit what it is about."""

    code = "invalid_decision"
    status = 422


class Changed(ServiceError):
    """Somebody else decided about the same item meanwhile."""

    code = "changed_meanwhile"
    status = 409


@dataclass(frozen=True, slots=True)
class Draft:
    """What an editor wants. `key` is the client's own: sending a draft again saves it once.

    `version` is the item's version that the editor saw; None skips the check. `undoes` is the id of a decision.
    """

    key: str
    field: Field | None = None
    target: str = ""
    action: Action = Action.ACCEPT
    after: Words | None = None
    comment: str | None = None
    version: int | None = None
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """The new state; `saved` are the entries written now, `published` whether the index holds them."""

    laid: Laid
    saved: tuple[Decision, ...]
    published: bool


def decide(
    library: Library,
    video_id: str,
    account: str,
    drafts: Sequence[Draft],
    *,
    blind: bool = False,
    bulk_id: int | None = None,
) -> Decided:
    """Save drafts, all or none, and publish what readers see; no model runs.

    Raises `InvalidDecision`, `Changed` and `NothingToReview`.
    """
    source = provenance(library.record, video_id)
    taxonomy = library.taxonomy()

    def plan(draft: Draft) -> Plan:
        def values(laid: Laid) -> Mapping[str, Any]:
            seen = seen_by(laid, account) if blind else laid
            return _Plan(seen, taxonomy, source, blind, bulk_id).values(draft)

        return values

    laid, saved = library.record.decide(video_id, account, [(draft.key, plan(draft)) for draft in drafts])
    published = laid.published or publish_overlay(library, video_id)
    return Decided(laid, tuple(saved), published)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a draft means for the overlay as it stands."""

    laid: Laid
    taxonomy: Taxonomy
    source: Provenance
    blind: bool
    bulk_id: int | None

    def values(self, draft: Draft) -> dict[str, Any]:
        """The columns of the log's entry."""
        if draft.action is Action.UNDO:
            return self._undo(draft)
        if draft.field is None:
            raise InvalidDecision("The draft names no field.", remedy=f"Give one of {', '.join(Field)}.")
        field, target = draft.field, _folded(draft.field, draft.target)
        after = self._after(draft, field)
        if draft.action is Action.ADD:
            assert after is not None
            target = _key(field, after)
        item = self._item(field, target)
        if item is None and draft.action is not Action.ADD:
            raise InvalidDecision(
                f"There is no {field.value} {target!r} on this video.", remedy="Load it again, or add the label."
            )
        _same_version(draft, item)
        if draft.action is Action.ACCEPT:
            after = item.effective or item.machine if item is not None else None
        machine = item.machine if item is not None else None
        return self._columns(
            draft,
            field=field.value,
            target=(item.anchor or item.target) if item is not None else target,
            before=_dumped(item.effective if item is not None else None),
            after=_dumped(None if draft.action is Action.REJECT else after),
            machine=_dumped(machine),
            cited=self._cited(after, machine),
            model=self.source.model(field, machine),
            prompt=self.source.prompt,
        )

    def _undo(self, draft: Draft) -> dict[str, Any]:
        undone = next((one for one in self.laid.decisions if one.id == draft.undoes), None)
        if undone is None:
            raise InvalidDecision(
                f"This video has no decision {draft.undoes}.", remedy="GET its /history; `undoes` is an entry's id."
            )
        item = self._item(undone.field, undone.target)
        _same_version(draft, item)
        return self._columns(
            draft,
            field=undone.field.value,
            target=undone.target,
            before=_dumped(item.effective if item is not None else None),
            after=_dumped(undone.before),
            machine=_dumped(item.machine if item is not None else None),
            cited={},
            model=undone.model,
            prompt=undone.prompt,
            undoes=undone.id,
        )

    def _columns(self, draft: Draft, **values: Any) -> dict[str, Any]:
        comment = (draft.comment or "").strip() or None
        given = {"undoes": None, "blind": self.blind, "bulk_id": self.bulk_id, "comment": comment}
        return {"action": draft.action.value, **given, **values}

    def _item(self, field: Field, target: str) -> Item | None:
        found = [one for one in self.laid.overlay.items if one.field is field]
        return next((one for one in found if one.target == target), None) or next(
            (one for one in found if one.anchor == target), None
        )

    def _after(self, draft: Draft, field: Field) -> Words | None:
        if draft.action not in (Action.EDIT, Action.ADD):
            return None
        after = draft.after
        if draft.action is Action.ADD and field not in (*LABEL_FIELDS, Field.SAFETY):
            raise InvalidDecision(f"A {field.value} cannot be added.", remedy="Edit it instead.")
        wanted: type[object] = (
            Label if field in LABEL_FIELDS
            else SafetyLabel if field is Field.SAFETY
            else Bilingual if field in SENTENCE_FIELDS
            else LineWords
        )  # fmt: skip
        if not isinstance(after, wanted):
            raise InvalidDecision(f"`after` of a {field.value} must be a {wanted.__name__}.", remedy="See /docs.")
        known = {line.id for line in self.laid.machine.evidence}
        if isinstance(after, Label | SafetyLabel) and (unknown := sorted(set(after.evidence) - known)):
            raise InvalidDecision(f"There is no evidence {', '.join(unknown)}.", remedy="Cite lines of the document.")
        if isinstance(after, Label):
            return self._label(field, after)
        return after

    def _label(self, field: Field, label: Label) -> Label:
        """The label under the taxonomy's names, said by an editor."""
        update: dict[str, Any] = {"source": EDITOR, "confidence": 1.0}
        if field is Field.TAG:
            if not label.label.strip():
                raise InvalidDecision("A tag needs a word.", remedy="Give `label`.")
            words = (" ".join(label.label.split()), " ".join(label.label_zh.split()))
            update |= {"label": words[0], "label_zh": words[1] or words[0], "slug": label.slug}
            return label.model_copy(update=update)
        look_up = {
            Field.TOPIC: self.taxonomy.topic, Field.MOOD: self.taxonomy.mood, Field.OCCASION: self.taxonomy.occasion,
        }[field]  # fmt: skip
        slug = label.slug or label.label
        try:
            entry = look_up(slug)
        except KeyError:
            raise InvalidDecision(
                f"The taxonomy has no {field.value} {slug!r}.", remedy="GET /v1/taxonomy lists the slugs."
            ) from None
        return label.model_copy(update=update | {"label": entry.en, "label_zh": entry.zh, "slug": entry.slug})

    def _cited(self, *words: Words | None) -> dict[str, str]:
        ids = {one for word in words if isinstance(word, Label | SafetyLabel) for one in word.evidence}
        return texts_of(self.laid.machine, ids)


def texts_of(document: Understanding, ids: set[str]) -> dict[str, str]:
    """The machine's words of the cited lines by id."""
    return {line.id: line.machine_words for line in document.evidence if line.id in ids}


def _same_version(draft: Draft, item: Item | None) -> None:
    now = item.version if item is not None else 0
    if draft.version is not None and draft.version != now:
        who = f" by {item.account}" if item is not None and item.account else ""
        raise Changed(
            f"{draft.target or draft.field} was changed{who} meanwhile (version {now}, not {draft.version}).",
            remedy="Load the video again and decide on what it says now.",
        )


def _folded(field: Field, target: str) -> str:
    if field in SENTENCE_FIELDS:
        return ""
    return target.casefold() if field is Field.TAG else target


def _key(field: Field, after: Words) -> str:
    if isinstance(after, SafetyLabel):
        return after.category
    assert isinstance(after, Label)
    return key_of(field, after)


def _dumped(words: Words | None) -> Mapping[str, Any] | None:
    return None if words is None else words.model_dump(mode="json")
