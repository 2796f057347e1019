"""Corrected lines of speech and of text on screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.library.overlay.live import Standing
from services.library.overlay.types import LINE_FIELDS, Action, Decision, Field, Item, ItemState, LineWords
from services.library.understanding import Evidence, TimelineSegment, Understanding


def overlay_lines(
    machine: Understanding, standing: Mapping[tuple[Field, str], Standing]
) -> tuple[dict[str, Any], list[Item]]:
    """The changed `evidence` and `segments` of the document, and an item per line.

    A new run numbers lines anew, so a correction follows the machine's words: it is laid over the line of its kind
    that says what the corrected line said, the one of the same id first. Where none does, it is orphaned and kept.
    A line that the video is described with as corrected (`corrected_from`) is told by the machine's words as well, so
    a correction that holds changes nothing there, and one that was taken back brings them back.
    """
    texts: dict[str, str] = {}
    items: list[Item] = []
    for field, letter in LINE_FIELDS.items():
        lines = {line.id: line for line in machine.evidence if line.kind == letter}
        placed: dict[str, tuple[str, Standing]] = {}
        orphans: list[tuple[str, Standing]] = []
        mine = [(target, stands) for (of, target), stands in standing.items() if of is field]
        for target, stands in sorted(mine, key=lambda pair: -pair[1].version):
            place = _line(lines, target, stands.decision, placed)
            if place is None:
                orphans.append((target, stands))
            else:
                placed[place] = (target, stands)
        for line_id, line in lines.items():
            anchor, stands = placed.get(line_id, (line_id, Standing()))
            items.append(_item(field, line_id, line, stands, anchor))
            effective = items[-1].effective
            texts[line_id] = effective.text if isinstance(effective, LineWords) else ""
        items += [
            _item(field, target, None, stands, target) for target, stands in orphans if stands.decision is not None
        ]
    changed = {line.id: texts[line.id] for line in machine.evidence if texts.get(line.id, line.text) != line.text}
    if not changed:
        return {}, items
    evidence = tuple(_with_text(line, changed[line.id]) if line.id in changed else line for line in machine.evidence)
    return {"evidence": evidence, "segments": _segments(machine, changed)}, items


def _with_text(line: Evidence, text: str) -> Evidence:
    words = line.machine_words
    return line.model_copy(update={"text": text, "corrected_from": None if text == words else words})


def _line(
    lines: Mapping[str, Evidence], target: str, decision: Decision | None, placed: Mapping[str, tuple[str, Standing]]
) -> str | None:
    if decision is None:
        return target if target in lines and target not in placed else None
    said = decision.machine
    if not isinstance(said, LineWords):
        return None
    order = sorted(lines, key=lambda line_id: line_id != target)
    return next((one for one in order if lines[one].machine_words == said.text and one not in placed), None)


def _item(field: Field, target: str, line: Evidence | None, stands: Standing, anchor: str) -> Item:
    machine = None if line is None else LineWords(text=line.machine_words)
    decision = stands.decision
    if decision is None:
        return Item(
            field=field,
            target=target,
            state=ItemState.MACHINE,
            machine=machine,
            effective=machine,
            version=stands.version,
            anchor=anchor,
        )
    states = {Action.ACCEPT: ItemState.ACCEPTED, Action.REJECT: ItemState.REJECTED}
    effective = decision.after if isinstance(decision.after, LineWords) else machine
    return Item(
        field=field,
        target=target,
        state=states.get(decision.action, ItemState.EDITED),
        machine=machine,
        effective=None if line is None or decision.action is Action.REJECT else effective,
        previous=decision.before,
        version=stands.version,
        decision_id=decision.id,
        account=decision.account,
        at=decision.at,
        comment=decision.comment,
        orphaned=line is None,
        anchor=anchor,
    )


def _segments(machine: Understanding, changed: Mapping[str, str]) -> tuple[TimelineSegment, ...]:
    """The timeline with the words that count in the place of those it was made with."""
    lines = [line for line in machine.evidence if line.id in changed]
    speech = {line.text: changed[line.id] for line in lines if line.kind == "S" and line.text}
    screen = {line.text: changed[line.id] for line in lines if line.kind == "T" and line.text}
    # A line that the video is described without is not on the timeline: it comes back where it begins.
    back = [line for line in lines if not line.text]
    segments = []
    for segment in machine.segments:
        said = segment.speech
        for before, after in speech.items() if said is not None else ():
            said = (said or "").replace(before, after)
        shown = [text for one in segment.onscreen_text if (text := screen.get(one, one))]
        here = [line for line in back if segment.start <= line.start < segment.end]
        said = " ".join([*([said] if said else []), *(changed[line.id] for line in here if line.kind == "S")])
        shown += [changed[line.id] for line in here if line.kind == "T"]
        segments.append(segment.model_copy(update={"speech": said or None, "onscreen_text": tuple(shown)}))
    return tuple(segments)
