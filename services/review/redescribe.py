"""Describing a video anew from its corrected lines: asked for by an editor, done by the workers."""

from __future__ import annotations

from dataclasses import dataclass

from services.intake.errors import ServiceError
from services.library.library import Library
from services.library.overlay.corrections import LineCorrection, holding, settle
from services.library.record.corrections import Redescription
from services.library.record.reviews import Laid

RUNS_AGAIN = ("evidence", "describe", "annotate", "vectors")
"""The stages that read corrected lines, or what is made of them; the video is published after them."""


class BlindReview(ServiceError):
    """The caller is not to see what other editors corrected."""

    code = "blind_review"
    status = 409


@dataclass(frozen=True, slots=True)
class Applied:
    """A correction the video is described with, and whether the newest run of the models has its line."""

    correction: LineCorrection
    applied: bool


@dataclass(frozen=True, slots=True)
class Redescribed:
    """What the video is described with from now on; `changes` is how many corrections came or went."""

    corrections: tuple[Applied, ...]
    changes: int


def redescribe(library: Library, video_id: str, account: str) -> Redescribed:
    """Describe the video with the corrections that hold now; asked twice, it is done once.

    Raises `BlindReview` and `NothingToReview`.
    """
    if library.record.blind_review(video_id, account):
        raise BlindReview(
            "You review this video without sight of other editors' corrections.",
            remedy="Finish your review; then it can be described again.",
        )
    return _redescribed(library.record.describe_with_corrections(video_id, account))


def undescribed(library: Library, laid: Laid) -> int:
    """How many corrections came or went since the video was last to be described with them."""
    if not laid.decisions:
        return 0
    now = holding(laid.overlay, laid.machine, laid.decisions, account="", at=laid.decisions[-1].at)
    return settle(library.record.line_corrections(laid.machine.video.id), now)[1]


def _redescribed(found: Redescription) -> Redescribed:
    lines = found.machine.evidence
    return Redescribed(
        tuple(Applied(one, any(one.is_about(line) for line in lines)) for one in found.corrections), found.changes
    )
