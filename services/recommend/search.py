"""Search for whole videos: several sources, each with its own score, fused and explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from services.library.index.port import Collection, Filter, Hit, SparseVector, Vector
from services.library.index.schema import LEXICAL
from services.library.index.sparse import encode_query
from services.library.library import Library
from services.recommend.copies import one_of_each, original_of
from services.recommend.filters import SearchFilters, also
from services.recommend.indexed import IndexedVideo, LabelKey
from services.recommend.models import QueryModels
from services.recommend.query_labels import labels_in, tag_candidates
from services.recommend.reasons import Reason
from services.recommend.scores import SourceScore, fuse, total
from services.recommend.search_why import explain_video

MAX_QUERY_CHARACTERS = 500
"""Longest query taken, characters; e5 reads 512 tokens."""


@dataclass(frozen=True, slots=True)
class SearchWeights:
    """What each source's normalised score counts; chosen on labelled clips (`benchmarks.fusion`)."""

    text: float = 0.35
    visual: float = 0.45
    lexical: float = 0.15
    labels: float = 0.05


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A found video: its score, what every source said of it, and why it was found."""

    video_id: str
    title: str | None
    score: float
    duration_s: float | None
    language: str | None
    sources: Mapping[str, SourceScore]
    reasons: tuple[Reason, ...]


def search_videos(
    library: Library,
    models: QueryModels,
    query: str,
    *,
    limit: int = 10,
    filters: SearchFilters | None = None,
    weights: SearchWeights | None = None,
    candidates: int = 100,
) -> list[SearchHit]:
    """The videos nearest to the query, best first.

    Four sources are asked for `candidates` each: `text` (meaning of title, summary, tags and speech), `visual` (what
    frames show), `lexical` (the words themselves) and `labels` (moods, occasions, topics and tags that the query
    names). Their scores are normalised per query and added with `weights`; a source that did not find a video gives
    it nothing. Raises `UnknownLabel` for a filter that the taxonomy does not know.
    """
    query = query.strip()
    if not query:
        return []
    taxonomy = library.taxonomy()
    where = (filters or SearchFilters()).where(taxonomy)
    pool = max(candidates, limit)
    named = labels_in(query, taxonomy)
    found = {
        name: library.index.query(Collection.VIDEOS, using=name, vector=vector, where=where, limit=pool)
        for name, vector in query_vectors(models, query).items()
    }
    found["labels"] = _labelled(library, named, tag_candidates(query), where, pool)
    payloads = {hit.id: hit.payload for hits in found.values() for hit in hits}
    fused = fuse(
        {source: {hit.id: hit.score for hit in hits} for source, hits in found.items()},
        asdict(weights or SearchWeights()),
    )
    ranked = sorted(fused, key=lambda point: (-total(fused[point].values()), point))
    ranked = one_of_each(ranked, lambda point: original_of(point, payloads[point]))[:limit]
    hits = []
    for point in ranked:
        video = IndexedVideo.of(point, payloads[point])
        hits.append(
            SearchHit(
                video_id=video.video_id,
                title=video.title,
                score=total(fused[point].values()),
                duration_s=video.duration_s,
                language=video.language,
                sources=fused[point],
                reasons=explain_video(
                    query,
                    named,
                    video,
                    library.record.understanding(video.video_id),
                    fused[point],
                    taxonomy,
                    models.vision.near_text,
                ),
            )
        )
    return hits


def query_vectors(models: QueryModels, query: str) -> dict[str, Vector | SparseVector]:
    """The query in every space that is searched; no lexical vector for a query without words that count."""
    vectors: dict[str, Vector | SparseVector] = {
        "text": models.text.embed_queries([query])[0],
        "visual": models.vision.embed_texts([query])[0],
    }
    words = encode_query(query)
    if words.indices:
        vectors[LEXICAL] = words
    return vectors


def _labelled(
    library: Library, named: tuple[LabelKey, ...], tags: tuple[str, ...], where: Filter | None, limit: int
) -> list[Hit]:
    """Videos that carry a label which the query names; the score is the number of kinds of label that match."""
    wanted: dict[str, list[str]] = {"tags": list(tags)} if tags else {}
    for label in named:
        wanted.setdefault(label.field, []).append(label.value)
    payloads: dict[str, Mapping[str, object]] = {}
    scores: dict[str, float] = {}
    for field, values in wanted.items():
        for stored in library.index.scroll(Collection.VIDEOS, where=also(where, field, values), limit=limit):
            payloads[stored.id] = stored.payload
            scores[stored.id] = scores.get(stored.id, 0.0) + 1.0
    return [Hit(point, score, payloads[point]) for point, score in scores.items()]
