"""Labels that the viewer cares for (topics, tags, moods, occasions, creators), the rare ones counting more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.library.index.asks import Ask, Drawn, Near
from services.library.index.port import Hit
from services.recommend.indexed import LABEL_FIELDS, IndexedVideo, LabelKey
from services.recommend.profile import CREATOR
from services.recommend.rarity import Rarity
from services.recommend.sources.base import Candidates, Scores, SourceRequest, found_in

_TOP_LABELS = 12
_FILTERED = (*LABEL_FIELDS, CREATOR)


class Labels:
    """Cosine between the viewer's interest in labels and a video's labels weighted by rarity, above 0."""

    name = "labels"
    relative = True
    in_memory = True

    def applies(self, request: SourceRequest) -> bool:
        """Whether the viewer cares for any label."""
        return any(value > 0 for value in request.taste.labels.values())

    def asks(self, request: SourceRequest) -> Sequence[Ask]:
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
            return []
        aim = next((one.text for one in request.taste.interests if one.text is not None), None)
        # Apart from the labels, of which each topic alone has more videos than all creators that a viewer likes.
        creators = {name: values for name, values in wanted.items() if name == CREATOR}
        others = {name: values for name, values in wanted.items() if name != CREATOR}
        filters = [replace(request.allowed, some=some) for some in (others, creators) if some]
        each = request.limit // len(wanted)
        limits = [max(10, each * len(where.some)) for where in filters]
        return [
            Drawn(where, limit) if aim is None else Near("text", aim, where, limit)
            for where, limit in zip(filters, limits, strict=True)
        ]

    def candidates(self, _request: SourceRequest, answers: Sequence[Sequence[Hit]]) -> Candidates:
        """What was found."""
        return found_in(answers)

    def score(self, request: SourceRequest, videos: Mapping[str, IndexedVideo]) -> Scores:
        """How well each video's labels match."""
        return dict(zip(videos, request.rarity.matches(videos.values(), request.cared), strict=True))


def _rarity(rarity: Rarity, label: LabelKey) -> float:
    return 1.0 if label.field == CREATOR else rarity.of(label)
