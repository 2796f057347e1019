"""One time line for all streams of a file: continuous, never running backwards, starting at zero."""

from __future__ import annotations

from collections import deque
from fractions import Fraction

MAX_GAP_S = 60.0
"""A longer silence in every stream at once is taken for a broken clock (a splice, a wrap), not for time that passed."""
MAX_STEP_BACK_S = 1.0


class MediaClock:
    """What the streams of one file share: where zero is, how far the file has come, and which jumps were seen."""

    def __init__(self, origin_s: float | None) -> None:
        self.origin_s = origin_s
        self.end_s = 0.0
        self.jumps = 0
        # Streams of one splice jump by the same amount: the second adopts what the first found, so they stay in step.
        self.offsets: deque[float] = deque([0.0], maxlen=8)


class StreamClock:
    """Turns one stream's timestamps into seconds on the shared time line.

    Timestamps that are missing continue where the last frame ended. Jumps (more than `MAX_GAP_S` past everything seen
    so far, or more than `MAX_STEP_BACK_S` back) are cut out and counted in `MediaClock.jumps`.
    """

    def __init__(self, shared: MediaClock, time_base: Fraction | None, nominal_s: float) -> None:
        self._shared = shared
        self._time_base = float(time_base) if time_base else 0.0
        self._nominal_s = nominal_s
        self._offset = 0.0
        self._at = 0.0
        self.end_s = 0.0

    def seconds(self, ticks: int | None) -> float | None:
        """`ticks` of the stream's time base in seconds, before any shift; None when either is unknown."""
        return None if ticks is None or not self._time_base else ticks * self._time_base

    def place(self, pts: int | None, duration_s: float | None = None) -> float:
        """When the next frame of this stream begins, in seconds; `duration_s` is how long it lasts, if known."""
        raw = self.seconds(pts)
        at = self.end_s if raw is None else self._continuous(raw)
        self._at = max(at, self._at)
        lasts = duration_s if duration_s is not None and 0.0 < duration_s <= MAX_GAP_S else self._nominal_s
        self.end_s = max(self.end_s, self._at + lasts)
        self._shared.end_s = max(self._shared.end_s, self.end_s)
        return self._at

    def _continuous(self, raw: float) -> float:
        shared = self._shared
        if shared.origin_s is None:
            shared.origin_s = raw
        raw -= shared.origin_s
        at = raw - self._offset
        if self._plausible(at):
            return at
        shared.jumps += 1
        for offset in reversed(shared.offsets):
            if self._plausible(raw - offset):
                self._offset = offset
                return raw - offset
        self._offset = raw - self.end_s
        shared.offsets.append(self._offset)
        return self.end_s

    def _plausible(self, at: float) -> bool:
        return self._at - MAX_STEP_BACK_S <= at <= max(self.end_s, self._shared.end_s) + MAX_GAP_S
