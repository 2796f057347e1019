"""Search for whole videos: several sources, each with its own score, fused and explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from services.library.index.asks import Near
from services.library.index.port import Collection, Filter, SparseVector, Vector
from services.library.index.schema import LEXICAL
from services.library.index.sparse import encode_query
from services.library.library import Library
from services.recommend.catalogue import FIELDS
from services.recommend.filters import SearchFilters, also
from services.recommend.indexed import IndexedVideo, LabelKey
from services.recommend.models import QueryModels
from services.recommend.query_labels import labels_in, tag_candidates
from services.recommend.reasons import Reason
from services.recommend.scores import SourceScore, fuse, total
from services.recommend.search_why import explain_video

MAX_QUERY_CHARACTERS = 500
"""Longest query taken, characters; e5 reads 512 tokens."""

_READ_AT_ONCE = 50


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
    vectors = query_vectors(models, query)
    # Reading payloads costs more than finding points, so none is read but of what is shown.
    asks = [Near(name, vector, where, pool) for name, vector in vectors.items()]
    answers = library.index.ask(Collection.VIDEOS, asks, fields=())
    found = {name: {hit.id: hit.score for hit in hits} for name, hits in zip(vectors, answers, strict=True)}
    found["labels"] = _labelled(library, named, tag_candidates(query), where, pool)
    fused = fuse(found, asdict(weights or SearchWeights()))
    videos = _best(library, sorted(fused, key=lambda point: (-total(fused[point].values()), point)), limit)
    documents = library.record.understandings(video.video_id for video in videos)
    return [
        SearchHit(
            video_id=video.video_id,
            title=video.title,
            score=total(fused[video.point_id].values()),
            duration_s=video.duration_s,
            language=video.language,
            sources=fused[video.point_id],
            reasons=explain_video(
                query,
                named,
                video,
                documents.get(video.video_id),
                fused[video.point_id],
                taxonomy,
                models.vision.near_text,
            ),
        )
        for video in videos
    ]


def _best(library: Library, ranked: Sequence[str], limit: int) -> list[IndexedVideo]:
    """The first `limit` of these points without copies of each other, as the index has them."""
    found: dict[str, IndexedVideo] = {}
    for start in range(0, len(ranked), _READ_AT_ONCE):
        some = ranked[start : start + _READ_AT_ONCE]
        for stored in library.index.retrieve(Collection.VIDEOS, some, fields=FIELDS):
            video = IndexedVideo.of(stored.id, stored.payload)
            found.setdefault(video.original, video)
            if len(found) == limit:
                return list(found.values())
    return list(found.values())


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
) -> dict[str, float]:
    """Points that carry a label which the query names, with the number of kinds of label that match."""
    wanted: dict[str, list[str]] = {"tags": list(tags)} if tags else {}
    for label in named:
        wanted.setdefault(label.field, []).append(label.value)
    scores: dict[str, float] = {}
    for field, values in wanted.items():
        carrying = library.index.scroll(Collection.VIDEOS, where=also(where, field, values), limit=limit, fields=())
        for stored in carrying:
            scores[stored.id] = scores.get(stored.id, 0.0) + 1.0
    return scores
