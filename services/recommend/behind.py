"""What of a viewer's doing stands behind an interest: which videos, which events, how recently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.library.record.events import Event, EventKind
from services.recommend.claims import Verb
from services.recommend.evidence import LIKES
from services.recommend.indexed import LabelKey
from services.recommend.taste import Taste

RECENT_DAYS = 14
"""What is called recent, days."""

JUST_NOW = timedelta(minutes=30)
"""What is called just now."""

MOST_NAMED = 30
"""Most videos that one reason points at, the latest or strongest."""

_SHORTEST_SERIES = 2
_NEARLY_ALL = 0.75


@dataclass(frozen=True, slots=True)
class SeriesFound:
    """Videos that the viewer took to and that carry all of `labels`, latest first; there are `whole` of them however
    old.
    """

    labels: tuple[LabelKey, ...]
    videos: tuple[str, ...]
    recently: bool
    now: bool
    whole: int


class Behind:
    """Looks interests up in what the viewer did."""

    def __init__(self, taste: Taste, now: datetime) -> None:
        self._taste = taste
        self._now = now
        self._support = {
            key: frozenset(one for one in videos if one in taste.taken) for key, videos in taste.support.items()
        }
        self._runs: dict[tuple[LabelKey, ...], SeriesFound | None] = {}

    def latest(self, video: str) -> Event:
        """The viewer's latest positive event about a video that they took to."""
        return self._taste.taken[video][0]

    def verb(self, videos: Sequence[str]) -> Verb:
        """What can be said of all of these: liked, watched, or took to where it was now this, now that."""
        liked = [any(event.kind in LIKES for event in self._taste.taken[one]) for one in videos]
        played = [any(event.kind is EventKind.PLAY for event in self._taste.taken[one]) for one in videos]
        if all(liked):
            return Verb.LIKED
        return Verb.WATCHED if all(played) else Verb.TOOK

    def series(self, labels: Sequence[LabelKey], *, besides: str) -> SeriesFound | None:
        """The run of videos that share a subject (or else a mood) with one that carries `labels`, the longest; None
        when it is shorter than two.

        A reason is to name what an interest as a whole rests on. So the run is narrowed, to those of one mood as well
        and to the latest, only where that leaves nearly all of it: else what is not named would hold the pick up alone.
        """
        moods = [label for label in labels if label.field == "moods"]
        subjects = [label for label in labels if label.field in ("tags", "topics")]
        found = self._longest([(label,) for label in subjects], besides)
        if found is None:
            return self._longest([(label,) for label in moods], besides)
        narrower = self._longest([(mood, *found.labels) for mood in moods], besides)
        return found if narrower is None or not _nearly_all(narrower.whole, found.whole) else narrower

    def _longest(self, options: Sequence[tuple[LabelKey, ...]], besides: str) -> SeriesFound | None:
        runs = [run for option in options if (run := self._run(option, besides)) is not None]
        return max(runs, key=lambda run: (run.whole, len(run.videos)), default=None)

    def _run(self, labels: tuple[LabelKey, ...], besides: str) -> SeriesFound | None:
        if any(besides in self._support.get(label, ()) for label in labels):
            return self._find(labels, besides)
        if labels not in self._runs:  # a feed's picks share many labels
            self._runs[labels] = self._find(labels, besides)
        return self._runs[labels]

    def _find(self, labels: tuple[LabelKey, ...], besides: str) -> SeriesFound | None:
        sets = [self._support.get(label, frozenset()) for label in labels]
        shared = frozenset.intersection(*sets) - {besides}
        if len(shared) < _SHORTEST_SERIES:
            return None
        videos = sorted(sorted(shared), key=lambda one: self.latest(one).at, reverse=True)
        for span, now in ((JUST_NOW, True), (timedelta(days=RECENT_DAYS), False)):
            within = [one for one in videos if self._now - self.latest(one).at <= span]
            if len(within) >= _SHORTEST_SERIES and _nearly_all(len(within), len(videos)):
                return SeriesFound(labels, tuple(within), True, now, len(videos))
        return SeriesFound(labels, tuple(videos), False, False, len(videos))


def _nearly_all(some: int, whole: int) -> bool:
    """Whether so many of so many are nearly all."""
    return some >= _NEARLY_ALL * whole
