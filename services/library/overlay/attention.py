"""How much a video needs an editor's eyes, and why. Every signal is in [0, 1]; 0 is left out."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from enum import StrEnum

from services.library.overlay.types import ItemState, Overlay
from services.library.understanding import Label

AUDIT_SHARE = 0.02
"""Share of videos that are looked at whatever the signals say, so that what they miss is noticed."""

MANY = 100_000
"""Views from which reach counts in full."""


class Signal(StrEnum):
    """Why a video is in the queue."""

    DISPUTED = "disputed"
    REPORTED = "reported"
    SAFETY = "safety"
    ORPHANED = "orphaned"
    UNCERTAIN = "uncertain"
    DISAGREEMENT = "disagreement"
    REACH = "reach"
    COPY = "copy"
    AUDIT = "audit"


WEIGHTS: Mapping[Signal, float] = {
    Signal.DISPUTED: 10.0,
    Signal.REPORTED: 8.0,
    Signal.SAFETY: 4.0,
    Signal.REACH: 2.0,
    Signal.ORPHANED: 1.5,
    Signal.UNCERTAIN: 1.5,
    Signal.COPY: 1.0,
    Signal.AUDIT: 1.0,
    Signal.DISAGREEMENT: 1.0,
}
"""What each signal adds to the score at its most. A dispute waits for a word; a report is a person's."""

_SEVERITY = {"high": 1.0, "medium": 0.6, "low": 0.3}


def lot(video_id: str, purpose: str) -> float:
    """A number in [0, 1) that follows from the id, so that a sample is the same for everybody and every time."""
    digest = hashlib.sha256(f"{purpose}:{video_id}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def attention(laid: Overlay, *, reach: int, reports: int, disputed: bool) -> dict[str, float]:
    """The signals of a video: `reach` counts what viewers did with it, `reports` the open ones."""
    undecided = [
        item.effective for item in laid.items if item.state is ItemState.MACHINE and isinstance(item.effective, Label)
    ]
    spreads = [
        max(scored.score for scored in label.signals) - min(scored.score for scored in label.signals)
        for label in undecided
        if len({scored.signal for scored in label.signals}) > 1
    ]
    safety = [
        _SEVERITY.get(label.severity, 0.3)
        for label in laid.document.safety
        if any(
            item.state is ItemState.MACHINE and item.target == label.category and item.field == "safety"
            for item in laid.items
        )
    ]
    found = {
        Signal.DISPUTED: 1.0 if disputed else 0.0,
        Signal.REPORTED: min(1.0, (2 + reports) / 4) if reports else 0.0,
        Signal.SAFETY: max(safety, default=0.0),
        Signal.ORPHANED: 1.0 if any(item.orphaned for item in laid.items) else 0.0,
        Signal.UNCERTAIN: 1.0 - sum(label.confidence for label in undecided) / len(undecided) if undecided else 0.0,
        Signal.DISAGREEMENT: max(spreads, default=0.0),
        Signal.REACH: reach_of(reach),
        Signal.COPY: laid.document.duplicate_of.match.score if laid.document.duplicate_of else 0.0,
        Signal.AUDIT: 1.0 if lot(laid.document.video.id, "audit") < AUDIT_SHARE else 0.0,
    }
    return {signal.value: round(value, 4) for signal, value in found.items() if value > 0}


def reach_of(count: int) -> float:
    """How much a number of views counts: by its logarithm, in full from `MANY`."""
    return round(min(1.0, math.log1p(count) / math.log1p(MANY)), 4)


def score(signals: Mapping[str, float]) -> float:
    """The weighted sum that the queue sorts by."""
    return round(sum(WEIGHTS[Signal(name)] * value for name, value in signals.items() if name in WEIGHTS), 4)
