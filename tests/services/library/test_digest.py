from __future__ import annotations

import gc
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from services.library import digest
from services.library.digest import content_digest


class Rules(BaseModel):
    model_config = ConfigDict(frozen=True)

    weights: Mapping[str, float]
    name: str = "rules"


def test_equal_content_has_one_digest_whatever_the_order_of_its_keys() -> None:
    assert content_digest(Rules(weights={"a": 1.0, "b": 2.0})) == content_digest(Rules(weights={"b": 2.0, "a": 1.0}))


def test_a_changed_copy_has_another_digest_though_the_original_s_is_kept() -> None:
    rules = Rules(weights={"a": 1.0})
    before = content_digest(rules)
    assert content_digest(rules.model_copy(update={"name": "others"})) != before
    assert content_digest(rules) == before


def test_nothing_is_kept_of_an_object_that_is_gone() -> None:
    rules = Rules(weights={"a": 1.0})
    content_digest(rules)
    place = id(rules)
    assert place in digest._known
    del rules
    gc.collect()
    assert place not in digest._known
