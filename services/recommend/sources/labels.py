"""Labels that the viewer cares for (topics, tags, moods, occasions, creators), the rare ones counting more."""

from __future__ import annotations

from collections.abc import Mapping

from services.library.index.port import Collection
from services.recommend.catalogue import video_id
from services.recommend.filters import also
from services.recommend.indexed import LABEL_FIELDS, IndexedVideo, LabelKey
from services.recommend.profile import CREATOR
from services.recommend.rarity import Rarity
from services.recommend.sources.base import Scores, SourceRequest

_TOP_LABELS = 24
_FILTERED = (*LABEL_FIELDS, CREATOR)


class Labels:
    """Cosine between the viewer's interest in labels and a video's labels weighted by rarity, above 0."""

    name = "labels"
    relative = True
    in_memory = True

    def applies(self, request: SourceRequest) -> bool:
        """Whether the viewer cares for any label."""
        return any(value > 0 for value in request.taste.labels.values())

    def candidates(self, request: SourceRequest) -> Scores:
        """Videos that carry one of the labels the viewer cares for most: near the strongest interest, or any."""
        labels = request.taste.labels
        liked = sorted(
            (
                (value * _rarity(request.rarity, label), label)
                for label, value in labels.items()
                if value > 0 and label.field in _FILTERED
            ),
            key=lambda pair: -pair[0],
        )
        wanted: dict[str, list[str]] = {}
        for _, label in liked[:_TOP_LABELS]:
            wanted.setdefault(label.field, []).append(label.value)
        if not wanted:
            return {}
        aim = next((one.text for one in request.taste.interests if one.text is not None), None)
        each = max(10, request.limit // len(wanted))
        found: list[str] = []
        for name, values in wanted.items():
            where = also(request.allowed, name, values)
            if aim is None:
                found += request.index.sample(Collection.VIDEOS, where=where, limit=each)
                continue
            hits = request.index.query(
                Collection.VIDEOS, using="text", vector=aim, where=where, limit=each, fields=(), quick=True
            )
            found += [hit.id for hit in hits]
        ids = dict.fromkeys(video_id(point) for point in found)
        return self.score(request, request.catalogue.videos(ids))

    def score(self, request: SourceRequest, videos: Mapping[str, IndexedVideo]) -> Scores:
        """How well each video's labels match."""
        return dict(zip(videos, request.rarity.matches(videos.values(), request.cared), strict=True))


def _rarity(rarity: Rarity, label: LabelKey) -> float:
    return 1.0 if label.field == CREATOR else rarity.of(label)
