"""What viewers of the same taste took to: a plug for whatever model knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from services.library.index.asks import Ask
from services.library.index.port import Hit
from services.library.record.events import Event
from services.recommend.indexed import IndexedVideo
from services.recommend.sources.base import Scores, SourceRequest


class FoldedViewer(Protocol):
    """A viewer as a trained model sees them."""

    def best(self, limit: int, *, without: Sequence[str] = ()) -> list[tuple[str, float]]:
        """(video id, score), best first."""
        ...

    def score(self, video_ids: Sequence[str]) -> dict[str, float]:
        """Scores of the videos that the model knows."""
        ...

    def causes(self, video_id: str) -> list[tuple[str, float]]:
        """Which of the viewer's videos carry a score: (video id, part of it), most first."""
        ...


FoldIn = Callable[[Sequence[Event]], FoldedViewer | None]
"""Events of a viewer, newest first -> the viewer, None when the model can say nothing of them."""


class CollaborativeSource:
    """A source on a trained model. Folding a viewer in is cheap and done at each question."""

    name = "collaborative"
    relative = True

    def __init__(self, fold_in: FoldIn) -> None:
        self.fold_in = fold_in

    def applies(self, request: SourceRequest) -> bool:
        """Whether there is a model, and it knows something that the viewer took to."""
        return bool(request.taste.taken) and self.fold_in(request.taste.events) is not None

    def asks(self, _request: SourceRequest) -> Sequence[Ask]:
        """Nothing: the model knows."""
        return ()

    def candidates(self, request: SourceRequest, _answers: Sequence[Sequence[Hit]]) -> Scores:
        """The model's best that pass the filter."""
        viewer = self.fold_in(request.taste.events)
        if viewer is None:
            return {}
        best = dict(viewer.best(request.limit * 2, without=request.taste.seen))
        return {one: best[one] for one in request.catalogue.allowed(list(best), request.allowed)[: request.limit]}

    def score(self, request: SourceRequest, videos: Mapping[str, IndexedVideo]) -> Scores:
        """What the model says of these."""
        viewer = self.fold_in(request.taste.events)
        return {} if viewer is None else viewer.score(list(videos))
