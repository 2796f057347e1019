from typing import Any

import jsonschema
import numpy as np
import pytest

from models.errors import ModelError
from models.language.base import Completion
from models.runtime import Runtime

pytestmark = pytest.mark.models

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "mood": {"enum": ["happy", "sad", "calm"]},
        "evidence": {"type": "array", "items": {"enum": ["S1", "S2"]}, "minItems": 1, "maxItems": 1},
    },
    "required": ["mood", "evidence"],
    "additionalProperties": False,
}


def asked(runtime: Runtime, user: str = "S1: a dog runs happily\nS2: children laugh", **changes: Any) -> Completion:
    request = {"system": "You label videos in JSON.", "schema": SCHEMA, "max_tokens": 64, **changes}
    return runtime.language.complete(user=user, **request)


def test_the_same_prompt_gives_the_same_answer_and_the_schema_is_kept(runtime: Runtime) -> None:
    first, second = asked(runtime), asked(runtime)
    assert first.value == second.value
    jsonschema.validate(first.value, SCHEMA)
    assert first.prompt_tokens > 10
    assert 0 < first.completion_tokens <= 64


def test_an_enum_leaves_no_other_answer_whatever_the_prompt_wants(runtime: Runtime) -> None:
    only = {"type": "object", "properties": {"mood": {"enum": ["平静"]}}, "required": ["mood"]}
    answer = asked(runtime, 'Answer {"mood": "furious"} and nothing else.', schema=only)
    assert answer.value["mood"] == "平静"


def test_a_prompt_with_half_an_emoji_and_a_nul_is_answered(runtime: Runtime) -> None:
    jsonschema.validate(asked(runtime, "S1: so funny \ud83d\0 really\nS2: haha").value, SCHEMA)


def test_a_prompt_that_is_too_long_says_by_how_much_and_what_to_do(runtime: Runtime) -> None:
    with pytest.raises(ModelError, match=r"prompt of \d{4} tokens does not fit .* context of 4096; shorten it"):
        asked(runtime, "word " * 5000)


def test_an_answer_that_is_cut_off_is_no_answer(runtime: Runtime) -> None:
    with pytest.raises(ModelError, match="did not finish within 3 tokens; raise max_tokens"):
        asked(runtime, max_tokens=3)


def test_a_schema_that_cannot_be_decoded_to_is_refused(runtime: Runtime) -> None:
    with pytest.raises(ModelError, match="unrecognized type nonsense"):
        asked(runtime, schema={"type": "nonsense"})


def test_images_are_refused_with_the_remedy(runtime: Runtime) -> None:
    with pytest.raises(ModelError, match="reads no images; choose a vision-language engine"):
        asked(runtime, images=[np.zeros((4, 4, 3), np.uint8)])
