"""What every chat engine needs: turns as messages, and an answer read and held against its schema."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import jsonschema

from models.errors import ModelError

_QUOTED_CHARS = 2000
_THOUGHT = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)
_FENCED = re.compile(r"^\s*```(?:json)?\s*\n(.*?)\n\s*```\s*$", re.DOTALL)


class AnswerInvalid(ModelError):
    """What the model wrote is no JSON, or none that the schema allows; the text says where."""


def turns(system: str, examples: Sequence[tuple[str, str]], user: str) -> list[dict[str, Any]]:
    """The messages of a chat: examples are earlier turns (user text, JSON answer)."""
    messages = [turn("system", system)]
    for question, reply in examples:
        messages += [turn("user", question), turn("assistant", reply)]
    return [*messages, turn("user", user)]


def turn(role: str, text: str) -> dict[str, Any]:
    """One message. Half an emoji, as cut-off titles hold, is no UTF-8 and would make the whole request unreadable."""
    return {"role": role, "content": text.encode("utf-8", "replace").decode("utf-8")}


def read_answer(text: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The JSON object of an answer, valid against the schema. Raises `AnswerInvalid`.

    Thoughts before it and a code fence around it are let pass: models that nothing holds to JSON write them.
    """
    plain = _THOUGHT.sub("", text)
    fenced = _FENCED.match(plain)
    try:
        value = json.loads(fenced[1] if fenced else plain)
    except json.JSONDecodeError as error:
        raise AnswerInvalid(f"it is no JSON ({error})") from error
    try:
        jsonschema.validate(value, dict(schema))
    except jsonschema.ValidationError as error:
        raise AnswerInvalid(f"the schema does not allow it: {error.json_path}: {error.message}") from error
    if not isinstance(value, dict):
        raise AnswerInvalid(f"it is a JSON {type(value).__name__}, not an object")
    return value


def told_schema(system: str, schema: Mapping[str, Any]) -> str:
    """The system prompt with the schema in it, for a decoder that nothing holds to the schema."""
    written = json.dumps(dict(schema), ensure_ascii=False, separators=(",", ":"))
    return f"{system}\n\nAnswer with one JSON object that fits this JSON schema, and with nothing else:\n{written}"


def asked_again(answer: str, fault: AnswerInvalid) -> list[dict[str, Any]]:
    """The turns that tell a model what was wrong with its answer."""
    quoted = answer if len(answer) <= _QUOTED_CHARS else answer[:_QUOTED_CHARS] + "…"
    return [
        turn("assistant", quoted),
        turn("user", f"That answer cannot be used: {fault}. Write the whole answer again, as one JSON object only."),
    ]
