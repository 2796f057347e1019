"""Is the mood the one that people named?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.metrics.similarity import Embed


@dataclass(frozen=True, slots=True)
class MoodAccuracy:
    """Shares of clips: the right mood is the first or among the first three that were given.

    `majority` is what saying the commonest right mood every time reaches, `chance` what guessing does.
    """

    accuracy: float
    top3: float
    majority: float
    chance: float


def mood_accuracy(given: Sequence[Sequence[str]], right: Sequence[str], choices: int) -> MoodAccuracy:
    """`given` are slugs per clip, surest first; `right` is one slug per clip; `choices` how many moods there are."""
    if not right:
        raise ValueError("no clip has a mood, so there is nothing to average")
    pairs = list(zip(given, right, strict=True))
    return MoodAccuracy(
        accuracy=sum(wanted in moods[:1] for moods, wanted in pairs) / len(pairs),
        top3=sum(wanted in moods[:3] for moods, wanted in pairs) / len(pairs),
        majority=max(Counter(right).values()) / len(pairs),
        chance=1.0 / choices,
    )


def nearest(word: str, texts: Sequence[str], embed: Embed) -> int:
    """Index of the text whose embedding is nearest to the word's."""
    return int((embed(texts) @ embed([word])[0]).argmax())
