"""Corrected lines that a video is described with: which hold now, and whether it is described with them already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field as PydanticField

from services.library.overlay.types import LINE_FIELDS, Action, Decision, Field, LineWords, Overlay
from services.library.understanding import Evidence, Frozen, Seconds, Understanding


class LineCorrection(Frozen):
    """What an editor wrote in the place of a line of speech or of text on screen; empty: the line is taken away.

    A line is told by its kind, the machine's words and its place, so that a run that numbers lines anew finds it
    again. `start` and `end` are None where the line was gone already when the video was to be described with it.
    `account` and `at` say who asked for that, and when.
    """

    field: Field
    machine: str
    corrected: str = PydanticField(max_length=5_000)
    start: Seconds | None
    end: Seconds | None
    account: str
    at: datetime

    def is_about(self, line: Evidence) -> bool:
        """Whether the line is of this kind and the machine's words for it are these."""
        return line.kind == LINE_FIELDS[self.field] and line.machine_words == self.machine

    def means(self, other: LineCorrection) -> bool:
        """Whether both write the same in the place of the same line; its times may differ a little between runs."""
        if (self.field, self.machine, self.corrected) != (other.field, other.machine, other.corrected):
            return False
        if self.start is None or self.end is None or other.start is None or other.end is None:
            return True
        return self.start <= other.end and other.start <= self.end


def holding(
    laid: Overlay, machine: Understanding, decisions: Sequence[Decision], *, account: str, at: datetime
) -> tuple[LineCorrection, ...]:
    """The corrections that hold now, in the order of the overlay's items."""
    log = {decision.id: decision for decision in decisions}
    lines = {line.id: line for line in machine.evidence}
    found = []
    for item in laid.items:
        decision = log.get(item.decision_id or 0)
        if item.field not in LINE_FIELDS or decision is None or not isinstance(decision.machine, LineWords):
            continue
        said, after = decision.machine.text, decision.after
        corrected = "" if decision.action is Action.REJECT else after.text if isinstance(after, LineWords) else said
        if corrected == said:
            continue
        line = None if item.orphaned else lines.get(item.target)
        found.append(
            LineCorrection(
                field=item.field,
                machine=said,
                corrected=corrected,
                start=line.start if line else None,
                end=line.end if line else None,
                account=account,
                at=at,
            )
        )
    return tuple(found)


def settle(
    stored: Sequence[LineCorrection], wanted: Sequence[LineCorrection]
) -> tuple[tuple[LineCorrection, ...], int]:
    """(what to describe with, how many corrections that adds or takes back). What is stored already stays as it is."""
    left, settled, added = list(stored), [], 0
    for one in wanted:
        same = next((known for known in left if known.means(one)), None)
        if same is None:
            added += 1
        else:
            left.remove(same)
        settled.append(same or one)
    return tuple(settled), added + len(left)
