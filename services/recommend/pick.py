"""The list: the best of the blend, varied, without copies, each item checked once more on its document."""

from __future__ import annotations

from collections.abc import Mapping

from services.library.record.store import Record
from services.library.understanding import Understanding
from services.recommend.answer import Ask
from services.recommend.filters import document_allows
from services.recommend.indexed import IndexedVideo
from services.recommend.policies import Policy
from services.recommend.ranking import Ranked
from services.recommend.variety import Variety, diversify, newcomer_places

POOL = 60
"""Best candidates that a list is chosen from, or five times its length."""

_MAX_ROUNDS = 5


def pick(
    ask: Ask, ranked: Ranked, policy: Policy, record: Record
) -> tuple[list[IndexedVideo], Mapping[str, Understanding]]:
    """The list, each item checked once more on its document; what fails makes room for another."""
    request = ranked.request
    scores = ranked.blended.totals
    new = ranked.gathered.scores.get("unexplored", {})
    best = ranked.blended.ranked()[: max(POOL, ask.limit * 5)]
    worth = sorted(new, key=lambda one: (-new[one], one))[: ask.limit]
    pool = [ranked.gathered.videos[one] for one in dict.fromkeys((*best, *(one for one in worth if one in scores)))]
    # A copy of what was seen was seen, and so was what it is a copy of. What left the index, the record knows.
    seen = request.catalogue.videos(request.taste.seen)
    gone = [one for one in request.taste.seen if one not in seen]
    taken = {*request.taste.seen, *(video.original for video in seen.values()), *record.originals_of(gone)}
    pool = [video for video in pool if video.original not in taken]
    variety = Variety(
        policy.relevance,
        policy.per_creator,
        policy.calibration,
        request.taste.topics,
        new,
        newcomer_places(ask.limit, policy.exploration_share, request.seed),
    )
    ids = [video.video_id for video in pool]
    vectors = request.catalogue.texts(ids)
    groups = {video.video_id: video.original for video in pool}
    documents: dict[str, Understanding] = {}
    picks: list[IndexedVideo] = []
    for _ in range(_MAX_ROUNDS):
        picks = diversify(pool, scores, vectors, limit=ask.limit, variety=variety, groups=groups)
        documents |= record.understandings(video.video_id for video in picks if video.video_id not in documents)
        refused = {
            video.video_id
            for video in picks
            if video.video_id not in documents
            or not document_allows(documents[video.video_id], request.taste, request.context.language)
        }
        if not refused:
            return picks, documents
        pool = [video for video in pool if video.video_id not in refused]
        picks = [video for video in picks if video.video_id not in refused]
    return picks, documents
