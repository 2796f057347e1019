"""What is answered where the index is out of reach or no source has a candidate: trending and new videos, from the
record alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from services.library.record.events import EventKind
from services.library.understanding import Bilingual, Understanding
from services.recommend import claims as c
from services.recommend.answer import Ask, Basis, Recommendation, Recommendations
from services.recommend.context import resolve_context
from services.recommend.filters import document_allows
from services.recommend.indexed import LabelKey
from services.recommend.policies import Chosen
from services.recommend.ranking import dropped_by
from services.recommend.reasons import Reason
from services.recommend.scores import SourceScore
from services.recommend.sources.base import Trend
from services.recommend.taste import Taste
from services.recommend.viewed import Viewed
from services.recommend.wording import phrasings

if TYPE_CHECKING:
    from services.recommend.recommend import Recommender

_PAGE = 50


def fall_back(
    recommender: Recommender, ask: Ask, viewed: Viewed, chosen: Chosen, now: datetime, request_id: str, why: str
) -> Recommendations:
    """Trending videos first, then the newest; the hard filters are applied to the documents. `why` is a sentence."""
    context = resolve_context(ask.context, recommender.taxonomy, now)
    taste = Taste(ask.user, tuple(viewed.events), tuple(viewed.edits))
    trends = recommender.standing.trends(context.audience)
    newest = recommender.standing.newest()
    out = {*taste.seen, *dropped_by(viewed.shown, chosen.policy)}
    ranked = [one for one in dict.fromkeys((*trends, *newest)) if one not in out]
    ranked.sort(key=lambda one: viewed.shown.get(one, 0))  # what was shown lately steps back
    record = recommender.library.record
    ages = {one: place for place, one in enumerate(newest)}
    items: list[Recommendation] = []
    said: set[str] = set()
    for start in range(0, len(ranked), _PAGE):
        page = ranked[start : start + _PAGE]
        acted = record.acted_on(ask.user, page)
        documents = record.understandings(one for one in page if one not in acted)
        for one in page:
            document = documents.get(one)
            if document is None or not document_allows(document, taste, context.language):
                continue
            items.append(_item(document, one, trends, ages, said))
            if len(items) == ask.limit:
                break
        if len(items) == ask.limit:
            break
    grounds = (Basis.TRENDS, Basis.CONTENT) if trends else (Basis.CONTENT,)
    note = None if items else "Nothing can be recommended from the record alone."
    return Recommendations(
        request_id,
        tuple(items),
        "fallback: trends and new videos from the record" if trends else "fallback: new videos from the record",
        grounds,
        chosen.name,
        chosen.variant,
        note,
        fallback=why,
        language="zh" if context.language == "zh" else "en",
    )


def _item(
    document: Understanding, video: str, trends: Mapping[str, Trend], ages: Mapping[str, int], said: set[str]
) -> Recommendation:
    most = math.log1p(max((trend.score for trend in trends.values()), default=0.0)) or 1.0
    trend = trends.get(video)
    scores: dict[str, SourceScore] = {}
    if trend is not None:
        value = math.log1p(trend.score) / most
        scores["trending"] = SourceScore(trend.score, value, 0.7 * value)
    if video in ages:
        value = 1.0 - ages[video] / max(1, len(ages))
        scores["fresh"] = SourceScore(float(ages[video]), value, 0.3 * value)
    claims: list[tuple[str, c.Claim, tuple[str, ...], tuple[LabelKey, ...]]] = []
    counts = tuple(
        (kind, count)
        for kind in (EventKind.LIKE, EventKind.FAVOURITE, EventKind.SHARE, EventKind.PLAY)
        if trend is not None and (count := trend.counts.get(kind, 0)) > 0
    )
    if counts:
        claims.append(("trending", c.TakenUp(counts[:2], 3), (), ()))
    about = next((label for label in document.topics if label.slug), None)
    if about is not None and about.slug is not None:
        key = LabelKey("topics", about.slug)
        named = c.Named(key, Bilingual(en=about.label, zh=about.label_zh))
        claims.append(("fresh", c.ForVariety(named), about.evidence, (key,)))
    if not claims:
        claims.append(("fresh", c.ForVariety(None), (), ()))
    source, claim, evidence, labels = claims[0]
    ways = phrasings(claim)
    text = next((way for way in ways if way.en not in said), ways[0])
    said.add(text.en)
    share = scores[source].contribution if source in scores else 0.0
    return Recommendation(
        video_id=video,
        title=document.video.title,
        creator=document.video.creator,
        duration_s=document.video.duration_s,
        score=sum(score.contribution for score in scores.values()),
        sources=scores,
        reasons=(Reason(source, text, share, evidence, labels, claim=claim),),
    )
