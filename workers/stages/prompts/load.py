"""Reads prompt files and builds the schema that the decoder is held to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

LANGUAGES = ("en", "zh")
MAX_TAGS = 4

_SENTENCE = {
    "en": r"^[A-Z0-9][^\"\\\n.!?。]{12,240}[.!?]$",
    "zh": r"^[^\"\\\n。！？A-Za-z]{1,2}[^\"\\\n。！？]{4,70}[。！？]$",
}
_TAG = {"en": r"^[a-z0-9][A-Za-z0-9 '&+-]{1,24}$", "zh": r"^[^\"\\\n ，。！？:：]{2,7}$"}


class PromptTag(BaseModel):
    """A tag and the one line of evidence that shows it."""

    model_config = ConfigDict(frozen=True)

    tag: str
    evidence: str


class PromptAnswer(BaseModel):
    """What the language model is asked to write."""

    model_config = ConfigDict(frozen=True)

    summary: str
    why: str
    tags: tuple[PromptTag, ...]


class PromptExample(BaseModel):
    """An example turn."""

    model_config = ConfigDict(frozen=True)

    evidence: str
    answer: PromptAnswer


class Prompt(BaseModel):
    """One language's prompt. `version` is raised with every change, so that what it wrote is written again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    system: str
    examples: tuple[PromptExample, ...] = Field(min_length=1)

    def turns(self) -> tuple[tuple[str, str], ...]:
        """The examples as (user text, JSON answer), in the compact form that the model shall answer in."""
        return tuple((example.evidence, _compact(example.answer)) for example in self.examples)


def _compact(answer: PromptAnswer) -> str:
    return json.dumps(answer.model_dump(), ensure_ascii=False, separators=(",", ":"))


@cache
def load_prompt(language: str) -> Prompt:
    """The prompt that answers in `language` ("en" or "zh")."""
    text = files("workers.stages.prompts").joinpath(f"describe.{language}.yaml").read_text(encoding="utf-8")
    return Prompt.model_validate(yaml.safe_load(text))


def answer_schema(language: str, evidence_ids: Sequence[str]) -> dict[str, Any]:
    """JSON schema of an answer; a tag can only cite evidence that exists, because the ids are enumerated."""
    tag = {
        "type": "object",
        "properties": {
            "tag": {"type": "string", "pattern": _TAG[language]},
            "evidence": {"type": "string", "enum": list(evidence_ids)},
        },
        "required": ["tag", "evidence"],
        "additionalProperties": False,
    }
    sentence = {"type": "string", "pattern": _SENTENCE[language]}
    return {
        "type": "object",
        "properties": {
            "summary": sentence,
            "why": sentence,
            "tags": {"type": "array", "items": tag, "minItems": 1, "maxItems": MAX_TAGS},
        },
        "required": ["summary", "why", "tags"],
        "additionalProperties": False,
    }
