"""A video as its point in the index tells it: the payload, read once and typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.library.taxonomy import Taxonomy
from services.recommend.copies import original_of

LABEL_FIELDS = ("tags", "topics", "moods", "occasions")
"""Payload fields that hold what a video is labelled with."""


@dataclass(frozen=True, slots=True)
class LabelKey:
    """One label of one kind, as it is stored: `field` is one of `LABEL_FIELDS`, `value` a slug or a free tag."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
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

    @property
    def video_id(self) -> str:
        """The id of the record, which is the point's id without its dashes."""
        return self.point_id.replace("-", "")

    def values(self, field: str) -> tuple[str, ...]:
        """The labels of one field."""
        return tuple(label.value for label in self.labels if label.field == field)

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
            labels=tuple(LabelKey(field, value) for field in LABEL_FIELDS for value in _texts(payload.get(field))),
            safety=_texts(payload.get("safety")),
            original=original_of(point_id, payload),
        )


def point_id(video_id: str) -> str:
    """The index's id of a video of the record."""
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
