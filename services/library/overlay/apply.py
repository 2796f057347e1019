"""Effective document = machine's document, amended, with the decisions that count laid over it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.library.overlay.amend import Amendments, key_of
from services.library.overlay.lines import overlay_lines
from services.library.overlay.live import Standing, standing_decisions
from services.library.overlay.types import (
    LABEL_FIELDS,
    SENTENCE_FIELDS,
    Action,
    Decision,
    Field,
    Item,
    ItemState,
    Overlay,
    Words,
)
from services.library.understanding import Bilingual, Label, SafetyLabel, Understanding

EDITOR = "editor"
"""The `source` of a label that an editor vouched for."""

_STATES = {
    Action.ACCEPT: ItemState.ACCEPTED,
    Action.REJECT: ItemState.REJECTED,
    Action.EDIT: ItemState.EDITED,
    Action.ADD: ItemState.ADDED,
}


def overlay(machine: Understanding, decisions: Sequence[Decision], amendments: Amendments | None = None) -> Overlay:
    """Lay the decisions over the machine's words. Pure: the same input gives the same document.

    `decisions` are the whole log of the video, in any order; the highest id of a target counts, undone ones left out.
    What an editor accepted, edited or added stays, whatever the models say later. A rejection hides what it was
    about. Both are marked orphaned where the models no longer say what was decided about.
    """
    amendments = amendments or Amendments()
    standing = standing_decisions(decisions, amendments)
    changes: dict[str, Any] = {}
    items: list[Item] = []
    lines, line_items = overlay_lines(machine, standing)
    document = machine.model_copy(update=lines)
    items += line_items
    for field, name in LABEL_FIELDS.items():
        found = _labels(field, getattr(machine, name), machine, standing, amendments)
        items += found
        kept = [item.effective for item in found if isinstance(item.effective, Label)]
        changes[name] = _distinct(field, kept)
    safety = _safety(machine, standing)
    items += safety
    changes["safety"] = tuple(item.effective for item in safety if isinstance(item.effective, SafetyLabel))
    for field, name in SENTENCE_FIELDS.items():
        item = _sentence(field, getattr(machine, name), standing)
        items.append(item)
        changes[name] = item.effective
    return Overlay(
        document=document.model_copy(update=changes),
        items=tuple(items),
        reviewed=any(item.decision_id is not None for item in items),
    )


def _labels(
    field: Field,
    given: Iterable[Label],
    document: Understanding,
    standing: Mapping[tuple[Field, str], Standing],
    amendments: Amendments,
) -> list[Item]:
    said: dict[str, Label] = {}
    hidden: dict[str, Label] = {}
    for label in given:
        amended = amendments.label(field, label)
        key = key_of(field, amended)
        if amendments.hides(field, key) or amendments.hides(field, key_of(field, label)):
            hidden.setdefault(key, label)
        elif key not in said or said[key].confidence < amended.confidence:
            said[key] = amended
    targets = [*said, *(target for of, target in standing if of is field and target not in said)]
    items = []
    for target in targets:
        if target in hidden or amendments.hides(field, target):
            continue
        stands = standing.get((field, target), Standing())
        machine = said.get(target)
        decision = stands.decision
        effective: Words | None = machine
        if decision is not None:
            effective = None
            if decision.action is not Action.REJECT:
                wanted = decision.after if isinstance(decision.after, Label) else machine
                if wanted is not None:
                    effective = _vouched(amendments.label(field, wanted), machine, decision, document)
                    if amendments.hides(field, key_of(field, effective)):
                        effective = None
        if machine is None and decision is None:
            continue  # everything decided about it was taken back
        items.append(item_of(field, target, machine, effective, stands))
    items += [
        Item(field=field, target=key, state=ItemState.SUPPRESSED, machine=label, effective=None)
        for key, label in hidden.items()
    ]
    return items


def _vouched(label: Label, machine: Label | None, decision: Decision, document: Understanding) -> Label:
    evidence = label.evidence
    if machine is not None and decision.action is Action.ACCEPT:
        evidence = machine.evidence
    else:
        evidence = _cited(evidence, decision.cited, document)
    return label.model_copy(
        update={
            "confidence": 1.0,
            "source": EDITOR,
            "evidence": evidence,
            "signals": machine.signals if machine is not None else label.signals,
        }
    )


def _cited(ids: Iterable[str], texts: Mapping[str, str], document: Understanding) -> tuple[str, ...]:
    """The ids that the cited lines have now, by the machine's words: a new run numbers lines anew.

    A line that is gone is not cited.
    """
    now = {line.id: line.machine_words for line in document.evidence}
    by_text: dict[str, str] = {}
    for line in document.evidence:
        by_text.setdefault(line.machine_words, line.id)
    found = []
    for one in ids:
        text = texts.get(one)
        if text is not None and now.get(one) != text:
            one = by_text.get(text, "")
        if one in now:
            found.append(one)
    return tuple(dict.fromkeys(found))


def _safety(machine: Understanding, standing: Mapping[tuple[Field, str], Standing]) -> list[Item]:
    said = {label.category: label for label in machine.safety}
    targets = [*said, *(target for of, target in standing if of is Field.SAFETY and target not in said)]
    items = []
    for target in targets:
        stands = standing.get((Field.SAFETY, target), Standing())
        decision, given = stands.decision, said.get(target)
        effective: SafetyLabel | None = given
        if decision is not None:
            effective = None
            if decision.action is not Action.REJECT:
                wanted = decision.after if isinstance(decision.after, SafetyLabel) else given
                if wanted is not None:
                    evidence = _cited(wanted.evidence, decision.cited, machine)
                    effective = wanted.model_copy(update={"confidence": 1.0, "evidence": evidence})
        elif given is None:
            continue
        items.append(item_of(Field.SAFETY, target, given, effective, stands))
    return items


def _sentence(field: Field, given: Bilingual | None, standing: Mapping[tuple[Field, str], Standing]) -> Item:
    stands = standing.get((field, ""), Standing())
    decision = stands.decision
    effective = given
    orphaned = False
    if decision is not None:
        orphaned = decision.machine is not None and decision.machine != given
        if decision.action is not Action.REJECT:
            effective = decision.after if isinstance(decision.after, Bilingual) else given
        elif not orphaned:
            effective = None
    return item_of(field, "", given, effective, stands, orphaned=orphaned)


def item_of(
    field: Field,
    target: str,
    machine: Words | None,
    effective: Words | None,
    stands: Standing,
    *,
    orphaned: bool | None = None,
) -> Item:
    """The item with what its decision says of it."""
    decision = stands.decision
    if decision is None:
        confidence = machine.confidence if isinstance(machine, Label | SafetyLabel) else None
        return Item(
            field=field,
            target=target,
            state=ItemState.MACHINE,
            machine=machine,
            effective=effective,
            version=stands.version,
            confidence=confidence,
        )
    if orphaned is None:
        orphaned = machine is None and decision.machine is not None
    return Item(
        field=field,
        target=target,
        state=_STATES[decision.action],
        machine=machine,
        effective=effective,
        previous=decision.before,
        version=stands.version,
        decision_id=decision.id,
        account=decision.account,
        at=decision.at,
        comment=decision.comment,
        confidence=effective.confidence if isinstance(effective, Label | SafetyLabel) else None,
        orphaned=orphaned,
    )


def _distinct(field: Field, labels: Iterable[Label]) -> tuple[Label, ...]:
    """One label a key, the most certain; the order stays."""
    best: dict[str, Label] = {}
    for label in labels:
        key = key_of(field, label)
        if key not in best or best[key].confidence < label.confidence:
            best[key] = label
    return tuple(best.values())
