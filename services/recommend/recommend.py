"""Recommendations from content: sources, hard filters, one linear blend, variety, reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from services.library.index.port import Collection, Filter, Hit, Stored
from services.library.library import Library
from services.library.safety import Severity, load_rules
from services.library.taxonomy import Taxonomy
from services.recommend.context import Context, ResolvedContext, resolve_context
from services.recommend.explain import Explainer
from services.recommend.indexed import IndexedVideo
from services.recommend.profile import Profile, ProfileParameters, Rarity, build_profile
from services.recommend.reasons import Reason
from services.recommend.scores import SourceScore, normalise, total
from services.recommend.sources import (
    Near,
    fit_score,
    fitting,
    fresh_score,
    label_score,
    mean_direction,
    near_anchors,
    newest,
    published_times,
    seen_filter,
    with_liked_labels,
)
from services.recommend.variety import diversify


@dataclass(frozen=True, slots=True)
class RecommendWeights:
    """What each source counts in the blend: nearness in meaning and looks, shared labels, fit to mood and occasion,
    freshness. Sources that have nothing to go by in a request are left out and the others share their weight.
    """

    meaning: float = 0.30
    looks: float = 0.15
    labels: float = 0.25
    fit: float = 0.20
    fresh: float = 0.10


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One pick: its score in [0, 1], what every source gave, and one to three reasons."""

    video_id: str
    title: str | None
    creator: str | None
    duration_s: float | None
    score: float
    sources: Mapping[str, SourceScore]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Recommendations:
    """A feed. `basis` says what it rests on; `note` says why it is empty or short, in words, when it is."""

    items: tuple[Recommendation, ...]
    basis: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class _Candidates:
    videos: Mapping[str, IndexedVideo]
    near: Mapping[str, Mapping[str, Near]]


def recommend(
    library: Library,
    user: str,
    *,
    context: Context | None = None,
    limit: int = 10,
    weights: RecommendWeights | None = None,
    parameters: ProfileParameters | None = None,
    per_source: int = 100,
    now: datetime | None = None,
) -> Recommendations:
    """Videos for a viewer, best first, none that they saw, none with a severe safety label.

    No model runs: everything was embedded when the videos were published. A viewer of whom nothing is known gets a
    feed from the context, freshness and variety. Raises `UnknownLabel` for a context the taxonomy does not know.
    """
    now = now or datetime.now(UTC)
    taxonomy = library.taxonomy()
    resolved = resolve_context(context or Context(), taxonomy)
    index = library.index
    rarity = Rarity(index)
    profile = build_profile(index, library.record.events(user), now=now, rarity=rarity, parameters=parameters)
    found = _candidates(library, profile, resolved, per_source)
    published = published_times(library.record, found.videos.values())
    scores = _blend(found, profile, resolved, taxonomy, rarity, published, now, weights or RecommendWeights())
    totals = {point: total(parts.values()) for point, parts in scores.items()}
    picked = _pick(library, found, totals, limit)
    explainer = Explainer(library.record, taxonomy, rarity, profile, resolved, found.near, published)
    items = tuple(
        Recommendation(
            video_id=video.video_id,
            title=video.title,
            creator=video.creator,
            duration_s=video.duration_s,
            score=totals[video.point_id],
            sources=scores[video.point_id],
            reasons=explainer.reasons(video, scores[video.point_id]),
        )
        for video in picked
    )
    return Recommendations(items, _basis(profile, resolved), _note(library, profile, items, limit))


def _candidates(library: Library, profile: Profile, context: ResolvedContext, limit: int) -> _Candidates:
    index = library.index
    # The payload names categories; how bad each is, the rules say that raised them.
    unsafe = [category.slug for category in load_rules().categories if category.severity is Severity.HIGH]
    where = seen_filter(profile, context, unsafe)
    meaning, near_text = near_anchors(index, profile.anchors, "text", where, limit)
    looks, near_looks = near_anchors(index, profile.anchors, "visual", where, limit)
    points: Iterable[Stored | Hit] = [
        *near_text.values(),
        *near_looks.values(),
        *with_liked_labels(index, profile, where, limit),
        *fitting(index, context, where, limit),
        *newest(index, library.record, where, limit),
        *index.scroll(Collection.VIDEOS, where=_unless_empty(where), limit=limit),
    ]
    videos = {point.id: IndexedVideo.of(point.id, point.payload) for point in points}
    return _Candidates(videos, {"meaning": meaning, "looks": looks})


def _blend(
    found: _Candidates,
    profile: Profile,
    context: ResolvedContext,
    taxonomy: Taxonomy,
    rarity: Rarity,
    published: Mapping[str, float],
    now: datetime,
    weights: RecommendWeights,
) -> dict[str, dict[str, SourceScore]]:
    """Per candidate and source: raw score, score in this request, and its share of the sum; the shares add up to 1."""
    raw: dict[str, dict[str, float]] = {
        source: {point: near.score for point, near in nearest.items()} for source, nearest in found.near.items()
    }
    everyone = found.videos.items()
    raw["labels"] = {point: label_score(video, profile, rarity) for point, video in everyone} if profile.labels else {}
    raw["fit"] = {} if context.empty else {point: fit_score(video, context, taxonomy) for point, video in everyone}
    raw["fresh"] = {point: fresh_score(when, now) for point, when in published.items()}
    # Nearness is only comparable within a request; the other scores mean the same everywhere and stay as they are.
    scaled = {source: normalise(values) if source in found.near else values for source, values in raw.items() if values}
    named = asdict(weights)
    whole = sum(named[source] for source in scaled) or 1.0
    blended: dict[str, dict[str, SourceScore]] = {point: {} for point in found.videos}
    for source, values in scaled.items():
        for point, value in values.items():
            blended[point][source] = SourceScore(raw[source][point], value, named[source] / whole * value)
    return blended


def _pick(library: Library, found: _Candidates, totals: Mapping[str, float], limit: int) -> list[IndexedVideo]:
    ranked = sorted(found.videos, key=lambda point: (-totals[point], point))
    safe: list[IndexedVideo] = []
    for point in ranked:
        if len(safe) == max(limit * 5, 50):
            break
        if not _severe(library, found.videos[point].video_id):
            safe.append(found.videos[point])
    stored = library.index.retrieve(Collection.VIDEOS, [video.point_id for video in safe], with_vectors=True)
    vectors = {point.id: vector for point in stored if (vector := mean_direction(point, "text")) is not None}
    return diversify(safe, totals, vectors, limit=limit)


def _severe(library: Library, video_id: str) -> bool:
    """Checked on the document as well as in the filter: a payload that lags behind must not let a video through."""
    understanding = library.record.understanding(video_id)
    return understanding is not None and any(label.severity == Severity.HIGH for label in understanding.safety)


def _basis(profile: Profile, context: ResolvedContext) -> str:
    if not profile.cold:
        return "interactions" if context.empty else "interactions and context"
    return "cold start" if context.empty else "cold start with context"


def _note(library: Library, profile: Profile, items: tuple[Recommendation, ...], limit: int) -> str | None:
    if len(items) >= limit:
        return None
    total_videos = library.index.count(Collection.VIDEOS)
    if total_videos == 0:
        return "The library has no videos yet: `reelwise analyze` or POST /v1/videos adds some."
    if items:
        return f"Only {len(items)} of {total_videos} videos are left after what was seen and what was asked for."
    if len(profile.seen) >= total_videos:
        return f"All {total_videos} videos were seen already."
    return "No video passes what was asked for (language, safety, already seen)."


def _unless_empty(where: Filter) -> Filter | None:
    return where if where.equals or where.excludes or where.not_ids else None
