"""Is it a copy, and in what way? The thresholds are those that `benchmarks.near_duplicates` chose."""

from __future__ import annotations

from dataclasses import dataclass

from services.library.understanding import CopyKind, CopyMatch, MatchedSpan
from workers.copies.align import Alignment, align
from workers.copies.signature import Signature
from workers.copies.sound_print import likeness, silent
from workers.media.frame_hashes import VIEWS

_LIMIT_BITS = 20.0
_SAME_SPEED = 0.03
_EDGE_S, _EDGE_SHARE = 1.0, 0.08
_OTHER_SOUND = 0.35
_CHANGED_BITS = 6.0


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a copy must reach.

    `strength`: different pictures that agree times how well; by pictures alone. `strength_with_sound`: where the sounds
    correlate by `sound` at least, at the very place that the pictures name. `matched_share`: of the pictures that
    should agree. `covered_share`: of the shorter of the two videos.
    """

    strength: float = 1.5
    strength_with_sound: float = 0.5
    sound: float = 0.6
    matched_share: float = 0.4
    covered_share: float = 0.3


THRESHOLDS = Thresholds()


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was measured of two videos, before anything is decided."""

    alignment: Alignment
    sound: float | None
    strength: float
    covered_share: float


def compare(copy: Signature, original: Signature) -> Comparison | None:
    """Lay a later video over an earlier one; None where they are plainly different."""
    found = align(copy, original)
    if found is None:
        return None
    sound = likeness(copy.sound, original.sound, speed=found.speed, offset_s=found.offset_s)
    strength = found.evidence * max(0.0, 1.0 - found.distance / _LIMIT_BITS)
    shorter = max(1e-3, min(copy.duration_s, original.duration_s / found.speed))
    return Comparison(found, sound, strength, min(1.0, found.covered_s / shorter))


def is_copy(comparison: Comparison, thresholds: Thresholds = THRESHOLDS) -> bool:
    """Whether what was measured makes a copy."""
    heard = comparison.sound is not None and comparison.sound >= thresholds.sound
    needed = thresholds.strength_with_sound if heard else thresholds.strength
    return (
        comparison.strength >= needed
        and comparison.alignment.matched_share >= thresholds.matched_share
        and comparison.covered_share >= thresholds.covered_share
    )


def describe(comparison: Comparison, copy: Signature, original: Signature) -> CopyMatch:
    """How the copy differs, for people and for whoever wants to reuse results."""
    found = comparison.alignment
    spans = tuple(
        MatchedSpan(
            start=max(0.0, start),
            end=max(0.0, end),
            original_start=round(found.speed * start + found.offset_s, 2),
            original_end=round(found.speed * end + found.offset_s, 2),
        )
        for start, end in found.spans
    )
    return CopyMatch(
        kinds=tuple(_kinds(comparison, copy, original)),
        score=round(found.matched_share * (1.0 - min(32.0, found.distance) / 32.0), 3),
        speed=found.speed,
        offset_s=found.offset_s,
        sound=None if comparison.sound is None else round(comparison.sound, 3),
        spans=spans,
    )


def _kinds(comparison: Comparison, copy: Signature, original: Signature) -> list[CopyKind]:
    found = comparison.alignment
    first, last = found.offset_s, found.speed * copy.duration_s + found.offset_s
    edge = max(_EDGE_S, _EDGE_SHARE * original.duration_s)
    own_edge = max(_EDGE_S, _EDGE_SHARE * copy.duration_s)
    kinds = []
    if first > edge or original.duration_s - last > edge:
        kinds.append(CopyKind.TRIMMED)
    if -first / found.speed > own_edge or (last - original.duration_s) / found.speed > own_edge:
        kinds.append(CopyKind.EXTENDED)
    if found.mirrored:
        kinds.append(CopyKind.MIRRORED)
    view, other = VIEWS[found.view], VIEWS[found.view_of_original]
    if other not in ("content", "frame"):
        kinds.append(CopyKind.CROPPED)
    elif view not in ("content", "frame"):
        kinds.append(CopyKind.REFRAMED)
    if found.speed > 1 + _SAME_SPEED:
        kinds.append(CopyKind.SPED_UP)
    if found.speed < 1 - _SAME_SPEED:
        kinds.append(CopyKind.SLOWED_DOWN)
    quiet, was_quiet = silent(copy.sound), silent(original.sound)
    if quiet and not was_quiet:
        kinds.append(CopyKind.SOUND_REMOVED)
    elif was_quiet and not quiet:
        kinds.append(CopyKind.SOUND_ADDED)
    elif comparison.sound is not None and comparison.sound < _OTHER_SOUND:
        kinds.append(CopyKind.SOUND_REPLACED)
    if found.distance > _CHANGED_BITS:
        kinds.append(CopyKind.PICTURE_CHANGED)
    return kinds
