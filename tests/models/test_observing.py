"""Whoever watches hears of every call of a model, joined or not, with its size."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from models.batching import MicroBatcher
from models.grouping import Alone
from models.observing import observe_batches


@pytest.fixture
def heard() -> Iterator[list[tuple[str, int]]]:
    calls: list[tuple[str, int]] = []
    observe_batches(lambda engine, size: calls.append((engine, size)))
    yield calls
    observe_batches(lambda *_: None)


def test_each_call_is_told_with_the_engine_and_how_many_inputs_it_had(heard: list[tuple[str, int]]) -> None:
    assert Alone(list, name="text x", size=2)([1, 2, 3]) == [1, 2, 3]
    joined = MicroBatcher(list, name="vision y", size=8)
    assert joined(["a", "b", "c"]) == ["a", "b", "c"]
    joined.close()
    assert heard == [("text x", 2), ("text x", 1), ("vision y", 3)]
