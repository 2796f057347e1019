"""The viewer's own videos that a trained model's score rests on, where the record holds somebody who shows it."""

from __future__ import annotations

from collections.abc import Iterable

from services.library.record.store import Record
from services.recommend.sources.base import SourceRequest
from services.recommend.sources.learnt import FoldedViewer
from services.recommend.taste import TAKEN_RATIO

_TRIED = 2
"""Videos of the viewer that are looked up for a pick, those that carry most of its score."""


class Anchors:
    """Looks up, for one answer, what a model's reasons rest on."""

    def __init__(self, request: SourceRequest, viewer: FoldedViewer, record: Record, *, later: bool) -> None:
        self._request, self._viewer, self._record, self._later = request, viewer, record, later

    def of(self, videos: Iterable[str]) -> dict[str, str]:
        """Per video, the one that the viewer took to, as somebody else did who took to this one as well; with `later`,
        after it. Those for which there is nobody are left out.
        """
        return self._record.somebody_took_to_both(
            {video: self._causes(video) for video in videos},
            but=self._request.taste.user,
            watched_ratio=TAKEN_RATIO,
            later=self._later,
        )

    def _causes(self, video: str) -> list[str]:
        taken = self._request.taste.taken
        parts = [anchor for anchor, part in self._viewer.causes(video) if part > 0 and anchor in taken]
        return parts[:_TRIED]
