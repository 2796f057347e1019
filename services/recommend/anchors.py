"""The viewer's own videos that a trained model's score rests on, where the record holds somebody who shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.library.record.store import Record
from services.recommend.explain import carries
from services.recommend.scores import SourceScore
from services.recommend.sources.base import SourceRequest
from services.recommend.sources.learnt import FoldedViewer
from services.recommend.taste import TAKEN_RATIO

_TRIED = 2
"""Videos of the viewer that are looked up for a pick, those that carry most of its score."""

Parts = Mapping[str, Mapping[str, SourceScore]]
"""Per pick, what each source added."""


def anchors(
    request: SourceRequest, source: str, viewer: FoldedViewer | None, picks: Parts, record: Record, *, later: bool
) -> dict[str, str]:
    """Per pick that the source carried, the video that the viewer took to, as somebody else did who took to the pick as
    well; with `later`, after it. Picks without any are left out.
    """
    if viewer is None:
        return {}
    tried = {video: _tried(request, viewer, video) for video, parts in picks.items() if carries(source, parts)}
    return record.somebody_took_to_both(tried, but=request.taste.user, watched_ratio=TAKEN_RATIO, later=later)


def _tried(request: SourceRequest, viewer: FoldedViewer, video: str) -> Sequence[str]:
    parts = [(anchor, part) for anchor, part in viewer.causes(video) if part > 0 and anchor in request.taste.taken]
    return [anchor for anchor, _ in parts[:_TRIED]]
