"""A viewer's profile: decayed interests with the events behind them, interest vectors, and the session's intent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.library.index.port import Vector
from services.recommend.evidence import Moment, ProfileParameters
from services.recommend.indexed import CREATOR, LANGUAGE, IndexedVideo, LabelKey

__all__ = [
    "CREATOR",
    "LANGUAGE",
    "Anchor",
    "Interest",
    "InterestVector",
    "Profile",
    "ProfileParameters",
    "SessionIntent",
]

_MOMENT_PRIOR = 5.0
"""Evidence, in likes, from which on a moment's own interests count more than the general ones."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A video that the viewer took to: `weight` above 0, `liked` tells a like from a play, `text` of unit length."""

    video: IndexedVideo
    weight: float
    liked: bool
    text: Vector | None


@dataclass(frozen=True, slots=True)
class Interest:
    """Interest in one label, creator or language, and where it comes from.

    `score` is in [-1, 1]; the strongest of all labels is 1, and so are the strongest creator and language. `positive`
    and `negative` are the decayed evidence for and against, in likes. `events` are ids of the heaviest events behind
    it, out of `event_count`; `videos` those of the videos that speak for it; `edits` the viewer's own edits of it.
    `moments` is its positive evidence by the viewer's local time, as far as that is known. A muted interest is shown,
    and not used.
    """

    label: LabelKey
    score: float
    positive: float
    negative: float
    events: tuple[str, ...]
    event_count: int
    videos: tuple[str, ...]
    edits: tuple[str, ...] = ()
    moments: Mapping[Moment, float] = field(default_factory=dict)
    muted: bool = False


@dataclass(frozen=True, slots=True)
class InterestVector:
    """One of a viewer's interests as a direction: a cluster of the videos they took to, represented by its medoid.

    `weight` is the cluster's share of the evidence, in (0, 1]. `videos` and `events` are what it was made of, heaviest
    first; `medoid` is the video in the middle, whose vectors `text` and `looks` are (unit length, None where it has
    none of the kind). After PinnerSage (Pal et al. 2020): one mean of cooking and football is near neither.
    """

    weight: float
    medoid: str
    videos: tuple[str, ...]
    events: tuple[str, ...]
    text: Vector | None
    looks: Vector | None


@dataclass(frozen=True, slots=True)
class SessionIntent:
    """What the viewer is after right now: the acts since `since` alone, apart from long-term taste.

    `labels` is interest in [-1, 1] as in the profile, from these acts only; `text` the direction of the videos they
    took to since, weighted, unit length.
    """

    since: datetime
    events: tuple[str, ...]
    videos: tuple[str, ...]
    labels: Mapping[LabelKey, float]
    text: Vector | None


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a viewer's taste.

    `labels` holds interest in [-1, 1] per label, the strongest 1, muted ones left out; `support` lists, per label, the
    videos whose positive events it comes from. `interests` has all of that and creators and languages, strongest
    first, with its causes. `anchors` are the heaviest videos, best first. `seen` are the ids of all videos that the
    viewer acted on. `moments` is how much evidence there is of each local time.
    """

    seen: tuple[str, ...] = ()
    anchors: tuple[Anchor, ...] = ()
    labels: Mapping[LabelKey, float] = field(default_factory=dict)
    support: Mapping[LabelKey, tuple[str, ...]] = field(default_factory=dict)
    interests: tuple[Interest, ...] = ()
    vectors: tuple[InterestVector, ...] = ()
    session: SessionIntent | None = None
    moments: Mapping[Moment, float] = field(default_factory=dict)

    @property
    def cold(self) -> bool:
        """Whether nothing is known of what the viewer takes to."""
        return not self.anchors

    @property
    def muted(self) -> frozenset[LabelKey]:
        """What the viewer does not want to see."""
        return frozenset(interest.label for interest in self.interests if interest.muted)

    def labels_at(self, moment: Moment) -> dict[LabelKey, float]:
        """`labels` for a local time: what was taken to at such times counts the more, the more of it is known.

        With m likes' worth of evidence of the moment, its own interests (strongest 1) count m / (m + 5), the general
        ones the rest.
        """
        known = self.moments.get(moment, 0.0)
        share = known / (known + _MOMENT_PRIOR)
        own = {
            interest.label: interest.moments.get(moment, 0.0) / interest.positive * max(0.0, interest.score)
            for interest in self.interests
            if interest.label in self.labels and interest.positive > 0
        }
        strongest = max(own.values(), default=0.0) or 1.0
        return {
            label: (1 - share) * score + share * own.get(label, 0.0) / strongest for label, score in self.labels.items()
        }
