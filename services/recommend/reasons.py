"""A reason: a sentence in both languages that rests on something stored."""

from __future__ import annotations

from dataclasses import dataclass

from services.library.understanding import Bilingual, Evidence, Label, Understanding
from services.recommend.claims import Claim
from services.recommend.indexed import LabelKey


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item is here.

    `source` is the source whose score this explains and `contribution` what that added to the item's score.
    `evidence` are ids of the item's own understanding, `labels` the stored labels that the sentence names,
    `interactions` ids of the videos whose events it rests on, `events` ids of those events. `claim` is what the
    sentence says, as facts that can be looked up again; a search's reasons have none.
    """

    source: str
    text: Bilingual
    contribution: float
    evidence: tuple[str, ...] = ()
    labels: tuple[LabelKey, ...] = ()
    interactions: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    claim: Claim | None = None


def find_label(key: LabelKey, understanding: Understanding | None) -> Label | None:
    """The document's label behind a stored one, which has its names and the evidence it cites."""
    if understanding is None:
        return None
    for label in getattr(understanding, key.field):
        if key.value in (label.slug, label.label, label.label_zh):
            assert isinstance(label, Label)
            return label
    return None


def overlapping(evidence: tuple[Evidence, ...], start: float, end: float) -> tuple[Evidence, ...]:
    """The lines that are about some of the time from `start` to `end`, seconds."""
    return tuple(line for line in evidence if (line.start < end and line.end > start) or start <= line.start < end)


def shorten(text: str, length: int = 60) -> str:
    """One line for a sentence: cut at `length` characters with an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"
