"""Labels as keys of what a viewer cares for, and as numbers for arithmetic."""

from __future__ import annotations

import threading
from typing import NamedTuple

CREATOR, LANGUAGE = "creator", "language"
"""Fields of the index in which a viewer has interests beside the labels."""

LABEL_FIELDS = ("tags", "topics", "moods", "occasions")
"""Payload fields that hold what a video is labelled with."""


class LabelKey(NamedTuple):
    """One label of one kind, as it is stored: `field` is one of `LABEL_FIELDS`, `value` a slug or a free tag.

    A tuple, because a request looks thousands of them up and hashing one must not run Python code.
    """

    field: str
    value: str


class LabelNumbers:
    """A number for each label that was met, from 1. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._labels: list[LabelKey] = []
        self._numbers: dict[LabelKey, int] = {}

    def of(self, label: LabelKey) -> int:
        """The label's number."""
        number = self._numbers.get(label)
        if number is None:
            with self._lock:
                number = self._numbers.get(label)
                if number is None:
                    self._labels.append(label)
                    number = self._numbers[label] = len(self._labels)
        return number

    def after(self, number: int) -> list[LabelKey]:
        """The labels with numbers above this one, in order."""
        return self._labels[number:]

    def one(self, field: str, value: str) -> LabelKey:
        """One object for all videos that carry the label: a hundred thousand videos carry a million."""
        return self._labels[self.of(LabelKey(field, value)) - 1]


NUMBERS = LabelNumbers()
"""Those of this process: whatever a label is worth, so that what was worked out of a video with them lasts."""
