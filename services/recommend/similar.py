"""More like this: the videos nearest to one video, by meaning and by looks, and what they have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.library.index.port import Collection, Filter, Hit
from services.library.library import Library
from services.library.taxonomy import Taxonomy
from services.library.understanding import Bilingual, EvidenceKind, Understanding
from services.recommend.alike import ALIKE_IN_LOOKS, ALIKE_IN_MEANING
from services.recommend.indexed import IndexedVideo, LabelKey, label_names, point_id
from services.recommend.interest_vectors import direction
from services.recommend.rarity import Rarity
from services.recommend.reasons import Reason, find_label
from services.recommend.scores import SourceScore, fuse, total
from services.recommend.search import SearchHit

MAX_SHARED = 3
"""Most shared labels that a reason names."""


@dataclass(frozen=True, slots=True)
class SimilarWeights:
    """What each source's normalised score counts."""

    text: float = 0.6
    visual: float = 0.4


def similar_videos(
    library: Library,
    video_id: str,
    *,
    limit: int = 10,
    weights: SimilarWeights | None = None,
    candidates: int = 50,
) -> list[SearchHit]:
    """The videos nearest to this one, best first, never itself; empty for a video that is not in the index.

    Frames are compared by their mean direction with each other video's nearest frame. Every hit says what it shares:
    labels that both are stored with, pictures or content that are alike beyond chance, or else only that nothing
    is nearer.
    """
    weights = weights or SimilarWeights()
    own = library.index.retrieve(Collection.VIDEOS, [point_id(video_id)], with_vectors=True)
    if not own:
        return []
    anchor = IndexedVideo.of(own[0].id, own[0].payload)
    found: dict[str, Mapping[str, float]] = {}
    hits: dict[str, Hit] = {}
    for using in ("text", "visual"):
        vector = direction(own[0], using)
        if vector is None:
            continue
        nearest = library.index.query(
            Collection.VIDEOS,
            using=using,
            vector=vector,
            where=Filter(not_ids=(anchor.point_id,)),
            limit=max(candidates, limit),
        )
        found[using] = {hit.id: hit.score for hit in nearest}
        hits.update({hit.id: hit for hit in nearest})
    fused = fuse(found, {"text": weights.text, "visual": weights.visual})
    best = sorted(fused, key=lambda point: (-total(fused[point].values()), point))[:limit]
    taxonomy, rarity = library.taxonomy(), Rarity(library.index)
    documents = library.record.understandings([IndexedVideo.of(point, hits[point].payload).video_id for point in best])
    answer = []
    for point in best:
        video = IndexedVideo.of(point, hits[point].payload)
        answer.append(
            SearchHit(
                video_id=video.video_id,
                title=video.title,
                score=total(fused[point].values()),
                duration_s=video.duration_s,
                language=video.language,
                sources=fused[point],
                reasons=_reasons(anchor, video, documents.get(video.video_id), fused[point], taxonomy, rarity),
            )
        )
    return answer


def _reasons(
    anchor: IndexedVideo,
    video: IndexedVideo,
    understanding: Understanding | None,
    scores: Mapping[str, SourceScore],
    taxonomy: Taxonomy,
    rarity: Rarity,
) -> tuple[Reason, ...]:
    reasons = []
    text, looks = scores.get("text"), scores.get("visual")
    shared = sorted((label for label in video.labels if label in anchor.labels), key=lambda key: -rarity.of(key))
    content = text.contribution if text else 0.0
    if shared:
        reasons.append(_shared(shared[:MAX_SHARED], understanding, taxonomy, content))
    elif text is not None and text.raw >= ALIKE_IN_MEANING:
        reasons.append(Reason("text", Bilingual(en="Close in content.", zh="内容相近。"), content))
    if looks is not None and looks.raw >= ALIKE_IN_LOOKS:
        lines = understanding.evidence if understanding else ()
        frames = tuple(line.id for line in lines if line.kind is EvidenceKind.FRAME and not line.is_manner)[:3]
        reasons.append(
            Reason("visual", Bilingual(en="The pictures are alike.", zh="画面相似。"), looks.contribution, frames)
        )
    if not reasons:
        nothing = Bilingual(en="Nothing nearer was found.", zh="没有更相近的视频。")
        reasons.append(Reason("text", nothing, content))
    return tuple(reasons)


def _shared(
    labels: list[LabelKey], understanding: Understanding | None, taxonomy: Taxonomy, contribution: float
) -> Reason:
    names: list[tuple[str, str]] = []
    evidence: list[str] = []
    for key in labels:
        label = find_label(key, understanding)
        names.append((label.label, label.label_zh) if label else label_names(key, taxonomy))
        evidence += label.evidence if label else ()
    text = Bilingual(
        en=f"Both: {', '.join(en for en, _ in names)}.", zh=f"共同点：{'、'.join(zh for _, zh in names)}。"
    )
    return Reason("text", text, contribution, tuple(dict.fromkeys(evidence)), tuple(labels))
