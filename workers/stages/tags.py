"""Tags from every signal, each with the evidence that shows it; what no evidence shows is dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from models.vision.label_names import coarse_name, imagenet_names
from services.library.calibration import Calibration
from services.library.taxonomy.types import Taxonomy
from services.library.understanding import Evidence, EvidenceKind, Label, SignalScore
from workers.stages.choices import Choice
from workers.stages.frame_labels import SeenLabel
from workers.stages.grounding import firm_lines, supporting
from workers.stages.prompts.load import PromptTag
from workers.stages.tag_words import is_name

MAX_TAGS = 8
_MIN_CONFIDENCE = 0.3
_MAX_CITED = 4
_SURE_BREED = 0.6
"""A fine label stands beside its coarse one only when it is this sure."""

_MIN_FIRST_LEVEL = 0.4

_WORTH: Mapping[EvidenceKind, float] = {
    EvidenceKind.METADATA: 0.7,
    EvidenceKind.SPEECH: 0.6,
    EvidenceKind.CAPTION: 0.65,
    EvidenceKind.FRAME: 0.5,
    EvidenceKind.SCREEN: 0.4,
}
"""Score of a word that the language model picked from such a line; what it is worth, calibration says."""

_HASHTAG = 0.85
_FIRST_LEVEL_SHARE = 0.9


class Signal(StrEnum):
    """Where a tag comes from: each has a score of its own making and is calibrated by itself."""

    WORDS = "words"
    FRAMES = "frames"
    TOPICS = "topics"
    FIRST_LEVELS = "first_levels"
    UPLOADER = "uploader"


@dataclass(frozen=True, slots=True)
class Models:
    """Names of the models behind the signals, without what only pins them: see `ModelIdentity.short`."""

    language: str
    vision: str
    topics: str

    def behind(self, signal: Signal) -> str:
        """The model whose scores a signal's are."""
        if signal is Signal.UPLOADER:
            return "uploader"
        return {Signal.WORDS: self.language, Signal.FRAMES: self.vision}.get(signal, self.topics)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A tag before signals are joined. `score` is the signal's own, `confidence` the calibrated one."""

    label: str
    label_zh: str
    signal: SignalScore
    confidence: float
    evidence: tuple[str, ...]
    source: str
    slug: str | None = None


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for tags. `topics` are the published ones; `hints` these and weaker ones, which may still agree on a
    first level. `written` are the language model's tags, by `writer`.
    """

    written: Sequence[PromptTag] = ()
    seen: Sequence[SeenLabel] = ()
    topics: Sequence[Choice] = ()
    hints: Sequence[Choice] = ()
    hashtags: Sequence[str] = ()
    writer: str = "language model"


def tag_candidates(
    taxonomy: Taxonomy, evidence: Sequence[Evidence], signals: Signals, models: Models, calibration: Calibration
) -> tuple[list[Candidate], tuple[str, ...]]:
    """Tags of all signals, however doubtful, and the language model's tags that were dropped.

    Dropped is what no evidence holds, and what is no name of anything ("call me").
    """
    candidates: list[Candidate] = []

    def add(
        signal: Signal, names: tuple[str, str], score: float, cited: Sequence[str], source: str, slug: str | None = None
    ) -> None:
        model = models.behind(signal)
        trust = calibration.probability(signal, model, score)
        scored = SignalScore(signal=signal, model=model, score=round(score, 3))
        candidates.append(Candidate(*names, scored, trust, tuple(cited), source, slug))

    dropped: list[str] = []
    by_id = {line.id: line for line in evidence}
    firm = firm_lines(evidence)
    for tag in dict.fromkeys(tag.tag for tag in signals.written):
        # The model often cites the wrong line for a right word, so all lines are searched, not just the cited one.
        cited = supporting(tag, firm)
        if not cited or not is_name(tag):
            dropped.append(tag)
            continue
        worth = max(_WORTH[by_id[id_].kind] for id_ in cited)
        agreed = min(0.9, worth + 0.1 * (len({by_id[id_].kind for id_ in cited}) - 1))
        add(Signal.WORDS, both_names(tag), agreed, cited[:_MAX_CITED], signals.writer)
    for label in _viewer_words(signals.seen):
        shown = tuple(line.id for line in evidence if line.kind is EvidenceKind.FRAME and line.text == label.text)
        if shown and not label.guess:
            add(Signal.FRAMES, (label.name, label.name_zh), min(0.9, label.confidence), shown, "frames")
    firsts = _first_levels(taxonomy, signals.hints)
    for signal, choices in ((Signal.TOPICS, signals.topics), (Signal.FIRST_LEVELS, firsts)):
        for choice in choices:
            topic = taxonomy.topic(choice.slug)
            names = (topic.en.casefold(), topic.zh)
            add(signal, names, choice.confidence * _FIRST_LEVEL_SHARE, choice.evidence, "topics", topic.slug)
    for hashtag in signals.hashtags:
        given = [line.id for line in evidence if line.kind is EvidenceKind.METADATA and f"#{hashtag}" in line.text]
        add(Signal.UPLOADER, both_names(hashtag), _HASHTAG, given, "uploader")
    return candidates, tuple(dropped)


def _viewer_words(seen: Sequence[SeenLabel]) -> list[SeenLabel]:
    """What a viewer would call it: "dog", and not five breeds as well unless one of them is sure."""
    groups = {label.name for label in seen}
    kept = []
    for label in seen:
        coarse = _COARSE.get(label.name)
        if coarse is None or coarse == label.name or coarse not in groups or label.confidence >= _SURE_BREED:
            kept.append(label)
    return kept


def _first_levels(taxonomy: Taxonomy, hints: Sequence[Choice]) -> list[Choice]:
    """First levels that several leaves point to: it is some sport, whichever it may be."""
    found = []
    for parent in dict.fromkeys(taxonomy.topic(choice.slug).parent for choice in hints):
        below = [choice for choice in hints if taxonomy.topic(choice.slug).parent == parent]
        doubt = 1.0
        for choice in below:
            doubt *= 1.0 - choice.confidence
        if parent is not None and 1.0 - doubt >= _MIN_FIRST_LEVEL:
            cited = tuple(dict.fromkeys(id_ for choice in below for id_ in choice.evidence))
            found.append(Choice(parent, min(0.9, 1.0 - doubt), cited[:_MAX_CITED]))
    return found


def both_names(tag: str) -> tuple[str, str]:
    """A tag in English and Chinese where the vocabulary knows it; else the same word twice."""
    return _VOCABULARY.get(tag.casefold(), (tag, tag))


def joined(candidates: Sequence[Candidate]) -> tuple[Label, ...]:
    """One label a word, surest first; signals that agree make it surer (noisy or). Doubtful ones are left out."""
    groups: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(candidate.label.casefold(), []).append(candidate)
    labels = []
    for group in groups.values():
        doubt = 1.0
        # Two topics or two lines of one signal are not two witnesses.
        for source in dict.fromkeys(candidate.source for candidate in group):
            doubt *= 1.0 - max(c.confidence for c in group if c.source == source)
        first = group[0]
        labels.append(
            Label(
                label=first.label,
                label_zh=next((c.label_zh for c in group if c.label_zh != c.label), first.label_zh),
                slug=next((c.slug for c in group if c.slug), None),
                confidence=round(min(0.95, 1.0 - doubt), 3),
                evidence=tuple(dict.fromkeys(id_ for c in group for id_ in c.evidence))[:_MAX_CITED],
                source="+".join(dict.fromkeys(c.source for c in group)),
                signals=tuple(dict.fromkeys(c.signal for c in group)),
            )
        )
    labels.sort(key=lambda label: -label.confidence)
    return tuple(label for label in labels if label.confidence >= _MIN_CONFIDENCE)[:MAX_TAGS]


def _vocabulary() -> dict[str, tuple[str, str]]:
    pairs: dict[str, tuple[str, str]] = {}
    for index, name in enumerate(imagenet_names()):
        for pair in (name, coarse_name(index)):
            if pair is not None:
                pairs.setdefault(pair.en.casefold(), (pair.en, pair.zh))
                pairs.setdefault(pair.zh, (pair.en, pair.zh))
    return pairs


def _coarse_names() -> dict[str, str]:
    groups = ((name.en, coarse_name(index)) for index, name in enumerate(imagenet_names()))
    return {name: coarse.en for name, coarse in groups if coarse is not None}


_VOCABULARY = _vocabulary()
_COARSE = _coarse_names()
