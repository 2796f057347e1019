"""The shape of a source, and what it is asked with."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

from services.library.index.asks import Ask
from services.library.index.port import Filter, Hit, IndexPort, Vector
from services.library.record.events import EventKind
from services.library.taxonomy import Taxonomy
from services.recommend.catalogue import Catalogue, video_id
from services.recommend.context import ResolvedContext
from services.recommend.indexed import IndexedVideo, LabelKey
from services.recommend.newcomers import Newcomer
from services.recommend.rarity import Cared, Rarity
from services.recommend.taste import Taste


@dataclass(frozen=True, slots=True)
class Trend:
    """How much a video is taken up at the moment: `score` decays by the hour, `counts` are plain numbers of events
    in the window.
    """

    score: float
    counts: Mapping[EventKind, int]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the viewer asked for in words, as a text vector, and the labels that the words name."""

    words: str
    vector: Vector
    labels: tuple[LabelKey, ...]


@dataclass(frozen=True)
class SourceRequest:
    """One request as every source sees it.

    `allowed` is the hard filter: what does not pass must not be a candidate. `trends` (most taken up first), `newest`
    (ids, newest first) and `newcomers` (by id) are what the record said a moment ago; `passing` says which of the first
    of them pass the filter, which the index is asked once. `seed` makes chance repeatable.
    """

    taste: Taste
    context: ResolvedContext
    wish: Wish | None
    allowed: Filter
    limit: int
    now: datetime
    seed: int
    index: IndexPort
    catalogue: Catalogue
    taxonomy: Taxonomy
    rarity: Rarity
    trends: Mapping[str, Trend]
    newest: Sequence[str]
    newcomers: Mapping[str, Newcomer]
    passing: Callable[[], frozenset[str]]

    @cached_property
    def folded(self) -> dict[str, Any]:
        """The viewer as trained models see them, by source; None where a model can say nothing of them."""
        return {}

    @cached_property
    def cared(self) -> Cared:
        """The viewer's interest in labels, to be matched with videos."""
        return self.rarity.cared(self.taste.labels)

    @cached_property
    def most_taken_up(self) -> float:
        """log(1 + score) of the video that is taken up most; 0 where none is."""
        first = next(iter(self.trends.values()), None)
        return math.log1p(first.score) if first is not None else 0.0


Scores = dict[str, float]
"""Video id -> a source's own score; higher is better."""

Candidates = Mapping[str, float | None]
"""Video id -> a source's own score of what it found; None where `score` is to say it."""


class Source(Protocol):
    """Where candidates come from. A source holds no state of a request and is called from many threads.

    The index is asked for all sources together. A source that only reads what is kept in memory may say so with
    `in_memory = True`: it is asked in the request's own thread.
    """

    @property
    def name(self) -> str:
        """What policies and answers call it."""
        ...

    @property
    def relative(self) -> bool:
        """Whether its scores only mean something beside each other, and are stretched over each request's candidates.

        Scores of the others lie in [0, 1] and stay as they are.
        """
        ...

    def applies(self, request: SourceRequest) -> bool:
        """Whether the source has anything to go by; one that does not is left out and the others share its weight."""
        ...

    def asks(self, request: SourceRequest) -> Sequence[Ask]:
        """What to ask the index of `videos` for candidates; nothing where the source knows them without."""
        ...

    def candidates(self, request: SourceRequest, answers: Sequence[Sequence[Hit]]) -> Candidates:
        """Up to `request.limit` videos that pass `request.allowed`, each with its score, or None: `score` is asked for
        all candidates at once then. `answers` to `asks`, in order, without payloads.
        """
        ...

    def score(self, request: SourceRequest, videos: Mapping[str, IndexedVideo]) -> Scores:
        """Scores of candidates, its own and the others'; those that it can say nothing of are left out."""
        ...


def found_in(answers: Iterable[Sequence[Hit]]) -> Candidates:
    """The record's ids of all that was found, in order, to be scored."""
    return dict.fromkeys(video_id(hit.id) for answer in answers for hit in answer)
