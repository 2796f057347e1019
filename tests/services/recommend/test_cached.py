from __future__ import annotations

import threading

import pytest

from services.library.errors import IndexUnavailable
from services.recommend.cached import Kept, Renewed


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_old_value_is_given_at_once_while_a_new_one_is_made() -> None:
    clock, made, may_end = Clock(), [], threading.Event()

    def make() -> int:
        if made:
            may_end.wait(10)
        made.append(len(made))
        return made[-1]

    value = Renewed(make, 10.0, clock=clock)
    assert (value.get(), value.get()) == (0, 0)
    clock.now = 11.0
    assert value.get() == 0
    may_end.set()
    for _ in range(1000):
        if value.get() == 1:
            break
        threading.Event().wait(0.01)
    assert value.get() == 1


def test_a_value_that_cannot_be_made_is_an_error_and_tried_again() -> None:
    broken = [True]

    def make() -> str:
        if broken[0]:
            raise IndexUnavailable("away")
        return "there"

    value = Renewed(make, 10.0)
    with pytest.raises(IndexUnavailable):
        value.get()
    broken[0] = False
    assert value.get() == "there"


def test_only_what_is_not_kept_or_too_old_is_fetched() -> None:
    clock, asked = Clock(), []

    def fetch(keys: list[str]) -> dict[str, str]:
        asked.append(keys)
        return {key: key.upper() for key in keys if key != "absent"}

    kept: Kept[str, str] = Kept(2, 10.0, clock=clock)
    assert kept.many(["a", "b", "absent"], fetch) == {"a": "A", "b": "B"}
    assert kept.many(["b", "a"], fetch) == {"a": "A", "b": "B"}
    kept.many(["c"], fetch)
    assert kept.many(["b"], fetch) == {"b": "B"}
    assert kept.many(["a"], fetch) == {"a": "A"}  # was read first, so it made room for c
    clock.now = 11.0
    kept.many(["c"], fetch)
    assert asked == [["a", "b", "absent"], ["c"], ["a"], ["c"]]


def test_what_never_ages_is_read_anew_once_it_is_forgotten() -> None:
    values = {"a": 1, "b": 2}
    kept: Kept[str, int] = Kept(10, None)

    def fetch(keys: list[str]) -> dict[str, int]:
        return {key: values[key] for key in keys}

    assert kept.many(["a", "b"], fetch) == {"a": 1, "b": 2}
    values.update(a=10, b=20)
    kept.forget(["a"])
    assert kept.many(["a", "b"], fetch) == {"a": 10, "b": 2}
    kept.forget()
    assert kept.many(["a", "b"], fetch) == {"a": 10, "b": 20}


def test_what_is_written_while_it_is_read_is_not_kept_as_it_was() -> None:
    value = ["old"]
    kept: Kept[str, str] = Kept(10, None)

    def fetch(keys: list[str]) -> dict[str, str]:
        found = dict.fromkeys(keys, value[0])
        if value[0] == "old":
            value[0] = "new"
            kept.forget(["a"])
        return found

    assert kept.many(["a"], fetch) == {"a": "old"}
    assert kept.many(["a"], fetch) == {"a": "new"}
