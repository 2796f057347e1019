"""A made-up clip's understanding, as the record stores it."""

from __future__ import annotations

from functools import cache
from typing import Any

from benchmarks.recommend_catalogue import NOW, Clip
from services.library.taxonomy import Taxonomy
from services.library.understanding import (
    Bilingual,
    Evidence,
    EvidenceKind,
    Label,
    Sound,
    Understanding,
    VideoFacts,
    VideoState,
)


def document_json(clip: Clip, taxonomy: Taxonomy) -> dict[str, object]:
    """As the record stores it. Dumping a hundred thousand models takes minutes, so the parts that clips share are
    dumped once.
    """
    whole = _dumped(clip.topic, taxonomy)
    of_moods = [_dumped_label(mood.en, mood.zh, mood.slug) for mood in map(taxonomy.mood, clip.moods)]
    occasion = taxonomy.occasion(clip.occasion)
    video = {"id": clip.id, "sha256": clip.sha256, "title": clip.title, "creator": clip.creator}
    return {
        **whole,
        "video": {**whole["video"], **video, "duration_s": clip.duration_s, "language": clip.language},
        "tags": [_dumped_label(tag, tag, None) for tag in clip.tags],
        "moods": of_moods,
        "occasions": [_dumped_label(occasion.en, occasion.zh, occasion.slug)],
    }


_DUMPED: dict[int, dict[str, Any]] = {}


def _dumped(topic: int, taxonomy: Taxonomy) -> dict[str, Any]:
    if topic not in _DUMPED:
        clip = Clip(0, topic, (), (), taxonomy.occasions[0].slug, "zh", "", 1.0, NOW)
        _DUMPED[topic] = _document(clip, taxonomy).model_dump(mode="json")
    return _DUMPED[topic]


@cache
def _dumped_label(en: str, zh: str, slug: str | None) -> dict[str, Any]:
    return _label(en, zh, slug).model_dump(mode="json")


def _label(en: str, zh: str, slug: str | None) -> Label:
    return Label(label=en, label_zh=zh, slug=slug, evidence=("S1", "F1"), confidence=0.7, source="made-up")


def _document(clip: Clip, taxonomy: Taxonomy) -> Understanding:
    leaf = taxonomy.leaves[clip.topic]
    moods, occasion = [taxonomy.mood(slug) for slug in clip.moods], taxonomy.occasion(clip.occasion)
    lines = [
        Evidence(
            id=f"{kind.value}{number}",
            kind=kind,
            start=float(number),
            end=float(number + 1),
            text=f"{leaf.description_en} {number}",
        )
        for kind in (EvidenceKind.SPEECH, EvidenceKind.FRAME, EvidenceKind.SOUND)
        for number in range(1, 7)
    ]
    return Understanding(
        state=VideoState.READY,
        video=VideoFacts(
            id=clip.id,
            source="made-up",
            sha256=clip.sha256,
            title=clip.title,
            creator=clip.creator,
            duration_s=clip.duration_s,
            has_audio=True,
            language=clip.language,
        ),
        evidence=tuple(lines),
        summary=Bilingual(en=leaf.description_en, zh=leaf.description_zh),
        why=Bilingual(en=leaf.description_en, zh=leaf.description_zh),
        topics=(_label(leaf.en, leaf.zh, leaf.slug),),
        tags=tuple(_label(tag, tag, None) for tag in clip.tags),
        moods=tuple(_label(mood.en, mood.zh, mood.slug) for mood in moods),
        occasions=(_label(occasion.en, occasion.zh, occasion.slug),),
        sound=Sound(speech_ratio=0.4, music_ratio=0.4, tempo_bpm=92.0, energy=0.4),
    )
