"""A made-up audience whose tastes are known. What is measured on it is whether a recommender finds them, nothing else.

The model, which every figure of `simulate` rests on:

- A clip has a topic (one of the taxonomy's leaves, in a first-level topic), moods, a creator, and a quality drawn from
  N(0, 0.1) that nobody is told.
- A viewer has three favourite leaves of different first-level topics with taste 1.0, 0.8 and 0.6, likes the other
  leaves of those first levels a little (0.25), everything else hardly (0.05), and two moods (+ 0.1).
- Appeal of a clip = taste + mood + quality - 0.06 for each of the last ten clips seen that had the same leaf, at most
  0.3 (who has just seen four cats wants something else for a moment).
- Share watched = logistic(8 (appeal - 0.45)) + N(0, 0.1), cut to [0, 1]. Below 0.2 it is a skip, otherwise a play; a
  play becomes a like with probability 0.4 max(0, appeal - 0.5).
- At the change of taste the strongest leaf falls to 0.05 and a leaf of a first level that the viewer did not care for
  becomes 1.0.

It has no social ties, no trends, no titles that mislead, and nobody leaves. Real people are none of this.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FAVOURITES = (1.0, 0.8, 0.6)
_NEARBY, _ELSEWHERE, _MOOD = 0.25, 0.05, 0.1
_SKIP_BELOW = 0.2


@dataclass(frozen=True, slots=True)
class SimClip:
    """A clip as the audience sees it. `topic` is the leaf's number, `area` that of its first level."""

    id: str
    topic: int
    area: int
    moods: tuple[str, ...]
    creator: str
    new_creator: bool
    quality: float


@dataclass(frozen=True, slots=True)
class Response:
    """What a viewer did with a clip. A share below a fifth is a skip."""

    watched: float
    liked: bool

    @property
    def skipped(self) -> bool:
        """Whether it was a skip."""
        return self.watched < _SKIP_BELOW


@dataclass(slots=True)
class Viewer:
    """One viewer; `taste` has a value in [0, 1] a leaf, `favourites` are the leaves, strongest first."""

    name: str
    taste: NDArray[np.float64]
    favourites: tuple[int, ...]
    moods: frozenset[str]
    rng: np.random.Generator
    recent: deque[int] = field(default_factory=lambda: deque(maxlen=10))

    def appeal(self, clip: SimClip) -> float:
        """How much the clip says to the viewer now."""
        mood = _MOOD if self.moods.intersection(clip.moods) else 0.0
        tired = min(0.3, 0.06 * sum(topic == clip.topic for topic in self.recent))
        return float(self.taste[clip.topic]) + mood + clip.quality - tired

    def watch(self, clip: SimClip) -> Response:
        """Watch it, or not."""
        appeal = self.appeal(clip)
        share = 1.0 / (1.0 + np.exp(-8.0 * (appeal - 0.45))) + self.rng.normal(0.0, 0.1)
        watched = float(np.clip(share, 0.0, 1.0))
        self.recent.append(clip.topic)
        liked = watched >= _SKIP_BELOW and bool(self.rng.random() < 0.4 * max(0.0, appeal - 0.5))
        return Response(watched, liked)

    def change_taste(self, areas: Sequence[int]) -> int:
        """The strongest favourite goes, a leaf of an area that meant nothing becomes the strongest; its number.

        `areas` names the first level of every leaf.
        """
        known = {areas[topic] for topic in self.favourites}
        new = int(self.rng.choice([topic for topic, area in enumerate(areas) if area not in known]))
        self.taste[self.favourites[0]] = _ELSEWHERE
        self.taste[new] = FAVOURITES[0]
        self.favourites = (new, *self.favourites[1:])
        return new


def make_viewers(count: int, areas: Sequence[int], moods: Sequence[str], seed: int) -> list[Viewer]:
    """Viewers named `viewer-0`, ..., the same for a seed. `areas` names the first level of every leaf."""
    rng = np.random.default_rng(seed)
    by_area: dict[int, list[int]] = {}
    for topic, area in enumerate(areas):
        by_area.setdefault(area, []).append(topic)
    viewers = []
    for number in range(count):
        chosen = rng.choice(sorted(by_area), size=len(FAVOURITES), replace=False)
        favourites = tuple(int(rng.choice(by_area[int(area)])) for area in chosen)
        taste = np.full(len(areas), _ELSEWHERE)
        for area in chosen:
            taste[by_area[int(area)]] = _NEARBY
        for topic, value in zip(favourites, FAVOURITES, strict=True):
            taste[topic] = value
        liked = frozenset(str(mood) for mood in rng.choice(list(moods), size=2, replace=False))
        viewers.append(Viewer(f"viewer-{number}", taste, favourites, liked, np.random.default_rng([seed, number])))
    return viewers


def topic_entropy(topics: Sequence[int]) -> float:
    """Shannon entropy of the topics shown, in bits.

    >>> topic_entropy([1, 1, 2, 2])
    1.0
    """
    counts = np.unique(np.array(topics), return_counts=True)[1] / len(topics)
    return float(-(counts * np.log2(counts)).sum()) + 0.0


def bubble_index(topics: Sequence[int], catalogue: Sequence[int], *, seed: int = 0) -> float:
    """How much narrower a feed is than one drawn at random: 1 - its topics' entropy over that of as many clips drawn
    from the catalogue. 0 is as broad as chance, 1 is one topic.
    """
    drawn = np.random.default_rng(seed).choice(np.array(catalogue), len(topics))
    return 1.0 - topic_entropy(topics) / topic_entropy(drawn.tolist())


def rounds_until(shares: Sequence[float], reached: float, window: int = 3) -> int | None:
    """The first round (from 1) at whose end the mean share of the last `window` rounds is at least `reached`.

    >>> rounds_until([0, 0, 0.9, 0.9, 0.9], 0.5)
    4
    """
    for end in range(window, len(shares) + 1):
        if float(np.mean(shares[end - window : end])) >= reached:
            return end
    return None


def areas_of(leaves: Mapping[str, Sequence[str]]) -> list[int]:
    """The first level of every leaf, by number, in the order of the leaves."""
    return [area for area, slugs in enumerate(leaves.values()) for _ in slugs]
