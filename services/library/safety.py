"""Safety labels from words in the evidence: a conservative first look that tells editors where to look.

It matches words and the names of things seen in frames against `safety_rules.yaml`. It cannot see what nobody says,
writes or the frame classifier has no name for (nudity, blood, a fight, a child in danger). It doesn't understand
negation, quotation, irony, news or fiction ("never drive drunk" raises alcohol), coded or misspelt words, nor any
language but English and Chinese. So a label is a reason to look, and no label isn't a promise that a video is safe.
The confidences come from fixed weights per kind of evidence; they order a queue and are not calibrated.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated

import yaml
import zhconv
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.library.understanding import Evidence, EvidenceKind, SafetyLabel

RULES_FILE = Path(__file__).with_name("safety_rules.yaml")
MAX_CONFIDENCE = 0.9
"""Words alone never make a risk certain."""

_TEXT_KINDS = (EvidenceKind.SPEECH, EvidenceKind.SCREEN, EvidenceKind.CAPTION, EvidenceKind.METADATA)

EnglishPattern = Annotated[str, Field(pattern=r"^[A-Za-z0-9'][A-Za-z0-9' -]*\*?$")]
ChinesePattern = Annotated[str, Field(min_length=2, pattern=r"[\u4e00-\u9fff]")]
Words = Annotated[str, Field(min_length=1)]
Weight = Annotated[float, Field(gt=0.0, lt=1.0)]


class SafetyRulesError(ValueError):
    """A rules file that is missing, cannot be parsed or contradicts itself. The text names file and entry."""


class Severity(StrEnum):
    """How bad it would be if the risk is real."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class HarmlessWords(_Strict):
    """Phrases that contain a word of some category and mean nothing bad."""

    en: tuple[EnglishPattern, ...] = ()
    zh: tuple[ChinesePattern, ...] = ()


class SafetyCategory(_Strict):
    """A risk and the words that raise it. `kinds` is where `en` and `zh` are looked for; `labels` are frames' names."""

    slug: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    severity: Severity
    explanation: Words
    en: tuple[EnglishPattern, ...] = ()
    zh: tuple[ChinesePattern, ...] = ()
    labels: tuple[Words, ...] = ()
    kinds: tuple[EvidenceKind, ...] = _TEXT_KINDS

    @model_validator(mode="after")
    def _can_match(self) -> SafetyCategory:
        if not (self.en or self.zh or self.labels):
            raise ValueError("has no patterns")
        if unfit := [kind.value for kind in self.kinds if kind not in _TEXT_KINDS]:
            raise ValueError(f"kinds {unfit} hold no sentences; choose from S, T, C and M")
        return self


class SafetyRules(_Strict):
    """All categories. `weights` is how much one line of a kind counts towards the confidence."""

    version: Annotated[int, Field(ge=1)]
    weights: Mapping[EvidenceKind, Weight]
    harmless: HarmlessWords = HarmlessWords()
    categories: tuple[SafetyCategory, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_consistent(self) -> SafetyRules:
        slugs = [category.slug for category in self.categories]
        if twice := sorted({slug for slug in slugs if slugs.count(slug) > 1}):
            raise ValueError(f"categories given twice: {', '.join(twice)}")
        if missing := [kind.value for kind in (*_TEXT_KINDS, EvidenceKind.FRAME) if kind not in self.weights]:
            raise ValueError(f"weights of {', '.join(missing)} are missing")
        return self

    @cached_property
    def words(self) -> _Matcher:
        """Finds words of sentences."""
        return _Matcher.build(
            english=[*((p, "") for p in self.harmless.en), *((p, c.slug) for c in self.categories for p in c.en)],
            chinese=[*((p, "") for p in self.harmless.zh), *((p, c.slug) for c in self.categories for p in c.zh)],
        )

    @cached_property
    def labels(self) -> _Matcher:
        """Finds names of things in what a frame shows."""
        return _Matcher.build(english=[(label, c.slug) for c in self.categories for label in c.labels], chinese=[])


@dataclass(frozen=True, slots=True)
class _Matcher:
    """One expression over all patterns, longest first, so that the longest of those that begin at a place wins."""

    expression: re.Pattern[str]
    owners: tuple[frozenset[str], ...]

    @classmethod
    def build(cls, *, english: Iterable[tuple[str, str]], chinese: Iterable[tuple[str, str]]) -> _Matcher:
        owners: dict[tuple[str, bool], set[str]] = {}
        for spoken, is_english in ((english, True), (chinese, False)):
            for pattern, slug in spoken:
                owners.setdefault((_normal(pattern), is_english), set()).add(slug)
        ordered = sorted(owners, key=lambda key: (-len(key[0].rstrip("*")), key))
        branches = [_whole_words(pattern) if is_english else re.escape(pattern) for pattern, is_english in ordered]
        joined = "|".join(f"({branch})" for branch in branches) or r"(?!)"
        # A harmless phrase belongs to no category, even where a category lists the same words.
        slugs = (frozenset() if "" in owners[key] else frozenset(owners[key]) for key in ordered)
        return cls(re.compile(joined), tuple(slugs))

    def find(self, text: str) -> list[tuple[str, frozenset[str]]]:
        """Every match, left to right, and the categories it belongs to."""
        return [
            (match[0], self.owners[match.lastindex - 1])
            for match in self.expression.finditer(_normal(text))
            if match.lastindex is not None
        ]


def load_rules(file: Path | None = None) -> SafetyRules:
    """The rules of `file`, by default those that ship; read once per process and file. Raises `SafetyRulesError`."""
    return _load((file or RULES_FILE).resolve())


def assess(evidence: Sequence[Evidence], rules: SafetyRules) -> tuple[SafetyLabel, ...]:
    """One label per category with matching evidence, in the order of the rules.

    Speech, captions, text on screen and metadata are searched for words, frames for names of things. A label cites
    every matching line and its explanation names the matched words.
    """
    found: dict[str, dict[str, list[Evidence]]] = {}
    kinds = {category.slug: category.kinds for category in rules.categories}
    for line in evidence:
        framed = line.kind is EvidenceKind.FRAME
        if not framed and line.kind not in _TEXT_KINDS:
            continue
        for word, slugs in (rules.labels if framed else rules.words).find(line.text):
            for slug in slugs:
                if framed or line.kind in kinds[slug]:
                    lines = found.setdefault(slug, {}).setdefault(word, [])
                    if line not in lines:
                        lines.append(line)
    return tuple(
        _label(category, found[category.slug], evidence, rules)
        for category in rules.categories
        if category.slug in found
    )


def _label(
    category: SafetyCategory, words: Mapping[str, list[Evidence]], evidence: Sequence[Evidence], rules: SafetyRules
) -> SafetyLabel:
    matched = {line.id for lines in words.values() for line in lines}
    cited = [line for line in evidence if line.id in matched]
    named = "; ".join(f"“{word}” ({', '.join(line.id for line in lines)})" for word, lines in words.items())
    return SafetyLabel(
        category=category.slug,
        severity=category.severity.value,
        confidence=_confidence([line.kind for line in cited], rules.weights),
        evidence=tuple(line.id for line in cited),
        explanation=f"{category.explanation} Matched: {named}.",
    )


def _confidence(kinds: Iterable[EvidenceKind], weights: Mapping[EvidenceKind, float]) -> float:
    """Noisy-or over the lines. Further lines of a kind count a half, a quarter, ...: they repeat more than they add."""
    seen: dict[EvidenceKind, int] = {}
    doubt = 1.0
    for kind in kinds:
        doubt *= 1.0 - weights[kind] * 0.5 ** seen.get(kind, 0)
        seen[kind] = seen.get(kind, 0) + 1
    return round(min(MAX_CONFIDENCE, 1.0 - doubt), 3)


def _normal(text: str) -> str:
    """Full width to half, lower case, straight apostrophes, traditional script to simplified."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return str(zhconv.convert(plain, "zh-hans"))


def _whole_words(pattern: str) -> str:
    letter = r"[a-z0-9_\u00c0-\u024f]"  # not \w, for which a Chinese character next to an English word is a letter
    body = r"[\s-]+".join(re.escape(word) for word in re.split(r"[\s-]+", pattern.rstrip("*")))
    ending = f"{letter}*" if pattern.endswith("*") else ""
    return f"(?<!{letter}){body}{ending}(?!{letter})"


@cache
def _load(file: Path) -> SafetyRules:
    try:
        return SafetyRules.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise SafetyRulesError(f"{file}: not found") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SafetyRulesError(f"{file}: not readable as UTF-8 YAML: {error}") from error
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, item['loc'])) or 'file'}: {item['msg']}" for item in error.errors())
        raise SafetyRulesError(f"{file}: {said}") from error
