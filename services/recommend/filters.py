"""What a caller narrows a search or a feed to, turned into the index's filter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from services.intake.errors import ServiceError
from services.library.index.port import Collection, Filter, IndexPort
from services.library.safety import Severity, load_rules
from services.library.taxonomy import Taxonomy
from services.library.taxonomy.types import Entry
from services.library.understanding import Understanding
from services.recommend.indexed import point_id
from services.recommend.taste import Taste


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


WITHHELD = ("withheld", "rejected")
"""Review states of videos that nobody may be shown."""

MAX_EXCLUDED = 1000
"""Most videos that the index is told to leave out, the latest seen ones; older ones are looked up in the record."""


def hard_filter(index: IndexPort, taste: Taste, language: str | None, dropped: Sequence[str] = ()) -> Filter:
    """What no source may answer with: what the viewer acted on, `dropped` videos, another language than the one asked
    for, severe risks, withheld videos, and what the viewer muted.
    """
    excludes: dict[str, list[str]] = {name: list(values) for name, values in taste.muted.items()}
    excludes["safety"] = severe_categories()
    excludes["review_state"] = list(WITHHELD)
    out = list(dict.fromkeys([*dropped, *taste.seen]))[:MAX_EXCLUDED]
    where = Filter(
        equals={"language": [language]} if language else {},
        excludes=excludes,
        not_ids=frozenset(point_id(one) for one in out),
    )
    return Filter(within=index.prepare(Collection.VIDEOS, where))


def severe_categories() -> list[str]:
    """Categories of risk that keep a video from everybody. The payload names categories; the rules say how bad."""
    return [category.slug for category in load_rules().categories if category.severity is Severity.HIGH]


def document_allows(understanding: Understanding | None, taste: Taste, language: str | None) -> bool:
    """Checked again on the document: a payload that lags behind must not let a video through."""
    if understanding is None:
        return True
    if any(label.severity == Severity.HIGH for label in understanding.safety):
        return False
    muted = taste.muted
    if language and understanding.video.language and understanding.video.language != language:
        return False
    return not (
        (understanding.video.creator is not None and understanding.video.creator in muted.get("creator", ()))
        or any(label.slug in muted.get("topics", ()) for label in understanding.topics if label.slug)
    )


def also(where: Filter | None, field: str, values: Sequence[str]) -> Filter:
    """`where`, and `field` is one of `values`; values that `where` asks of the same field must hold as well."""
    base = where or Filter()
    asked = base.equals.get(field)
    both = list(values) if asked is None else [value for value in values if value in asked]
    return replace(base, equals={**base.equals, field: both or list(asked or ())})


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
