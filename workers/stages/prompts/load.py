"""Reads prompt files and builds the schema that the decoder is held to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.library.once import once
from services.library.understanding import EvidenceKind
from services.library.yaml_text import parsed

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
    """What the language model is asked to write; `why` only where the prompt's examples have one."""

    model_config = ConfigDict(frozen=True)

    summary: str
    why: str | None = None
    tags: tuple[PromptTag, ...]


class PromptExample(BaseModel):
    """An example turn."""

    model_config = ConfigDict(frozen=True)

    evidence: str
    answer: PromptAnswer


class Prompt(BaseModel):
    """One language's prompt. `version` is for readers: the fingerprint covers every word of it.

    `shows` are the kinds of evidence that go into it. `pictures` says of frames that go along how many they are
    ("{count}") and when they were taken ("{times}").
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    shows: tuple[EvidenceKind, ...] = Field(min_length=1)
    system: str
    pictures: str = ""
    examples: tuple[PromptExample, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _examples_agree(self) -> Prompt:
        if len({example.answer.why is None for example in self.examples}) > 1:
            raise ValueError("either all examples give a reason to watch or none does")
        return self

    @model_validator(mode="after")
    def _pictures_can_be_told(self) -> Prompt:
        self.pictures.format(count=0, times="")
        return self

    @property
    def asks_why(self) -> bool:
        """Whether a reason to watch is asked for."""
        return self.examples[0].answer.why is not None

    def turns(self) -> tuple[tuple[str, str], ...]:
        """The examples as (user text, JSON answer), in the compact form that the model shall answer in."""
        return tuple((example.evidence, _compact(example.answer)) for example in self.examples)


def _compact(answer: PromptAnswer) -> str:
    return json.dumps(answer.model_dump(exclude_none=True), ensure_ascii=False, separators=(",", ":"))


@once
def load_prompt(name: str, language: str) -> Prompt:
    """The prompt of the set `name` ("brief" or "full") that answers in `language` ("en" or "zh")."""
    text = files("workers.stages.prompts").joinpath(name, f"{language}.yaml").read_text(encoding="utf-8")
    return Prompt.model_validate(parsed(text))


def answer_schema(language: str, evidence_ids: Sequence[str], *, why: bool = True) -> dict[str, Any]:
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
    properties: dict[str, Any] = {
        "summary": {"type": "string", "pattern": _SENTENCE[language]},
        "why": {"type": "string", "pattern": _SENTENCE[language]},
        "tags": {"type": "array", "items": tag, "minItems": 1, "maxItems": MAX_TAGS},
    }
    if not why:
        del properties["why"]
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
