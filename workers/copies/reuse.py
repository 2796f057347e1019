"""Which results of an original stand for its copy as well, so that no model has to hear the same sound again.

Only what was heard is reused: `speech` and `sound`. What is seen is looked at again, because a copy has shots and kept
frames of its own, and may have text on it that the original has not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.library.understanding import CopyKind, CopyMatch

REUSABLE = ("speech", "sound")
"""Names of the stages whose results may come from the original."""

SAME_SOUND = 0.95
"""Least correlation of two sounds that are taken for one. A voice laid over a sound, ten decibels weaker, leaves 0.89
at most; compression leaves 0.97 and more of nearly every sound."""

_MAX_OFFSET_S = 0.35
_ALLOWED = {CopyKind.MIRRORED, CopyKind.CROPPED, CopyKind.REFRAMED, CopyKind.PICTURE_CHANGED}


@dataclass(frozen=True, slots=True)
class Reused:
    """A result of another video: whose, and under which fingerprint it is stored."""

    video_id: str
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.video_id}:{self.fingerprint}"


Reuse = Mapping[str, Reused]
"""By name of the stage."""


def sounds_the_same(match: CopyMatch) -> bool:
    """Whether the copy's sound is the original's, from end to end and at the same times."""
    return (
        set(match.kinds) <= _ALLOWED
        and match.speed == 1.0
        and abs(match.offset_s) <= _MAX_OFFSET_S
        and match.sound is not None
        and match.sound >= SAME_SOUND
    )
