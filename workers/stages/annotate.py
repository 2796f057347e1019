"""Annotate: check what the language model wrote, decide the closed choices, and put the annotation together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.profile import Profile, Role
from services.library.calibration import Calibration, load_calibration
from services.library.digest import content_digest
from services.library.record.types import Lane
from services.library.safety import assess, load_rules
from services.library.taxonomy.loader import load_taxonomy
from services.library.taxonomy.types import Mood, Occasion, Topic
from services.library.understanding import Bilingual, Evidence, Frozen, Label, SafetyLabel, SignalScore
from services.settings import Settings
from workers.stages.base import Source, Stage, StageContext, StageOutput
from workers.stages.choices import Choice, choose_moods, choose_occasions, choose_topics, published
from workers.stages.compose import Findings, compose_reason, compose_summary
from workers.stages.describe import DESCRIBE, DescribeOutput
from workers.stages.evidence import EVIDENCE, EvidenceOutput
from workers.stages.frame_labels import is_guess, seen_labels
from workers.stages.frames import FRAMES, FramesOutput
from workers.stages.grounding import is_grounded
from workers.stages.media import MEDIA, MediaOutput
from workers.stages.sound import SOUND, SoundOutput
from workers.stages.tags import Models, Signals, joined, tag_candidates
from workers.stages.taxonomy_space import taxonomy_space


class Considered(Frozen):
    """A label and the score that one signal gave it, whether or not it was published."""

    label: str
    scored: SignalScore


class AnnotateOutput(StageOutput):
    """The machine's annotation. `dropped` are claims of the language model that no evidence supports.

    `considered` are the tags of all signals, also those too doubtful to publish: what calibration is fitted to.
    """

    summary: Bilingual
    why: Bilingual
    topics: tuple[Label, ...]
    tags: tuple[Label, ...]
    moods: tuple[Label, ...]
    occasions: tuple[Label, ...]
    safety: tuple[SafetyLabel, ...]
    considered: tuple[Considered, ...] = ()
    dropped: tuple[str, ...] = ()


def _inputs(source: Source, settings: Settings, _: Profile) -> Mapping[str, Any]:
    return {
        "taxonomy": content_digest(load_taxonomy()),
        "safety": content_digest(load_rules(settings.safety_rules)),
        "calibration": content_digest(load_calibration(settings.calibration)),
        "hashtags": source.metadata.hashtags,
    }


def _run(context: StageContext) -> AnnotateOutput:
    taxonomy = load_taxonomy()
    found = context.output(EVIDENCE.name, EvidenceOutput)
    described = context.output(DESCRIBE.name, DescribeOutput)
    frames = context.output(FRAMES.name, FramesOutput)
    sound = context.output(SOUND.name, SoundOutput).profile
    duration = context.output(MEDIA.name, MediaOutput).prepared.info.duration_s
    lines = found.lines
    seen = seen_labels(frames.frames)

    space = taxonomy_space(context.runtime, context.blobs)
    hints = choose_topics(taxonomy, space, lines, _embed(context, lines), frames.vectors(context.blobs))
    topics = published(hints)
    moods = choose_moods(taxonomy, hints, sound, lines)
    occasions = choose_occasions(taxonomy, topics, moods, sound, duration)
    calibration = load_calibration(context.settings.calibration)
    models = _models(context)
    signals = Signals(
        written=described.answer.tags if described.answer else (),
        seen=seen,
        topics=topics,
        hints=hints,
        hashtags=context.source.metadata.hashtags,
        writer=str(context.runtime.identity(Role.LANGUAGE)),
    )
    candidates, dropped = tag_candidates(taxonomy, lines, signals, models, calibration)

    def label(entry: Topic | Mood | Occasion, choice: Choice, kind: str) -> Label:
        return _label(
            entry, choice, SignalScore(signal=kind, model=models.topics, score=choice.confidence), calibration
        )

    findings = Findings(
        evidence=lines,
        seen=seen,
        sound=sound,
        duration_s=duration,
        topics=[taxonomy.topic(choice.slug) for choice in topics],
        moods=[taxonomy.mood(choice.slug) for choice in moods],
        occasions=[taxonomy.occasion(choice.slug) for choice in occasions],
    )
    summary, why = compose_summary(findings), compose_reason(findings)
    unsupported = list(dropped)
    if described.answer is not None:
        summary, kept = _with_written(summary, described.answer.summary, described.language, lines)
        unsupported += [] if kept else [described.answer.summary]
        if described.answer.why is not None:
            why, kept = _with_written(why, described.answer.why, described.language, lines)
            unsupported += [] if kept else [described.answer.why]
    # A guess is no ground for an alarm, and neither are "shots" that are cuts.
    grounds = [line for line in lines if not is_guess(line) and not line.is_movement]
    return AnnotateOutput(
        summary=summary,
        why=why,
        topics=tuple(label(taxonomy.topic(choice.slug), choice, "video_topics") for choice in topics),
        tags=joined(candidates),
        moods=tuple(label(taxonomy.mood(choice.slug), choice, "moods") for choice in moods),
        occasions=tuple(label(taxonomy.occasion(choice.slug), choice, "occasions") for choice in occasions),
        safety=assess(grounds, load_rules(context.settings.safety_rules)),
        considered=tuple(Considered(label=item.label, scored=item.signal) for item in candidates),
        dropped=tuple(unsupported),
    )


def _with_written(
    composed: Bilingual, sentence: str, language: str, evidence: Sequence[Evidence]
) -> tuple[Bilingual, bool]:
    """Put the model's sentence in place of the composed one of its language, if the evidence supports it."""
    if not is_grounded(sentence, evidence) or not _is_in(language, sentence):
        return composed, False
    return composed.model_copy(update={language: sentence}), True


def _is_in(language: str, sentence: str) -> bool:
    """Whether a sentence is in its language: a small model slips out of Chinese in the middle of one."""
    han = sum("\u4e00" <= character <= "\u9fff" for character in sentence)
    latin = sum(character.isascii() and character.isalpha() for character in sentence)
    return han > latin if language == "zh" else han == 0


def _embed(context: StageContext, lines: Sequence[Evidence]) -> NDArray[np.float32]:
    """Passage vectors of the lines, shape (lines, dim)."""
    with context.runtime.calling(Role.TEXT):
        return context.runtime.text.embed_passages([line.text for line in lines])


def _models(context: StageContext) -> Models:
    text, vision, language = (context.runtime.identity(role).short for role in (Role.TEXT, Role.VISION, Role.LANGUAGE))
    return Models(language=language, vision=vision, topics=f"{text}+{vision}")


def _label(entry: Topic | Mood | Occasion, choice: Choice, scored: SignalScore, calibration: Calibration) -> Label:
    topic = (entry.parent or entry.slug) if isinstance(entry, Topic) else None
    return Label(
        label=entry.en,
        label_zh=entry.zh,
        slug=entry.slug,
        topic=topic,
        confidence=round(calibration.probability(scored.signal, scored.model, scored.score), 3),
        evidence=choice.evidence,
        source="embeddings+taxonomy",
        signals=(scored,),
    )


ANNOTATE = Stage(
    "annotate",
    Lane.DESCRIBE,
    7,
    AnnotateOutput,
    _run,
    needs=(EVIDENCE.name, DESCRIBE.name, FRAMES.name, SOUND.name, MEDIA.name),
    role=Role.TEXT,
    also=(Role.VISION, Role.LANGUAGE),
    inputs=_inputs,
)
