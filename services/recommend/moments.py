"""Search for moments: the stretch of a video that answers the query, with a time to jump to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from uuid import UUID

from services.library.index.asks import Near
from services.library.index.port import Collection, Filter
from services.library.library import Library
from services.recommend.filters import SearchFilters
from services.recommend.indexed import IndexedVideo, point_id
from services.recommend.models import QueryModels
from services.recommend.reasons import Reason, overlapping
from services.recommend.scores import SourceScore, fuse, total
from services.recommend.search import query_vectors
from services.recommend.search_why import explain_lines

MAX_FILTERED_VIDEOS = 10_000
"""Most videos that a filtered moment search looks into."""


@dataclass(frozen=True, slots=True)
class MomentWeights:
    """What each source's normalised score counts among moments."""

    text: float = 0.5
    visual: float = 0.25
    lexical: float = 0.25


@dataclass(frozen=True, slots=True)
class MomentHit:
    """A found stretch, [start, end) in seconds from the video's start; `kind` is speech, shot, caption or screen."""

    video_id: str
    title: str | None
    start: float
    end: float
    kind: str | None
    text: str
    score: float
    sources: Mapping[str, SourceScore]
    reasons: tuple[Reason, ...]


def search_moments(
    library: Library,
    models: QueryModels,
    query: str,
    *,
    limit: int = 10,
    filters: SearchFilters | None = None,
    weights: MomentWeights | None = None,
    candidates: int = 100,
    per_video: int = 3,
) -> list[MomentHit]:
    """The moments nearest to the query, best first, at most `per_video` of one video and none overlapping another.

    Filters are about the videos that the moments lie in. Raises `UnknownLabel`.
    """
    query = query.strip()
    if not query:
        return []
    allowed = _videos(library, filters or SearchFilters())
    if allowed is not None and not allowed:
        return []
    where = None if allowed is None else Filter(equals={"video_id": allowed})
    vectors = query_vectors(models, query)
    pool = max(candidates, limit * per_video)
    asks = [Near(name, vector, where, pool) for name, vector in vectors.items()]
    found = dict(zip(vectors, library.index.ask(Collection.MOMENTS, asks), strict=True))
    payloads = {hit.id: hit.payload for hits in found.values() for hit in hits}
    fused = fuse(
        {source: {hit.id: hit.score for hit in hits} for source, hits in found.items()},
        asdict(weights or MomentWeights()),
    )
    kept: dict[str, list[tuple[float, float]]] = {}
    hits: list[MomentHit] = []
    for point in sorted(fused, key=lambda key: (-total(fused[key].values()), key)):
        if len(hits) == limit:
            break
        payload = payloads[point]
        video_id, start, end = str(payload["video_id"]), float(payload["start"]), float(payload["end"])
        taken = kept.setdefault(video_id, [])
        if len(taken) >= per_video or any(start < other_end and other_start < end for other_start, other_end in taken):
            continue
        taken.append((start, end))
        hits.append(_hit(library, query, payload, (video_id, start, end), fused[point], models.vision.near_text))
    return hits


def _videos(library: Library, filters: SearchFilters) -> list[str] | None:
    where = filters.where(library.taxonomy())
    if where is None:
        return None
    stored = library.index.scroll(Collection.VIDEOS, where=where, limit=MAX_FILTERED_VIDEOS)
    return [UUID(point.id).hex for point in stored]


def _hit(
    library: Library,
    query: str,
    payload: Mapping[str, object],
    where: tuple[str, float, float],
    scores: Mapping[str, SourceScore],
    near_looks: float,
) -> MomentHit:
    video_id, start, end = where
    understanding = library.record.understanding(video_id)
    evidence = overlapping(understanding.evidence, start, end) if understanding else ()
    stored = library.index.retrieve(Collection.VIDEOS, [point_id(video_id)])
    kind = payload.get("kind")
    return MomentHit(
        video_id=video_id,
        title=IndexedVideo.of(stored[0].id, stored[0].payload).title if stored else None,
        start=start,
        end=end,
        kind=kind if isinstance(kind, str) else None,
        text=str(payload.get("text") or ""),
        score=total(scores.values()),
        sources=scores,
        reasons=tuple(explain_lines(query, evidence, scores, near_looks)),
    )
