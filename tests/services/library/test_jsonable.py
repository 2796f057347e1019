from __future__ import annotations

from enum import StrEnum

import pytest

from services.library.errors import InvalidValue
from services.library.jsonable import storable_json, storable_text


class Kind(StrEnum):
    CAT = "cat"


def test_what_json_has_no_word_for_is_named_by_its_path() -> None:
    for value, path in (
        ({"a": [1, {"b": float("nan")}]}, r"^payload\.a\[1\]\.b is nan"),
        ({"a": (b"x",)}, r"^payload\.a\[0\] is a bytes"),
        ({"a": {1: "x"}}, r"^payload\.a has the key 1"),
        (float("inf"), r"^payload is inf"),
    ):
        with pytest.raises(InvalidValue, match=path):
            storable_json(value, "payload")


def test_texts_are_what_every_database_takes() -> None:
    assert storable_text("a\x00b\ud800猫") == "ab\ufffd\ufffd\ufffd猫"
    copied = storable_json({"k\x00": ("猫", Kind.CAT, None, True, 1.5)}, "payload")
    assert copied == {"k": ["猫", "cat", None, True, 1.5]}
    assert type(copied["k"][1]) is str
