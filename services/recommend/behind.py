"""What of a viewer's doing stands behind an interest: which videos, which events, how recently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

from services.library.record.events import Event, EventKind
from services.recommend.claims import Verb
from services.recommend.evidence import LIKES
from services.recommend.indexed import LabelKey
from services.recommend.taste import Taste

RECENT_DAYS = 14
"""What is called recent, days."""

JUST_NOW = timedelta(minutes=30)
"""What is called just now."""

_SHORTEST_SERIES = 2


@dataclass(frozen=True, slots=True)
class SeriesFound:
    """Videos that the viewer took to and that carry all of `labels`, latest first."""

    labels: tuple[LabelKey, ...]
    videos: tuple[str, ...]
    recently: bool
    now: bool


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
        """The most telling run of videos that share labels with one that carries `labels`: a mood and a subject at
        once before a subject alone, then the longer run; None when it is shorter than two.
        """
        moods = [label for label in labels if label.field == "moods"]
        subjects = [label for label in labels if label.field in ("tags", "topics")]
        pairs: list[tuple[LabelKey, ...]] = list(product(moods, subjects))
        alone: list[tuple[LabelKey, ...]] = [(label,) for label in (*subjects, *moods)]
        for options in (pairs, alone):
            found = [run for option in options if (run := self._run(option, besides)) is not None]
            if found:
                return max(found, key=lambda run: (run.now, run.recently, len(run.videos)))
        return None

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
        videos = sorted(shared, key=lambda one: self.latest(one).at, reverse=True)
        for span, now in ((JUST_NOW, True), (timedelta(days=RECENT_DAYS), False)):
            within = [one for one in videos if self._now - self.latest(one).at <= span]
            if len(within) >= _SHORTEST_SERIES:
                return SeriesFound(labels, tuple(within), True, now)
        return SeriesFound(labels, tuple(videos), False, False)
