"""Something else: near an interest, but about a topic that the viewer has not watched."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.library.index.asks import Ask, Near, Toward
from services.library.index.port import Filter, Hit
from services.recommend.catalogue import video_id
from services.recommend.indexed import IndexedVideo
from services.recommend.sources.base import Candidates, Scores, SourceRequest

_MAX_PAIRS = 3


class Adventurous:
    """Qdrant's discovery search around an interest, with the viewer's known topics shut out.

    Where the viewer turned videos down, they are the far side of each pair, so that what is alike to them comes last.
    """

    name = "adventurous"
    relative = True
    in_memory = True

    def applies(self, request: SourceRequest) -> bool:
        """Whether it is known what would be new."""
        return bool(request.taste.topics) and any(one.text is not None for one in request.taste.interests)

    def asks(self, request: SourceRequest) -> Sequence[Ask]:
        """The nearest outside of the known topics, around one interest: another one with the next request.

        The index passes by all that is near and known, so each direction costs several times what a source asks else.
        """
        aims = [(one.text, one.weight) for one in request.taste.interests if one.text is not None]
        chance = random.Random(f"aim:{request.seed}")  # noqa: S311 (no secret)
        aim = chance.choices([text for text, _ in aims], [weight for _, weight in aims])[0]
        where, limit = outside(request.allowed, request.taste.topics), max(5, request.limit // 4)
        pairs = [(aim, far) for far in request.taste.avoided[:_MAX_PAIRS]]
        return [Toward("text", aim, pairs, where, limit) if pairs else Near("text", aim, where, limit)]

    def candidates(self, request: SourceRequest, answers: Sequence[Sequence[Hit]]) -> Candidates:
        """What was found, with the discovery search's own scores."""
        found: Scores = {}
        for hits in answers:
            for hit in hits:
                one = video_id(hit.id)
                found[one] = max(found.get(one, hit.score), hit.score)
        return found

    def score(self, request: SourceRequest, videos: Mapping[str, IndexedVideo]) -> Scores:
        """A video about a known topic is no adventure and scores nothing; the others are left unscored too: how near
        they are, the source `meaning` says.
        """
        return {}


def outside(allowed: Filter, topics: Mapping[str, float]) -> Filter:
    """`allowed`, and about none of these topics, but about one at all."""
    return replace(allowed, excludes={**allowed.excludes, "topics": [*allowed.excludes.get("topics", ()), *topics]})
