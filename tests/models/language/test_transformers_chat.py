"""Tiny random chat models, loaded as real ones: what they say is nonsense, and it fits the schema all the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.errors import ModelError
from models.identity import ModelIdentity
from models.language.base import Completion
from models.language.engines import TransformersChatOptions
from models.language.transformers_chat import TransformersChat, _SchemaMask
from models.metering import metering
from tests.tiny_models import tiny_chat, tiny_seeing_chat
from workers.stages.prompts.load import answer_schema

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "mood": {"enum": ["快乐", "calm"]},
        "word": {"type": "string", "pattern": "^[a-z]{3,5}$"},
        "tags": {"type": "array", "items": {"enum": ["S1", "S2"]}, "minItems": 1, "maxItems": 2},
    },
    "required": ["mood", "word", "tags"],
    "additionalProperties": False,
}
RED, BLUE = np.zeros((64, 48, 3), np.uint8), np.zeros((64, 48, 3), np.uint8)
RED[..., 0] = 255
BLUE[..., 2] = 255


def loaded(folder: Path, **options: Any) -> TransformersChat:
    given = TransformersChatOptions(device="cpu", context=2048, **options)
    return TransformersChat(folder, ModelIdentity("transformers", "tiny", "1"), given)


@pytest.fixture(scope="module")
def speaks(tmp_path_factory: pytest.TempPathFactory) -> TransformersChat:
    return loaded(tiny_chat(tmp_path_factory.mktemp("speaks")))


@pytest.fixture(scope="module")
def sees(tmp_path_factory: pytest.TempPathFactory) -> TransformersChat:
    return loaded(tiny_seeing_chat(tmp_path_factory.mktemp("sees")))


def ask(engine: TransformersChat, user: str = "S1: 下雨 rain", **more: Any) -> Completion:
    request = {"system": "Label it.", "schema": SCHEMA, "max_tokens": 80, **more}
    return engine.complete(user=user, **request)


def test_a_random_model_answers_within_the_schema_and_the_same_each_time(speaks: TransformersChat) -> None:
    with metering() as meter:
        first = ask(speaks)
    assert first.value["mood"] in ("快乐", "calm")
    assert 3 <= len(first.value["word"]) <= 5
    assert ask(speaks) == first
    assert (meter.prompt_tokens, meter.completion_tokens) == (first.prompt_tokens, first.completion_tokens)


@pytest.mark.parametrize(
    ("language", "sentence", "tag"),
    [("en", "Somebody makes green tea.", "green tea"), ("zh", "有人在家里泡绿茶。", "绿茶")],
)
def test_answers_that_describe_videos_can_be_decoded_to_and_no_made_up_evidence(
    speaks: TransformersChat, language: str, sentence: str, tag: str
) -> None:
    schema = answer_schema(language, ["S1", "F2"])

    def allowed(evidence: str) -> str:
        """As much of the answer as the decoder would have let pass."""
        answer = {"summary": sentence, "why": sentence, "tags": [{"tag": tag, "evidence": evidence}]}
        tokens = speaks._tokenizer.encode(json.dumps(answer, ensure_ascii=False, separators=(",", ":")))
        matcher = _SchemaMask(speaks._grammar_tokens, schema)._matcher
        return str(speaks._tokenizer.decode(tokens[: matcher.validate_tokens(tokens)]))

    assert allowed("F2").endswith('"evidence":"F2"}]}')
    assert allowed("F3").endswith('"evidence":"F')


def test_an_answer_that_is_cut_off_is_no_answer(speaks: TransformersChat) -> None:
    with pytest.raises(ModelError, match="did not finish within 9 tokens; raise max_tokens"):
        ask(speaks, max_tokens=9)


def test_a_prompt_that_is_too_long_says_by_how_much(speaks: TransformersChat) -> None:
    with pytest.raises(ModelError, match=r"prompt of 30\d\d tokens .* context of 2048; .*raise the option context"):
        ask(speaks, "x" * 3000)


def test_a_schema_that_cannot_be_decoded_to_is_refused(speaks: TransformersChat) -> None:
    with pytest.raises(ModelError, match="this JSON schema cannot be decoded to"):
        ask(speaks, schema={"type": "nonsense"})


def test_a_text_model_refuses_frames(speaks: TransformersChat) -> None:
    with pytest.raises(ModelError, match=r"tiny reads no images: set the profile's asking\.images to 0"):
        ask(speaks, images=[RED])


def test_a_model_that_sees_reads_its_frames(sees: TransformersChat) -> None:
    short = {"type": "object", "properties": {}, "additionalProperties": False}
    words, one, two = (ask(sees, schema=short, images=frames) for frames in ([], [RED], [RED, BLUE]))
    # Sixteen patches a frame, each of them a token.
    assert one.prompt_tokens == words.prompt_tokens + 16
    assert two.prompt_tokens == words.prompt_tokens + 32


def test_what_a_frame_shows_reaches_the_model(sees: TransformersChat) -> None:
    properties = {"w": {"type": "string", "pattern": "^[a-z]{20}$"}}
    letters = {"type": "object", "properties": properties, "required": ["w"], "additionalProperties": False}
    red = ask(sees, schema=letters, images=[RED])
    blue = ask(sees, schema=letters, images=[BLUE])
    assert red.value != blue.value


def test_a_model_without_a_chat_template_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has no chat template: choose an instruction-tuned model"):
        loaded(tiny_chat(tmp_path, chat=False))


def test_pickled_weights_are_not_read(tmp_path: Path) -> None:
    folder = tiny_chat(tmp_path)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"holds no safetensors; pytorch_model\.bin may hold code"):
        loaded(folder)
