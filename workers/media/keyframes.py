"""Which candidates are kept: a few sharp, different pictures a shot, spread over the video."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from workers.media.candidates import Candidate
from workers.media.types import Shot

SECONDS_PER_FRAME = 2.0
"""Below the cap, one frame is kept for about this much video."""
SAME_PICTURE = 0.08
"""Two pictures that differ by less show the same thing."""

_EDGE_S = 0.2
_EDGE_PENALTY = 0.5


def choose_keyframes(
    candidates: Sequence[Candidate], shots: Sequence[Shot], duration_s: float, max_frames: int
) -> list[tuple[Candidate, int]]:
    """At most `max_frames` (candidate, shot number) pairs in order of time; one at least if there is a candidate.

    Every shot gets its best picture first (with more shots than frames, every group of neighbouring shots); what is
    left goes to the shots with the most time per picture (D'Hondt's method), as far as they offer something different.
    """
    seen = [candidate for candidate in candidates if not candidate.look.blank] or list(candidates[:1])
    if not seen:
        return []
    starts = [shot.start for shot in shots]
    by_shot: dict[int, list[Candidate]] = {}
    for candidate in seen:
        by_shot.setdefault(max(0, bisect_right(starts, candidate.at) - 1), []).append(candidate)
    target = min(max_frames, max(math.ceil(duration_s / SECONDS_PER_FRAME), len(by_shot)))

    chosen: list[tuple[Candidate, int]] = []
    for group in _groups(sorted(by_shot), target):
        shot = max(group, key=lambda number: shots[number].end - shots[number].start)
        best = sorted(by_shot[shot], key=lambda candidate: -_fitness(candidate, shots[shot]))
        fresh = next((candidate for candidate in best if _is_new(candidate, chosen)), None)
        if fresh is not None:
            chosen.append((fresh, shot))
    open_shots = set(by_shot)
    while len(chosen) < target and open_shots:
        shot = max(open_shots, key=lambda number: _time_per_picture(number, shots, chosen))
        addition = _most_telling(by_shot[shot], shots[shot], chosen)
        if addition is None:
            open_shots.discard(shot)
        else:
            chosen.append((addition, shot))
    return sorted(chosen, key=lambda pair: pair[0].at)


def _groups(shots: list[int], size: int) -> list[list[int]]:
    """`shots` in order, cut into at most `size` runs of nearly equal length."""
    count = min(size, len(shots))
    edges = [round(index * len(shots) / count) for index in range(count + 1)]
    return [shots[start:stop] for start, stop in pairwise(edges)]


def _fitness(candidate: Candidate, shot: Shot) -> float:
    # A cut's neighbours may still carry the transition, and compression is worst there.
    near_edge = (shot.start > 0 and candidate.at - shot.start < _EDGE_S) or shot.end - candidate.at < _EDGE_S
    return candidate.quality * (_EDGE_PENALTY if near_edge else 1.0)


def _is_new(candidate: Candidate, chosen: Sequence[tuple[Candidate, int]]) -> bool:
    return all(candidate.look.difference(other.look) >= SAME_PICTURE for other, _ in chosen)


def _time_per_picture(number: int, shots: Sequence[Shot], chosen: Sequence[tuple[Candidate, int]]) -> float:
    pictures = sum(shot == number for _, shot in chosen)
    return (shots[number].end - shots[number].start) / (pictures + 1)


def _most_telling(
    candidates: Sequence[Candidate], shot: Shot, chosen: Sequence[tuple[Candidate, int]]
) -> Candidate | None:
    """The new candidate that is far in time from all chosen ones and sharp for its shot; None if none is new."""
    fresh = [candidate for candidate in candidates if _is_new(candidate, chosen)]
    if not fresh:
        return None
    sharpest = max(max(_fitness(candidate, shot) for candidate in candidates), 1e-9)

    def worth(candidate: Candidate) -> float:
        apart = min((abs(candidate.at - other.at) for other, _ in chosen), default=1.0)
        return apart * math.sqrt(_fitness(candidate, shot) / sharpest)

    return max(fresh, key=worth)
