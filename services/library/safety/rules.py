"""The rules file: what may stand in it, and errors that name the line and the remedy."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.library.once import once
from services.library.safety.patterns import Finder
from services.library.understanding import EvidenceKind
from services.library.yaml_text import parsed

RULES_FILE = Path(__file__).with_name("safety_rules.yaml")

TEXT_KINDS = (EvidenceKind.SPEECH, EvidenceKind.SCREEN, EvidenceKind.CAPTION, EvidenceKind.METADATA)

_WORD = r"[A-Za-z0-9'][A-Za-z0-9' -]*\*?"
EnglishPattern = Annotated[str, Field(pattern=rf"^{_WORD}( \+ {_WORD})*$")]
ChinesePattern = Annotated[str, Field(min_length=2, pattern=r"[\u4e00-\u9fff]")]
Words = Annotated[str, Field(min_length=1)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Weight = Annotated[float, Field(gt=0.0, lt=1.0)]

_REMEDIES = {
    "en": 'Write English words of letters, digits, hyphens and spaces (quote "no", "yes", "on"); a trailing * matches '
    "any ending, ` + ` joins words of one sentence.",
    "zh": "Write two or more Chinese characters; ` + ` joins words of one sentence.",
    "severity": "Choose low, medium or high.",
    "agreed": "Choose low, medium or high.",
    "slug": "Use lower-case letters, digits and hyphens, and every slug once.",
    "labels": "List names of things as the frame classifier says them, at least one letter each.",
    "kinds": "Choose from S (speech), T (text on screen), C (captions) and M (title, description, hashtags).",
    "contexts": "A context has slug, en, zh, explanation, explanation_zh and `where`: before, line or quoted.",
    "lowered_by": "Name contexts of this file.",
    "weights": "Give S, T, C, M and F a number between 0 and 1.",
    "categories": "Every category has slug, severity, explanation, explanation_zh and en, zh or labels.",
}


class SafetyRulesError(ValueError):
    """A rules file that is missing, cannot be parsed or contradicts itself: file, line, entry and what to do."""


class Severity(StrEnum):
    """How bad it would be if the risk is real."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def lowered(self) -> Severity:
        """One step down; the lowest stays."""
        steps = list(Severity)
        return steps[max(0, steps.index(self) - 1)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class PatternLists(_Strict):
    """Patterns in both languages."""

    en: tuple[EnglishPattern, ...] = ()
    zh: tuple[ChinesePattern, ...] = ()


class SafetyContext(PatternLists):
    """What makes a match less severe. `before`: its words stand before it in its clause; `line`: anywhere in its line;
    `quoted`: it stands in quotation or title marks, and needs no words.
    """

    slug: Slug
    where: Annotated[str, Field(pattern=r"^(before|line|quoted)$")]
    explanation: Words
    explanation_zh: Words


class SafetyCategory(PatternLists):
    """A risk and the words that raise it. `kinds` is where `en` and `zh` are looked for; `labels` are frames' names.

    `agreed` is the severity where speech, text on screen, metadata or frames agree on it (None: `severity`);
    `lowered_by` are the contexts that make it less severe.
    """

    slug: Slug
    severity: Severity
    agreed: Severity | None = None
    explanation: Words
    explanation_zh: Words
    labels: tuple[Words, ...] = ()
    kinds: tuple[EvidenceKind, ...] = TEXT_KINDS
    lowered_by: tuple[Slug, ...] = ()

    @model_validator(mode="after")
    def _can_match(self) -> SafetyCategory:
        if not (self.en or self.zh or self.labels):
            raise ValueError("has no patterns")
        if unfit := [kind.value for kind in self.kinds if kind not in TEXT_KINDS]:
            raise ValueError(f"kinds {unfit} hold no sentences; choose from S, T, C and M")
        return self


class SafetyRules(_Strict):
    """All categories. `weights` is how much one line of a kind counts towards the confidence."""

    version: Annotated[int, Field(ge=1)]
    weights: Mapping[EvidenceKind, Weight]
    harmless: PatternLists = PatternLists()
    contexts: tuple[SafetyContext, ...] = ()
    categories: tuple[SafetyCategory, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_consistent(self) -> SafetyRules:
        slugs = [category.slug for category in self.categories]
        if twice := sorted({slug for slug in slugs if slugs.count(slug) > 1}):
            raise ValueError(f"categories given twice: {', '.join(twice)}")
        if missing := [kind.value for kind in (*TEXT_KINDS, EvidenceKind.FRAME) if kind not in self.weights]:
            raise ValueError(f"weights of {', '.join(missing)} are missing")
        known = {context.slug for context in self.contexts}
        for category in self.categories:
            if unknown := [slug for slug in category.lowered_by if slug not in known]:
                raise ValueError(f"category {category.slug} is lowered by {', '.join(unknown)}, which no context is")
        return self

    @cached_property
    def words(self) -> Finder:
        """Finds words of sentences."""
        return Finder.build(
            english=[(pattern, category.slug) for category in self.categories for pattern in category.en],
            chinese=[(pattern, category.slug) for category in self.categories for pattern in category.zh],
            harmless_english=self.harmless.en,
            harmless_chinese=self.harmless.zh,
        )

    @cached_property
    def labels(self) -> Finder:
        """Finds names of things in what a frame shows."""
        return Finder.build(
            english=[(label, category.slug) for category in self.categories for label in category.labels], chinese=[]
        )

    @cached_property
    def cues(self) -> Finder:
        """Finds words that make up a context."""
        return Finder.build(
            english=[(pattern, context.slug) for context in self.contexts for pattern in context.en],
            chinese=[(pattern, context.slug) for context in self.contexts for pattern in context.zh],
        )


def load_rules(file: Path | None = None) -> SafetyRules:
    """The rules of `file`, by default those that ship; read once per process and file. Raises `SafetyRulesError`."""
    return _load((file or RULES_FILE).resolve())


@once
def _load(file: Path) -> SafetyRules:
    try:
        text = file.read_text(encoding="utf-8")
        return SafetyRules.model_validate(parsed(text))
    except FileNotFoundError as error:
        raise SafetyRulesError(f"{file}: not found; correct REELWISE_SAFETY_RULES or unset it") from error
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise SafetyRulesError(f"{file}: not readable as UTF-8 YAML: {error}") from error
    except ValidationError as error:
        root = yaml.compose(text)
        said = "; ".join(_complaint(root, item["loc"], item["msg"]) for item in error.errors())
        raise SafetyRulesError(f"{file}: {said}") from error


def _complaint(root: yaml.Node | None, place: tuple[int | str, ...], message: str) -> str:
    """Where an error is, what it is and what to do about it."""
    line, slug = _line_of(root, place)
    entry = ".".join(map(str, place)) or "file"
    named = f"{entry} ({slug})" if slug else entry
    remedy = next((_REMEDIES[str(step)] for step in reversed(place) if str(step) in _REMEDIES), "")
    return f"line {line}, {named}: {message.rstrip('.')}. {remedy}".rstrip()


def _line_of(node: yaml.Node | None, place: tuple[int | str, ...]) -> tuple[int, str]:
    """Line (from 1) of the deepest node on the way to `place`, and the slug of the entry it belongs to."""
    line, slug = 1, ""
    for step in place:
        if isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == str(step)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
        else:
            break
        if node is None:
            break
        line = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            slug = next((str(value.value) for key, value in node.value if key.value == "slug"), slug)
    return line, slug
