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
    return text.replace("\x00", "").encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def storable_json(value: Any, where: str) -> Any:
    """A JSON copy of `value`: tuples become lists, texts go through `storable_text`.

    Raises `InvalidValue`, naming the place (`where` plus the path), for anything JSON has no word for: NaN, bytes,
    arrays, keys that are not text.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidValue(f"{where} is {value}, which JSON cannot hold: store null instead.")
        return value
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise InvalidValue(f"{where} has the key {key!r}: JSON keys are text.")
        return {storable_text(key): storable_json(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable_json(item, f"{where}[{number}]") for number, item in enumerate(value)]
    raise InvalidValue(f"{where} is a {type(value).__name__}: convert it to a plain JSON value first.")
