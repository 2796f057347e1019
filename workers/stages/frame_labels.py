"""From labels of single frames to what a video shows: agreement across frames counts, one confident slip does not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from models.vision.label_names import coarse_name, imagenet_names
from services.library.understanding import Evidence, EvidenceKind
from workers.stages.frames import LabelledFrame

_KEEP_ALONE = 0.45
"""A label that one frame alone may carry."""

_KEEP_AGREED = 0.15
"""Least mean probability, over the frames that show it, of a label that two frames or more agree on."""

_GUESSES = 2
"""Where no label is sure, this many of the likeliest are kept and marked as guesses: better a hint than nothing."""

_MAX_LABELS = 8
_GUESS = "perhaps "


@dataclass(frozen=True, slots=True)
class SeenLabel:
    """Something seen: from the first to the last frame that shows it, how surely, in how many frames.

    `guess` marks what is likelier than anything else, but not likely.
    """

    name: str
    name_zh: str
    start: float
    end: float
    confidence: float
    frames: int
    guess: bool = False

    @property
    def text(self) -> str:
        """As a line of evidence."""
        return f"{_GUESS if self.guess else ''}{self.name} ({self.name_zh})"


def is_guess(line: Evidence) -> bool:
    """Whether a line of evidence only guesses at what is seen."""
    return line.kind is EvidenceKind.FRAME and line.text.startswith(_GUESS)


def seen_labels(frames: Sequence[LabelledFrame]) -> tuple[SeenLabel, ...]:
    """Labels worth showing to people and models, surest first.

    Frames of several similar classes (five breeds of dog) agree on the coarse class, which then stands for them.
    """
    sightings: dict[tuple[str, str], dict[float, float]] = defaultdict(dict)
    for frame in frames:
        for label in frame.labels:
            for name in _names(label.name, label.name_zh):
                at_frame = sightings[name]
                at_frame[frame.at] = min(1.0, at_frame.get(frame.at, 0.0) + label.probability)
    kept = [
        SeenLabel(
            name=en,
            name_zh=zh,
            start=min(at),
            end=max(at),
            confidence=sum(at.values()) / len(at),
            frames=len(at),
        )
        for (en, zh), at in sightings.items()
    ]
    kept.sort(key=lambda label: -label.confidence * label.frames)
    sure = [label for label in kept if label.confidence >= (_KEEP_ALONE if label.frames == 1 else _KEEP_AGREED)]
    if sure:
        return tuple(sure[:_MAX_LABELS])
    return tuple(replace(label, guess=True) for label in kept[:_GUESSES])


_INDEX = {name.en: index for index, name in enumerate(imagenet_names())}


def _names(en: str, zh: str) -> list[tuple[str, str]]:
    """The label itself, and the coarse group it belongs to, where there is one."""
    names = [(en, zh)]
    coarse = coarse_name(_INDEX[en]) if en in _INDEX else None
    if coarse is not None and coarse.en != en:
        names.append((coarse.en, coarse.zh))
    return names
