"""What may be stored: text that every database takes, and values that are JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from services.library.errors import InvalidValue


def storable_text(text: str) -> str:
    """The text without NUL (PostgreSQL has none) and with U+FFFD for lone surrogates (UTF-8 has none).

    Both occur in what strangers upload: padded metadata, file names that are not UTF-8.
    """
    if type(text) is str and text.isascii() and "\x00" not in text:  # nearly all are, and thousands an answer
        return text
    return text.replace("\x00", "").encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def storable_json(value: Any, where: str) -> Any:
    """A JSON copy of `value`: tuples become lists, texts go through `storable_text`.

    Raises `InvalidValue`, naming the place (`where` plus the path), for anything JSON has no word for: NaN, bytes,
    arrays, keys that are not text.
    """
    try:
        return _copy(value)
    except _NotJson as fault:
        path = "".join(reversed(fault.path))
        raise InvalidValue(f"{where}{path} {fault.what}") from None


class _NotJson(Exception):
    """What is wrong, and the path to it, innermost step first: it is only put together where there is a fault."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.path: list[str] = []


def _copy(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _NotJson(f"is {value}, which JSON cannot hold: store null instead.")
        return value
    if isinstance(value, Mapping):
        return {_key(key): _step(item, key) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_step(item, number) for number, item in enumerate(value)]
    raise _NotJson(f"is a {type(value).__name__}: convert it to a plain JSON value first.")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise _NotJson(f"has the key {key!r}: JSON keys are text.")
    return storable_text(key)


def _step(item: Any, at: str | int) -> Any:
    try:
        return _copy(item)
    except _NotJson as fault:
        fault.path.append(f".{at}" if isinstance(at, str) else f"[{at}]")
        raise
