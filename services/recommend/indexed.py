"""A video as its point in the index tells it: the payload, read once and typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from services.library.taxonomy import Taxonomy
from services.recommend.copies import original_of
from services.recommend.label_keys import CREATOR, LABEL_FIELDS, LANGUAGE, NUMBERS, LabelKey

__all__ = ["CREATOR", "LABEL_FIELDS", "LANGUAGE", "IndexedVideo", "LabelKey", "label_names", "point_id"]


@dataclass(frozen=True)
class IndexedVideo:
    """What a point of `videos` says. `published_at` is a Unix time in seconds.

    `original` is the id of the video that this one is a copy of, or its own.
    """

    point_id: str
    title: str | None
    creator: str | None
    language: str | None
    duration_s: float | None
    published_at: float | None
    labels: tuple[LabelKey, ...]
    safety: tuple[str, ...]
    original: str
    review_state: str | None = None

    @cached_property
    def video_id(self) -> str:
        """The id of the record, which is the point's id without its dashes."""
        return self.point_id.replace("-", "")

    @cached_property
    def carried(self) -> tuple[LabelKey, ...]:
        """The labels, and the creator as one more."""
        return (*self.labels, LabelKey(CREATOR, self.creator)) if self.creator else self.labels

    @cached_property
    def interests(self) -> tuple[LabelKey, ...]:
        """Everything of a video that a viewer can have an interest in: its labels, its creator, its language."""
        return (*self.carried, LabelKey(LANGUAGE, self.language)) if self.language else self.carried

    @cached_property
    def numbers(self) -> NDArray[np.intp]:
        """The numbers of what is carried, 0 before them."""
        return np.array([0, *map(NUMBERS.of, self.carried)], dtype=np.intp)

    def work_out(self) -> None:
        """Do now what the first requests would have to do."""
        self.video_id, self.interests, self.numbers, self._by_field  # noqa: B018 - each is kept once it was asked for

    def values(self, field: str) -> tuple[str, ...]:
        """The labels of one field."""
        return self._by_field.get(field, ())

    @cached_property
    def _by_field(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for field, value in self.labels:
            found.setdefault(field, []).append(value)
        return {field: tuple(values) for field, values in found.items()}

    @classmethod
    def of(cls, point_id: str, payload: Mapping[str, Any]) -> IndexedVideo:
        """Read a payload; absent fields are None or empty."""
        return cls(
            point_id=point_id,
            title=_text(payload.get("title")),
            creator=_text(payload.get("creator")),
            language=_text(payload.get("language")),
            duration_s=_number(payload.get("duration_s")),
            published_at=_number(payload.get("published_at")),
            labels=tuple(NUMBERS.one(field, value) for field in LABEL_FIELDS for value in _texts(payload.get(field))),
            safety=_texts(payload.get("safety")),
            original=original_of(point_id, payload),
            review_state=_text(payload.get("review_state")),
        )


_PLAIN = re.compile(r"[0-9a-f]{32}")


def point_id(video_id: str) -> str:
    """The index's id of a video of the record."""
    if _PLAIN.fullmatch(video_id):  # all that the record made are: ten times faster than parsing
        return f"{video_id[:8]}-{video_id[8:12]}-{video_id[12:16]}-{video_id[16:20]}-{video_id[20:]}"
    return str(UUID(hex=video_id))


def label_names(label: LabelKey, taxonomy: Taxonomy) -> tuple[str, str]:
    """(English, Chinese) name of a label; a free tag is its own name in both."""
    lookups = {"topics": taxonomy.topic, "moods": taxonomy.mood, "occasions": taxonomy.occasion}
    lookup = lookups.get(label.field)
    if lookup is None:
        return label.value, label.value
    try:
        entry = lookup(label.value)
    except KeyError:  # written by another version of the taxonomy: the stored word still says what it says
        return label.value, label.value
    return entry.en, entry.zh


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list | tuple) else [value]
    return tuple(dict.fromkeys(item for item in items if isinstance(item, str) and item))


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
