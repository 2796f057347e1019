"""What a trained model says of a viewer: those of the same taste took to it, or it is what such viewers go on to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from services.library.index.asks import Ask
from services.library.index.port import Hit
from services.recommend.indexed import IndexedVideo
from services.recommend.sources.base import Candidates, Scores, SourceRequest


class FoldedViewer(Protocol):
    """A viewer as a trained model sees them."""

    def best(self, limit: int, *, without: Sequence[str] = ()) -> list[tuple[str, float]]:
        """(video id, score), best first."""
        ...

    def score(self, video_ids: Sequence[str]) -> dict[str, float]:
        """Scores of the videos that the model can say anything of."""
        ...

    def causes(self, video_id: str) -> list[tuple[str, float]]:
        """Which of the viewer's videos carry a score: (video id, part of it), most first."""
        ...


FoldIn = Callable[[SourceRequest], FoldedViewer | None]
"""A request -> its viewer; None when the model can say nothing of them."""


class Learnt:
    """A source on a trained model. A viewer is folded in once a request."""

    relative = True
    in_memory = True

    def __init__(self, name: str, fold_in: FoldIn) -> None:
        self.name = name
        self._fold_in = fold_in

    def viewer(self, request: SourceRequest) -> FoldedViewer | None:
        """The viewer of the request in the model."""
        if self.name not in request.folded:
            request.folded[self.name] = self._fold_in(request) if request.taste.taken else None
        viewer: FoldedViewer | None = request.folded[self.name]
        return viewer

    def applies(self, request: SourceRequest) -> bool:
        """Whether there is a model, and it knows something that the viewer took to."""
        return self.viewer(request) is not None

    def asks(self, _request: SourceRequest) -> Sequence[Ask]:
        """Nothing: the model knows."""
        return ()

    def candidates(self, request: SourceRequest, _answers: Sequence[Sequence[Hit]]) -> Candidates:
        """The model's best that pass the filter."""
        viewer = self.viewer(request)
        if viewer is None:
            return {}
        best = [one for one, _ in viewer.best(request.limit * 2, without=request.taste.seen)]
        return dict.fromkeys(request.catalogue.allowed(best, request.allowed)[: request.limit])

    def score(self, request: SourceRequest, videos: Mapping[str, IndexedVideo]) -> Scores:
        """What the model says of these."""
        viewer = self.viewer(request)
        return {} if viewer is None else viewer.score(list(videos))
