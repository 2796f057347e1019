"""Every figure of one run over labelled clips."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from benchmarks.captions_zh import chinese_captions
from benchmarks.metrics.calibration import Calibration, calibration
from benchmarks.metrics.claims import claims
from benchmarks.metrics.grounding import CitedTag, Grounding, grounding
from benchmarks.metrics.mood import MoodAccuracy, mood_accuracy, nearest
from benchmarks.metrics.retrieval import Retrieval, chance, rank_of, retrieval
from benchmarks.metrics.screen import is_read, quoted_texts
from benchmarks.metrics.similarity import Embed, remembered
from benchmarks.metrics.tags import Agreement, exact_agreement, soft_agreement, soft_threshold
from benchmarks.metrics.words import tag_key
from benchmarks.run import Analysed, Run
from services.library.taxonomy import load_taxonomy
from services.library.understanding import EvidenceKind
from services.recommend import SearchHit, SearchWeights, search_videos

SOURCES = tuple(asdict(SearchWeights()))
"""The sources that search fuses, by the names of their weights."""


@dataclass(frozen=True, slots=True)
class TagScores:
    """Agreement with people's tags, exactly and at the cosine `threshold`."""

    exact: Agreement
    soft: Agreement
    threshold: float
    given: int
    right: int


@dataclass(frozen=True, slots=True)
class ScreenRecall:
    """Which of the texts that people saw on screen were read."""

    recall: float
    texts: int
    missed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Speed:
    """What the run took. The real-time factor is seconds of video per second; the overhead share is of wall time."""

    real_time_factor: float
    overhead_share: float
    seconds: dict[str, float]
    wall_s: float
    load_s: float
    video_s: float
    peak_mib: int
    peak_child_mib: int


@dataclass(frozen=True, slots=True)
class Scores:
    """All of them. `sources` has each source of search alone; `speed` is None where results were reused.

    `chinese` and `chinese_sources` are the same for captions in Chinese; None and empty where the clips have none.
    """

    retrieval: Retrieval
    sources: dict[str, Retrieval]
    chinese: Retrieval | None
    chinese_sources: dict[str, Retrieval]
    chance: Retrieval
    tags: TagScores
    mood: MoodAccuracy
    screen: ScreenRecall
    grounding: Grounding
    claims: Grounding
    calibration: Calibration
    speed: Speed | None


def evaluate(run: Run) -> Scores:
    """Score a run. Raises `ValueError` where there are too few clips to compare."""
    fused, sources = _found(run, [item.clip.caption for item in run.analysed])
    captions = chinese_captions([item.clip for item in run.analysed])
    chinese, chinese_sources = (None, {}) if captions is None else _found(run, captions)
    embed = remembered(run.runtime.text.embed_queries)
    return Scores(
        retrieval=fused,
        sources=sources,
        chinese=chinese,
        chinese_sources=chinese_sources,
        chance=chance(len(run.analysed)),
        tags=_tags(run.analysed, embed),
        mood=_mood(run.analysed, embed),
        screen=_screen(run.analysed),
        grounding=_grounding(run, embed),
        claims=_claims(run, embed),
        calibration=_calibration(run.analysed, embed),
        speed=_speed(run) if run.fresh else None,
    )


def caption_hits(run: Run, captions: Sequence[str], weights: SearchWeights | None = None) -> dict[str, list[SearchHit]]:
    """What search finds for the captions, one a clip and in their order, by the clip's video id."""
    count = len(run.analysed)
    return {
        item.video_id: search_videos(run.library, run.runtime, caption, limit=count, weights=weights)
        for item, caption in zip(run.analysed, captions, strict=True)
    }


def _found(run: Run, captions: Sequence[str]) -> tuple[Retrieval, dict[str, Retrieval]]:
    """Search as it is, and each of its sources alone."""
    hits = caption_hits(run, captions)
    fused = retrieval([rank_of(item.video_id, [hit.video_id for hit in hits[item.video_id]]) for item in run.analysed])
    return fused, {source: _alone(run.analysed, hits, source) for source in SOURCES}


def _alone(analysed: Sequence[Analysed], hits: dict[str, list[SearchHit]], source: str) -> Retrieval:
    """What one source would find by itself: the order of its own scores."""
    ranks = []
    for item in analysed:
        found = [hit for hit in hits[item.video_id] if source in hit.sources]
        found.sort(key=lambda hit: (-hit.sources[source].raw, hit.video_id))
        ranks.append(rank_of(item.video_id, [hit.video_id for hit in found]))
    return retrieval(ranks)


def _tags(analysed: Sequence[Analysed], embed: Embed) -> TagScores:
    given = [[tag.label for tag in item.understanding.tags] for item in analysed]
    right = [item.clip.tags for item in analysed]
    threshold = soft_threshold(right, embed)
    return TagScores(
        exact=exact_agreement(given, right),
        soft=soft_agreement(given, right, embed, threshold),
        threshold=threshold,
        given=sum(map(len, given)),
        right=sum(map(len, right)),
    )


def _mood(analysed: Sequence[Analysed], embed: Embed) -> MoodAccuracy:
    """People's word becomes the taxonomy's mood of that name, else the one whose name and description are nearest."""
    taxonomy = load_taxonomy()
    texts = [f"{mood.en}: {mood.description_en}" for mood in taxonomy.moods]

    def slug(word: str) -> str:
        named = taxonomy.mood_named(word)
        return (named or taxonomy.moods[nearest(word, texts, embed)]).slug

    given = [
        [mood.slug or mood.label for mood in sorted(item.understanding.moods, key=lambda mood: -mood.confidence)]
        for item in analysed
    ]
    return mood_accuracy(given, [slug(item.clip.mood) for item in analysed], len(taxonomy.moods))


def _screen(analysed: Sequence[Analysed]) -> ScreenRecall:
    total, missed = 0, []
    for item in analysed:
        evidence = item.understanding.evidence
        lines = [line.text for line in evidence if line.kind is EvidenceKind.SCREEN]
        for text in quoted_texts(item.clip.onscreen_text):
            total += 1
            if not is_read(text, lines):
                missed.append(f"{item.clip.path.name}: {text}")
    return ScreenRecall(1.0 - len(missed) / total if total else 0.0, total, tuple(missed))


def _grounding(run: Run, embed: Embed) -> Grounding:
    documents = [item.understanding for item in run.analysed]
    texts = [{line.id: line.text for line in document.evidence} for document in documents]
    tags = [
        [
            CitedTag(
                names=tuple(dict.fromkeys((tag.label, tag.label_zh))),
                lines=tuple(lines[id_] for id_ in tag.evidence if id_ in lines),
            )
            for tag in document.tags
        ]
        for document, lines in zip(documents, texts, strict=True)
    ]
    passages = remembered(run.runtime.text.embed_passages)
    return grounding(tags, [list(lines.values()) for lines in texts], passages, embed)


def _claims(run: Run, embed: Embed) -> Grounding:
    """What summaries and reasons claim in either language, each piece against all evidence of its clip."""
    documents = [item.understanding for item in run.analysed]
    lines = [[line.text for line in document.evidence] for document in documents]
    said = []
    for document, ours in zip(documents, lines, strict=True):
        judged = (*document.topics, *document.moods, *document.occasions)
        labels = [name for label in judged for name in (label.label, label.label_zh)]
        sentences = [getattr(text, language) for text in (document.summary, document.why) for language in ("en", "zh")]
        pieces = dict.fromkeys(piece for sentence in sentences for piece in claims(sentence, labels))
        said.append([CitedTag((piece,), tuple(ours)) for piece in pieces])
    return grounding(said, lines, remembered(run.runtime.text.embed_passages), embed)


def _calibration(analysed: Sequence[Analysed], embed: Embed) -> Calibration:
    """Of every published tag: its confidence, and whether people gave the clip a tag of the same words or meaning."""
    threshold = soft_threshold([item.clip.tags for item in analysed], embed)
    confidences, right = [], []
    for item in analysed:
        people = embed(item.clip.tags)
        keys = {tag_key(tag) for tag in item.clip.tags}
        for tag in item.understanding.tags:
            confidences.append(tag.confidence)
            near = float((embed([tag.label]) @ people.T).max()) if len(people) else 0.0
            right.append(tag_key(tag.label) in keys or near >= threshold)
    return calibration(confidences, right)


def _speed(run: Run) -> Speed:
    seconds: dict[str, float] = defaultdict(float)
    for item in run.analysed:
        for stage in item.understanding.stages:
            seconds[stage.name] += stage.seconds
    video_s = sum(item.clip.duration_s for item in run.analysed)
    return Speed(
        real_time_factor=video_s / run.wall_s,
        overhead_share=1.0 - run.busy_s / run.wall_s,
        seconds={name: round(value, 3) for name, value in seconds.items()},
        wall_s=run.wall_s,
        load_s=run.load_s,
        video_s=video_s,
        peak_mib=run.peak_bytes // 2**20,
        peak_child_mib=run.peak_child_bytes // 2**20,
    )
