"""From evidence to labels: which words were found where, in which context, and how severe that makes it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.library.safety.patterns import Match
from services.library.safety.readings import STARRED, disguised, normal
from services.library.safety.rules import TEXT_KINDS, SafetyCategory, SafetyContext, SafetyRules, Severity
from services.library.understanding import Evidence, EvidenceKind, SafetyLabel

MAX_CONFIDENCE = 0.9
"""Words alone never make a risk certain."""

_LOWERED_WEIGHT = 0.5
"""How much a line counts whose every match stands in a context that lowers the severity."""

_BEFORE_CHARS = 40
_CLAUSE_END = re.compile(r"[.!?。;,\n]")

_QUOTED = re.compile(r"“[^”]*”|「[^」]*」|『[^』]*』|《[^》]*》|\"[^\"]*\"")

_SIGNALS = {EvidenceKind.CAPTION: EvidenceKind.SPEECH}
"""Captions write down what is said: they don't agree with speech, they repeat it."""

_SIGNAL_NAMES = {
    EvidenceKind.SPEECH: ("speech", "语音"),
    EvidenceKind.SCREEN: ("text on screen", "画面文字"),
    EvidenceKind.METADATA: ("title, description or hashtags", "标题、简介或话题"),
    EvidenceKind.FRAME: ("frames", "画面"),
}


@dataclass(frozen=True, slots=True)
class _Hit:
    """A word of a category in a line, as found and (where disguised) as read; `cue` is what lowers it."""

    category: str
    line: Evidence
    word: str
    read_as: str | None
    context: SafetyContext | None
    cue: str


def assess(evidence: Sequence[Evidence], rules: SafetyRules) -> tuple[SafetyLabel, ...]:
    """One label per category with matching evidence, in the order of the rules.

    Speech, captions, text on screen and metadata are searched for words, frames for names of things. A label cites
    every matching line. Its explanations name the rule, the matched words and their lines, and what changed the
    severity: a context lowers it by one step where every match stands in one (never to nothing), and independent
    signals that agree raise it to the category's `agreed`.
    """
    categories = {category.slug: category for category in rules.categories}
    hits: dict[str, list[_Hit]] = {}
    for line in evidence:
        for hit in _hits(line, rules, categories):
            hits.setdefault(hit.category, []).append(hit)
    return tuple(_label(category, hits[category.slug], rules) for category in rules.categories if category.slug in hits)


def _hits(line: Evidence, rules: SafetyRules, categories: Mapping[str, SafetyCategory]) -> Iterator[_Hit]:
    reading = normal(line.text)
    if line.kind is EvidenceKind.FRAME:
        for match in rules.labels.find(reading):
            yield from (_Hit(slug, line, match.text, None, None, "") for slug in sorted(match.slugs))
        return
    if line.kind not in TEXT_KINDS:
        return
    seen: set[tuple[str, str]] = set()
    for text, match, word in _matches(reading, rules):
        for slug in sorted(match.slugs):
            if line.kind in categories[slug].kinds and (slug, match.text) not in seen:
                seen.add((slug, match.text))
                context, cue = _context(text, match, rules, categories[slug])
                yield _Hit(slug, line, word or match.text, match.text if word else None, context, cue)


def _matches(reading: str, rules: SafetyRules) -> Iterator[tuple[str, Match, str]]:
    """Every match with the reading it is in and, where a disguise was undone, the word as it was written."""
    plain = rules.words.find(reading)
    yield from ((reading, match, "") for match in plain)
    known = {match.text for match in plain}
    for undone in disguised(reading):
        for match in rules.words.find(undone):
            if match.text not in known:
                known.add(match.text)
                yield undone, match, _as_written(reading, match.text)
    for word in STARRED.finditer(reading):
        for meant, slugs in rules.words.starred(word[0]):
            yield reading, Match(word.start(), word.end(), meant, slugs), word[0]


def _as_written(reading: str, word: str) -> str:
    """The stretch of a reading that a disguised word was read from: its letters, what stands for and between them."""
    letters = [re.escape(letter) if not letter.isascii() else rf"(?:{re.escape(letter)}|[\d@$!*+])" for letter in word]
    found = re.search(r"[\s._*|/~#+·•^-]{0,2}".join(letters), reading)
    return found[0] if found else word


def _context(text: str, match: Match, rules: SafetyRules, category: SafetyCategory) -> tuple[SafetyContext | None, str]:
    """What makes a match less severe, and the words that say so."""
    allowed = [context for context in rules.contexts if context.slug in category.lowered_by]
    if not allowed:
        return None, ""
    cues = [cue for cue in rules.cues.find(text) if cue.end <= match.start or cue.start >= match.end]
    for context in allowed:
        if context.where == "quoted":
            marks = [
                quote for quote in _QUOTED.finditer(text) if quote.start() < match.start and match.end < quote.end()
            ]
            if marks:
                return context, marks[0][0]
            continue
        for cue in cues:
            if context.slug in cue.slugs and (context.where == "line" or _governs(text, cue, match)):
                return context, cue.text
    return None, ""


def _governs(text: str, cue: Match, match: Match) -> bool:
    """Whether a cue stands before a match, near it and in the same clause."""
    between = text[cue.end : match.start]
    return cue.end <= match.start and len(between) <= _BEFORE_CHARS and not _CLAUSE_END.search(between)


def _label(category: SafetyCategory, hits: Sequence[_Hit], rules: SafetyRules) -> SafetyLabel:
    severe = [hit for hit in hits if hit.context is None]
    signals = list(dict.fromkeys(_SIGNALS.get(hit.line.kind, hit.line.kind) for hit in severe))
    severity, why_en, why_zh = category.severity, "", ""
    agreed = category.agreed or severity
    if not severe:
        severity = severity.lowered
        reasons = {hit.context.slug: (hit.context, hit.cue) for hit in hits if hit.context is not None}
        why_en, why_zh = _because(reasons.values(), category.severity, severity)
    elif len(signals) > 1 and agreed is not severity:
        named = [_SIGNAL_NAMES[signal] for signal in signals]
        why_en = f" Severity raised from {severity} to {agreed}: found in {' and '.join(en for en, _ in named)}."
        why_zh = f"因{'、'.join(zh for _, zh in named)}相互印证，严重程度由{_ZH[severity]}升为{_ZH[agreed]}。"
        severity = agreed
    lines = list({hit.line.id: hit.line for hit in hits}.values())
    sure = {hit.line.id for hit in severe}
    return SafetyLabel(
        category=category.slug,
        severity=severity.value,
        confidence=_confidence([(line.kind, line.id in sure) for line in lines], rules.weights),
        evidence=tuple(line.id for line in lines),
        explanation=f"{category.explanation} Rule {category.slug}: {_named(hits, '; ', ', read as ')}.{why_en}",
        explanation_zh=f"{category.explanation_zh}规则{category.slug}：{_named(hits, '；', '，即')}。{why_zh}",
    )


_ZH = {Severity.LOW: "低", Severity.MEDIUM: "中", Severity.HIGH: "高"}


def _because(reasons: Iterable[tuple[SafetyContext, str]], before: Severity, after: Severity) -> tuple[str, str]:
    listed = list(reasons)
    en = "; ".join(f"{context.explanation} (“{cue}”)" for context, cue in listed)
    zh = "；".join(f"{context.explanation_zh}（“{cue}”）" for context, cue in listed)
    if before is after:
        return f" Counted for less: {en}.", f"酌情减轻：{zh}。"
    return (
        f" Severity lowered from {before} to {after}: {en}.",
        f"严重程度由{_ZH[before]}降为{_ZH[after]}：{zh}。",
    )


def _named(hits: Sequence[_Hit], joint: str, read_as: str) -> str:
    """The words, each once, with the lines they are in."""
    words: dict[tuple[str, str | None], list[str]] = {}
    for hit in hits:
        lines = words.setdefault((hit.word, hit.read_as), [])
        if hit.line.id not in lines:
            lines.append(hit.line.id)
    return joint.join(
        f"“{word}”{f'{read_as}“{meant}”' if meant else ''} ({', '.join(lines)})"
        for (word, meant), lines in words.items()
    )


def _confidence(lines: Iterable[tuple[EvidenceKind, bool]], weights: Mapping[EvidenceKind, float]) -> float:
    """Noisy-or over lines (kind, whether a match in it is free of context).

    Further lines of a kind count a half, a quarter, ...: they repeat more than they add.
    """
    seen: dict[EvidenceKind, int] = {}
    doubt = 1.0
    for kind, sure in sorted(lines, key=lambda line: not line[1]):
        doubt *= 1.0 - weights[kind] * (1.0 if sure else _LOWERED_WEIGHT) * 0.5 ** seen.get(kind, 0)
        seen[kind] = seen.get(kind, 0) + 1
    return round(min(MAX_CONFIDENCE, 1.0 - doubt), 3)
