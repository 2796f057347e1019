"""Is the output equal? The same metrics over what Reelwise and the script found of the same clips."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clips import Clip, Recording
from benchmarks.evaluate import caption_hits
from benchmarks.metrics.retrieval import Retrieval, rank_of, retrieval
from benchmarks.metrics.screen import is_read, quoted_texts
from benchmarks.metrics.similarity import Embed
from benchmarks.metrics.tags import exact_agreement, soft_agreement, soft_threshold
from benchmarks.metrics.transcripts import Errors, errors, pooled
from benchmarks.run import Run
from benchmarks.script import Script, ScriptOutput
from services.library.understanding import EvidenceKind


@dataclass(frozen=True, slots=True)
class Found:
    """What one system found of one clip, as far as labels can judge it."""

    transcript: str
    screen: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quality:
    """Shares in [0, 1]. `false_transcripts` is of clips in which nobody speaks; `error_rate` is per language.

    Error rates are of recordings with a transcript, by word or by character; None where there are none.
    """

    retrieval: Retrieval
    screen_recall: float | None
    tags_f1: float
    tags_f1_soft: float
    false_transcripts: float | None
    error_rate: dict[str, float] | None


def quality(
    clips: Sequence[Clip],
    found: Sequence[Found],
    ranks: Sequence[int | None],
    heard: Sequence[tuple[Recording, str]],
    embed: Embed,
) -> Quality:
    """`found[i]` and `ranks[i]` (of its caption's search) are clip i's; `heard` are recordings and what was heard."""
    texts = [
        is_read(text, one.screen) for clip, one in _pairs(clips, found) for text in quoted_texts(clip.onscreen_text)
    ]
    silent = [bool(one.transcript) for clip, one in _pairs(clips, found) if not clip.has_speech]
    given, right = [one.tags for one in found], [clip.tags for clip in clips]
    return Quality(
        retrieval=retrieval(ranks),
        screen_recall=sum(texts) / len(texts) if texts else None,
        tags_f1=exact_agreement(given, right).f1,
        tags_f1_soft=soft_agreement(given, right, embed, soft_threshold(right, embed)).f1,
        false_transcripts=sum(silent) / len(silent) if silent else None,
        error_rate=error_rates(heard) if heard else None,
    )


def error_rates(heard: Sequence[tuple[Recording, str]]) -> dict[str, float]:
    """Errors per word or character said, by language."""
    by_language: dict[str, list[Errors]] = defaultdict(list)
    for recording, text in heard:
        by_language[recording.language].append(errors(recording.transcript, text, recording.language))
    return {language: pooled(counts).rate for language, counts in sorted(by_language.items())}


def found_by_reelwise(run: Run) -> tuple[list[Found], list[int | None]]:
    """What the run understood of its clips, and where search puts each for its caption."""
    found = []
    for item in run.analysed:
        lines = item.understanding.evidence
        said = " ".join(line.text for line in lines if line.kind is EvidenceKind.SPEECH)
        screen = tuple(line.text for line in lines if line.kind is EvidenceKind.SCREEN)
        found.append(Found(said, screen, tuple(tag.label for tag in item.understanding.tags)))
    hits = caption_hits(run, [item.clip.caption for item in run.analysed])
    ranks = [rank_of(item.video_id, [hit.video_id for hit in hits[item.video_id]]) for item in run.analysed]
    return found, ranks


def found_by_script(
    clips: Sequence[Clip], script: Script, outputs: Sequence[ScriptOutput]
) -> tuple[list[Found], list[int | None]]:
    """What the script found, and where its own search puts each clip for its caption."""
    found = [Found(" ".join(output.transcript), output.screen, output.tags) for output in outputs]
    order = [[str(number) for number in script.search(clip.caption, len(clips))] for clip in clips]
    return found, [rank_of(str(number), ranked) for number, ranked in enumerate(order)]


def heard_in(recordings: Sequence[Recording], transcribe: Callable[[Path], str]) -> list[tuple[Recording, str]]:
    """Every recording with what was heard in it."""
    return [(recording, transcribe(recording.path)) for recording in recordings]


def _pairs(clips: Sequence[Clip], found: Sequence[Found]) -> list[tuple[Clip, Found]]:
    return list(zip(clips, found, strict=True))
