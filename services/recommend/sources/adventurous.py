"""Something else: near an interest, but about a topic that the viewer has not watched."""

from __future__ import annotations

from collections.abc import Mapping

from services.library.index.port import Collection, Filter
from services.recommend.catalogue import video_id
from services.recommend.indexed import IndexedVideo
from services.recommend.sources.base import Scores, SourceRequest

_MAX_PAIRS = 3
_MAX_AIMS = 3


class Adventurous:
    """Qdrant's discovery search around interests, with the viewer's known topics shut out.

    Where the viewer turned videos down, they are the far side of each pair, so that what is alike to them comes last.
    """

    name = "adventurous"
    relative = True
    in_memory = True

    def applies(self, request: SourceRequest) -> bool:
        """Whether it is known what would be new."""
        return bool(request.taste.topics) and any(one.text is not None for one in request.taste.interests)

    def candidates(self, request: SourceRequest) -> Scores:
        """The nearest outside of the known topics."""
        return self._near(request, outside(request.allowed, request.taste.topics), request.limit)

    def score(self, request: SourceRequest, videos: Mapping[str, IndexedVideo]) -> Scores:
        """A video about a known topic is no adventure and scores nothing; the others are left unscored too: how near
        they are, the source `meaning` says.
        """
        return {}

    @staticmethod
    def _near(request: SourceRequest, where: Filter, limit: int) -> Scores:
        aims = [one.text for one in request.taste.interests if one.text is not None][:_MAX_AIMS]
        found: Scores = {}
        for aim in aims:
            pairs = [(aim, far) for far in request.taste.avoided[:_MAX_PAIRS]]
            hits = request.index.discover(
                Collection.VIDEOS,
                using="text",
                target=aim,
                pairs=pairs,
                where=where,
                limit=max(5, limit // (4 * len(aims))),
                fields=(),
                quick=True,
            )
            for hit in hits:
                one = video_id(hit.id)
                found[one] = max(found.get(one, hit.score), hit.score)
        return found


def outside(allowed: Filter, topics: Mapping[str, float]) -> Filter:
    """`allowed`, and about none of these topics, but about one at all."""
    return Filter(
        equals=allowed.equals,
        excludes={**allowed.excludes, "topics": [*allowed.excludes.get("topics", ()), *topics]},
        ranges=allowed.ranges,
        ids=allowed.ids,
        not_ids=allowed.not_ids,
        within=allowed.within,
        without=allowed.without,
    )
