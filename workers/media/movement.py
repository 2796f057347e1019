"""How much the pictures move and how fast they are cut, measured on the thumbnails that stream by anyway."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workers.media.types import Movement, Shot

_MAX_STEP_S = 0.35
"""Samples further apart (slide shows, one picture a second) say nothing of movement: anything may lie between."""

_STILL_CHANGE = 0.3
"""Mean luma change of a step, of 255, up to which nothing moves: what coding noise makes of a still picture."""

_CUT_S = 0.2
"""Steps that end so near a cut show the cut, not movement."""


class MovementMeter:
    """Collects the change of luma from each sampled picture to the next."""

    def __init__(self) -> None:
        self._ends: list[float] = []
        self._changes: list[float] = []
        self._last_s: float | None = None

    def feed(self, at: float, change: float) -> None:
        """`change`: mean luma difference to the picture before, 0 to 255; the first picture's says nothing."""
        if self._last_s is not None and 0.0 < at - self._last_s <= _MAX_STEP_S:
            self._ends.append(at)
            self._changes.append(change)
        self._last_s = at

    def finish(self, shots: Sequence[Shot]) -> Movement | None:
        """Over all steps inside shots; None where there are fewer than two."""
        cuts = np.array([shot.start for shot in shots[1:]])
        ends, changes = np.array(self._ends), np.array(self._changes)
        if len(cuts) and len(ends):
            inside = np.abs(ends[:, None] - cuts[None, :]).min(axis=1) > _CUT_S
            changes = changes[inside]
        if len(changes) < 2:
            return None
        return Movement(
            change=round(float(np.median(changes)), 3),
            still_share=round(float((changes <= _STILL_CHANGE).mean()), 3),
        )
