from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.library.once import once


def test_threads_that_ask_at_the_same_moment_get_one_value_that_was_made_once() -> None:
    made: list[str] = []
    asking = threading.Barrier(4)
    first_is_at_it = threading.Event()

    @once
    def slow(name: str) -> object:
        made.append(name)
        first_is_at_it.wait(0.2)
        return object()

    def ask() -> object:
        asking.wait(10)
        return slow("a")

    with ThreadPoolExecutor(4) as pool:
        values = {id(value) for value in pool.map(lambda _: ask(), range(4))}
    assert len(values) == 1
    assert made == ["a"]
    assert slow("b") is not slow("a")
    assert made == ["a", "b"]


def test_a_failure_is_not_kept() -> None:
    tries: list[int] = []

    @once
    def fails_first() -> str:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("not yet")
        return "there"

    with pytest.raises(ValueError, match="not yet"):
        fails_first()
    assert fails_first() == "there"


def test_making_one_value_may_take_another() -> None:
    @once
    def factorial(n: int) -> int:
        return n * factorial(n - 1) if n else 1

    assert factorial(5) == 120
