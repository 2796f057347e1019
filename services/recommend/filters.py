"""What a caller narrows a search or a feed to, turned into the index's filter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.intake.errors import ServiceError
from services.library.index.port import Filter
from services.library.taxonomy import Taxonomy
from services.library.taxonomy.types import Entry


class UnknownLabel(ServiceError):
    """A mood, occasion or topic that the taxonomy does not know."""

    code = "unknown_label"
    status = 422


@dataclass(frozen=True, slots=True)
class SearchFilters:
    """All conditions hold together. Labels are slugs, English or Chinese names; `language` is ISO 639-1."""

    mood: str | None = None
    occasion: str | None = None
    topic: str | None = None
    language: str | None = None
    creator: str | None = None
    max_duration_s: float | None = None

    def where(self, taxonomy: Taxonomy) -> Filter | None:
        """The filter on `videos`, None when nothing is asked. A first-level topic stands for all of its leaves.

        Raises `UnknownLabel`.
        """
        equals: dict[str, Sequence[str]] = {}
        if self.mood:
            equals["moods"] = [resolve_label(self.mood, taxonomy.moods, "mood").slug]
        if self.occasion:
            equals["occasions"] = [resolve_label(self.occasion, taxonomy.occasions, "occasion").slug]
        if self.topic:
            topic = resolve_label(self.topic, taxonomy.topics, "topic").slug
            equals["topics"] = list(dict.fromkeys([topic, *(leaf.slug for leaf in taxonomy.leaves_of(topic))]))
        if self.language:
            equals["language"] = [self.language.lower()]
        if self.creator:
            equals["creator"] = [self.creator]
        ranges: Mapping[str, tuple[float | None, float | None]] = (
            {} if self.max_duration_s is None else {"duration_s": (None, self.max_duration_s)}
        )
        return Filter(equals=equals, ranges=ranges) if equals or ranges else None


def resolve_label(name: str, entries: Iterable[Entry], kind: str) -> Entry:
    """The entry with this slug or name in either language; `UnknownLabel` lists what there is."""
    entries = tuple(entries)
    wanted = _normal(name)
    for entry in entries:
        if wanted in (_normal(entry.slug), _normal(entry.en), _normal(entry.zh)):
            return entry
    known = ", ".join(f"{entry.slug} ({entry.zh})" for entry in entries[:40])
    more = f" and {len(entries) - 40} more (GET /v1/taxonomy)" if len(entries) > 40 else ""
    raise UnknownLabel(f"{name!r} is no {kind} of the taxonomy.", remedy=f"Use one of: {known}{more}.")


def _normal(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()
