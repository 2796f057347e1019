"""Shots, found while the pictures stream by: PySceneDetect's adaptive detector, fed frame by frame."""

from __future__ import annotations

from scenedetect import FrameTimecode
from scenedetect.detectors import AdaptiveDetector

from workers.media.picture import Image
from workers.media.types import Shot

# The detector counts time in frames of a rate; a "frame" of a millisecond keeps variable frame rates exact enough.
_TICKS_PER_S = 1000.0
_MIN_SHOT_S = 0.5


class ShotDetector:
    """Collects cuts. The adaptive detector compares a change with its neighbours, so a fast pan is not a cut."""

    def __init__(self) -> None:
        self._detector = AdaptiveDetector(min_scene_len=round(_MIN_SHOT_S * _TICKS_PER_S))
        self._cuts: list[float] = []
        self._last_tick = -1

    def feed(self, at: float, thumbnail: Image) -> None:
        """Take the next sampled picture: BGR, always the same shape, `at` in seconds."""
        tick = max(round(at * _TICKS_PER_S), self._last_tick + 1)
        self._last_tick = tick
        found = self._detector.process_frame(FrameTimecode(tick, fps=_TICKS_PER_S), thumbnail)
        self._cuts.extend(cut.frame_num / _TICKS_PER_S for cut in found)

    def finish(self, end: float) -> tuple[Shot, ...]:
        """All shots, in order, from 0 to `end` seconds. A cut within the last two pictures is not looked for."""
        starts = [0.0, *(cut for cut in self._cuts if 0.0 < cut < end)]
        return tuple(Shot(start, stop) for start, stop in zip(starts, [*starts[1:], end], strict=True))
