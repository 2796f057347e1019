"""Closed choices: topics by embeddings, moods and occasions by what the taxonomy knows of topics and of sound.

A small language model prefers the first option of a list, and mood words placed next to evidence by a sentence
encoder are near chance (benchmarks/README.md). What a video is about can be measured; which moods and occasions go
with that is editors' knowledge, written down in the taxonomy.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.sound.base import SoundProfile
from models.vision.conse import Matrix
from services.library.taxonomy.types import Taxonomy, Topic
from services.library.understanding import Evidence, EvidenceKind
from workers.stages.frame_labels import is_guess
from workers.stages.taxonomy_space import HALF, SLOPE, TaxonomySpace

_MIN_CONFIDENCE = 0.3
_MAX_TOPICS = 3
_CONSIDERED = 6
_MIN_HINT = 0.03
"""Topics below `_MIN_CONFIDENCE` are not published, but down to here they still hint at the mood."""

_MIN_LINE_COSINE = 0.08
_MAX_CITED = 3
_GUESSED = 0.5
"""What is left of a topic's confidence when only guesses support it."""

_QUIET = 0.25
"""How surely quiet alone means calm: about one in three of the labelled clips without sound were called so."""

_KIND_WEIGHT = {
    EvidenceKind.METADATA: 1.5,
    EvidenceKind.SPEECH: 1.0,
    EvidenceKind.CAPTION: 1.0,
    EvidenceKind.FRAME: 1.0,
    EvidenceKind.SCREEN: 0.6,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen slug, how surely, and the evidence for it."""

    slug: str
    confidence: float
    evidence: tuple[str, ...]


def choose_topics(
    taxonomy: Taxonomy, space: TaxonomySpace, lines: Sequence[Evidence], passages: Matrix, frames: Matrix
) -> tuple[Choice, ...]:
    """Leaves that words and frames agree on, hints included.

    `passages[i]` embeds `lines[i]`; `frames` has a row a frame.

    Words and frames count the same where there are both. A topic that no line of evidence supports is not chosen.
    `published` tells which of them are sure enough to be called the video's topics.
    """
    usable = [i for i, line in enumerate(lines) if line.kind in _KIND_WEIGHT and not line.is_manner]
    if not usable:
        return ()
    by_line = space.by_text(passages[usable])
    weights = np.array([_KIND_WEIGHT[lines[i].kind] * min(1.0, len(lines[i].text) / 8) for i in usable])
    document = (passages[usable] - space.centre) * weights[:, None]
    words = space.by_text(document.sum(axis=0, keepdims=True) / weights.sum() + space.centre)[0]
    seen = space.by_frames(_mean_direction(frames))[0] if len(frames) else words
    # One sure signal may carry a topic, but two that agree are worth more.
    scores = 0.5 * (words + seen) * 0.5 + 0.5 * np.maximum(words, seen)
    chosen = []
    for index in np.argsort(-scores)[:_CONSIDERED]:
        confidence = float(1.0 / (1.0 + np.exp(-(scores[index] - HALF) / SLOPE)))
        ranked = sorted(range(len(usable)), key=lambda row: -by_line[row, index])[:_MAX_CITED]
        cited = [row for row in ranked if by_line[row, index] >= _MIN_LINE_COSINE]
        if all(is_guess(lines[usable[row]]) for row in cited):
            confidence *= _GUESSED
        if confidence >= _MIN_HINT and cited:
            ids = tuple(lines[usable[row]].id for row in cited)
            chosen.append(Choice(taxonomy.leaves[int(index)].slug, round(min(confidence, 0.95), 3), ids))
    return tuple(chosen)


def published(topics: Sequence[Choice]) -> tuple[Choice, ...]:
    """The topics that are sure enough to be said."""
    return tuple(choice for choice in topics if choice.confidence >= _MIN_CONFIDENCE)[:_MAX_TOPICS]


def choose_moods(
    taxonomy: Taxonomy, topics: Sequence[Choice], sound: SoundProfile | None, lines: Sequence[Evidence]
) -> tuple[Choice, ...]:
    """Moods typical of the topics, moved by how the video sounds. At most two; none where nothing is known.

    A video without speech whose sound is quiet or missing is taken to be calm where its topic says nothing else.
    """
    scores: dict[str, float] = defaultdict(float)
    cited: dict[str, list[str]] = defaultdict(list)
    # Neighbouring topics share moods, so for the mood the runners-up count for more than their own confidence.
    weights = [topic.confidence**0.5 for topic in topics]
    certainty = min(1.0, max(weights, default=0.0) * 1.2)
    for topic, weight in zip(topics, weights, strict=True):
        for rank, slug in enumerate(taxonomy.topic(topic.slug).moods):
            # A topic's first mood is the typical one; the share of later ones falls off.
            scores[slug] += certainty * weight / sum(weights) * (0.7, 0.45, 0.3)[min(rank, 2)]
            cited[slug] += topic.evidence
    heard = next((line.id for line in lines if line.kind is EvidenceKind.SOUND), None)
    if sound is not None and heard is not None:
        for mood in taxonomy.moods:
            shift = _sound_fit(sound, mood.arousal)
            if abs(shift) > 0.02 and mood.slug in scores:
                scores[mood.slug] += shift
                cited[mood.slug].append(heard)
    if heard is not None and max(scores.values(), default=0.0) < _QUIET and _is_quiet(sound):
        scores["calm"] = max(scores["calm"], _QUIET)
        cited["calm"].append(heard)
    best = sorted(scores.items(), key=lambda item: -item[1])[:2]
    return tuple(
        Choice(mood, round(float(np.clip(score, 0.0, 0.9)), 3), tuple(dict.fromkeys(cited[mood]))[:_MAX_CITED])
        for mood, score in best
        if score >= 0.2
    )


def choose_occasions(
    taxonomy: Taxonomy,
    topics: Sequence[Choice],
    moods: Sequence[Choice],
    sound: SoundProfile | None,
    duration_s: float,
) -> tuple[Choice, ...]:
    """Occasions whose hints fit, at most three: moods and topics say yes, loudness may doubt it, too long is out."""
    about = {slug: topic for topic in topics for slug in _with_parent(taxonomy.topic(topic.slug))}
    felt = {mood.slug: mood for mood in moods}
    chosen = []
    for occasion in taxonomy.occasions:
        hints = occasion.hints
        if duration_s > hints.max_duration_s:
            continue
        by_topic = [about[slug] for slug in hints.topics if slug in about]
        by_mood = [felt[slug] for slug in hints.moods if slug in felt]
        score = 0.5 * max((c.confidence for c in by_topic), default=0.0)
        score += 0.5 * max((c.confidence for c in by_mood), default=0.0)
        energy = sound.energy if sound is not None else 0.0
        if not hints.energy[0] - 0.2 <= energy <= hints.energy[1] + 0.1:
            score *= 0.5
        ids = tuple(dict.fromkeys(id_ for choice in (*by_topic, *by_mood) for id_ in choice.evidence))[:_MAX_CITED]
        if score >= 0.25 and ids:
            chosen.append(Choice(occasion.slug, round(min(score, 0.9), 3), ids))
    return tuple(sorted(chosen, key=lambda choice: -choice.confidence)[:3])


def _is_quiet(sound: SoundProfile | None) -> bool:
    return sound is None or (sound.speech_ratio < 0.1 and (sound.energy < 0.3 or sound.silence_ratio > 0.6))


def _with_parent(topic: Topic) -> tuple[str, ...]:
    return (topic.slug,) if topic.parent is None else (topic.slug, topic.parent)


def _mean_direction(frames: Matrix) -> Matrix:
    mean = frames.mean(axis=0, keepdims=True)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), dtype=np.float32)


def _sound_fit(sound: SoundProfile, arousal: float) -> float:
    """How far the sound speaks for a mood of this arousal, in [-0.15, 0.15]: loud and fast goes with high arousal."""
    pace = 0.0 if sound.tempo_bpm is None else float(np.clip((sound.tempo_bpm - 105) / 60, -1, 1))
    loud = float(np.clip((sound.energy - 0.45) / 0.4, -1, 1))
    return 0.15 * arousal * float(np.clip(0.5 * pace + 0.5 * loud, -1, 1))
