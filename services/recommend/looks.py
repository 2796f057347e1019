"""Which of the videos behind a viewer's interests a pick looks like."""

from __future__ import annotations

from collections.abc import Sequence

from services.library.index.asks import Near
from services.library.index.port import Collection, Filter
from services.recommend.catalogue import video_id
from services.recommend.indexed import point_id
from services.recommend.sources.base import SourceRequest


def nearest_looks(request: SourceRequest, picks: Sequence[str]) -> dict[str, tuple[str, float]]:
    """Per pick, the video in the middle of an interest whose mean frame is nearest to one of its frames, and the
    cosine.
    """
    where = Filter(within=request.index.prepare(Collection.VIDEOS, Filter(ids=[point_id(one) for one in picks])))
    interests = [interest for interest in request.taste.interests[:2] if interest.looks is not None]
    asks = [Near("visual", one.looks, where, len(picks)) for one in interests if one.looks is not None]
    best: dict[str, tuple[str, float]] = {}
    for interest, hits in zip(interests, request.index.ask(Collection.VIDEOS, asks, fields=()), strict=True):
        for hit in hits:
            one = video_id(hit.id)
            if one not in best or hit.score > best[one][1]:
                best[one] = (interest.videos[0], hit.score)
    return best
