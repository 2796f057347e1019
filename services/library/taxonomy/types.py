"""Topics, moods and occasions: the closed vocabularies that annotations choose from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Words = Annotated[str, Field(min_length=1)]
Signed = Annotated[float, Field(ge=-1.0, le=1.0)]
Unit = Annotated[float, Field(ge=0.0, le=1.0)]


class Entry(BaseModel):
    """What every entry has: a stable slug, a name and a one-sentence description in both languages."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    slug: Slug
    en: Words
    zh: Words
    description_en: Words
    description_zh: Words


EntryT = TypeVar("EntryT", bound=Entry)


class Topic(Entry):
    """What a video is about. `parent` is the first-level slug, None for the first level itself.

    `moods` are one to three mood slugs, the most typical of short videos about it first. Leaves only: the first
    level spans too much to have any.
    """

    parent: Slug | None = None
    examples: tuple[Words, ...] = ()
    moods: tuple[Slug, ...] = Field(default=(), max_length=3)

    @model_validator(mode="after")
    def _leaves_have_moods(self) -> Topic:
        if self.parent is None and self.moods:
            raise ValueError("moods belong to leaves, not to the first level")
        if self.parent is not None and not self.moods:
            raise ValueError("a leaf needs `moods`, one to three mood slugs")
        if len(set(self.moods)) < len(self.moods):
            raise ValueError(f"moods must be distinct, got {list(self.moods)}")
        return self


class Mood(Entry):
    """The feeling a video leaves; valence and arousal in [-1, 1] after Russell's circumplex model (1980).

    `also` are near-synonyms and shades of it in English and Chinese. A word belongs to one mood only.
    """

    valence: Signed
    arousal: Signed
    also: tuple[Words, ...] = Field(min_length=1)

    @property
    def names(self) -> tuple[str, ...]:
        """Every word for the mood, casefolded and distinct: its slug and names first, then `also`."""
        return tuple(dict.fromkeys(_folded(word) for word in (self.slug, self.en, self.zh, *self.also)))


class OccasionHints(BaseModel):
    """What a machine can check about an occasion. `energy` is (low, high) in [0, 1], `max_duration_s` in seconds.

    `topics` are first-level slugs (all of their leaves fit) or leaf slugs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    moods: tuple[Slug, ...] = Field(min_length=1)
    topics: tuple[Slug, ...] = Field(min_length=1)
    energy: tuple[Unit, Unit]
    max_duration_s: float = Field(gt=0)

    @model_validator(mode="after")
    def _energy_is_a_range(self) -> OccasionHints:
        if self.energy[0] > self.energy[1]:
            raise ValueError(f"energy must be [low, high], got {list(self.energy)}")
        return self


class Occasion(Entry):
    """When somebody would want to watch a video."""

    hints: OccasionHints


class Taxonomy(BaseModel):
    """The three vocabularies, each with its file's version. Entries keep the order of their file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topics_version: int
    moods_version: int
    occasions_version: int
    topics: tuple[Topic, ...]
    moods: tuple[Mood, ...]
    occasions: tuple[Occasion, ...]

    @property
    def version(self) -> str:
        """One string that changes with any of the three files' versions, for fingerprints."""
        return f"t{self.topics_version}.m{self.moods_version}.o{self.occasions_version}"

    @cached_property
    def first_level(self) -> tuple[Topic, ...]:
        """The topics without a parent."""
        return tuple(topic for topic in self.topics if topic.parent is None)

    @cached_property
    def leaves(self) -> tuple[Topic, ...]:
        """The second-level topics, the ones videos are annotated with."""
        return tuple(topic for topic in self.topics if topic.parent is not None)

    def topic(self, slug: str) -> Topic:
        """The topic of either level; `KeyError` names an unknown slug."""
        return self._topics[slug]

    def mood(self, slug: str) -> Mood:
        """The mood; `KeyError` names an unknown slug."""
        return self._moods[slug]

    def mood_named(self, word: str) -> Mood | None:
        """The mood that `word` is the slug, a name or a near-synonym of, in either language; case doesn't matter."""
        return self._mood_names.get(_folded(word))

    def occasion(self, slug: str) -> Occasion:
        """The occasion; `KeyError` names an unknown slug."""
        return self._occasions[slug]

    def leaves_of(self, slug: str) -> tuple[Topic, ...]:
        """The leaves under a first-level topic; a leaf is its own only leaf. `KeyError` for an unknown slug."""
        topic = self.topic(slug)
        return (topic,) if topic.parent else tuple(leaf for leaf in self.leaves if leaf.parent == slug)

    @cached_property
    def hinted_topics(self) -> Mapping[str, frozenset[str]]:
        """Occasion -> the topics that its hints name, with the leaves under them."""
        return {
            one.slug: frozenset(
                (*one.hints.topics, *(leaf.slug for slug in one.hints.topics for leaf in self.leaves_of(slug)))
            )
            for one in self.occasions
        }

    @cached_property
    def mood_distances(self) -> Mapping[str, Mapping[str, float]]:
        """Mood -> mood -> how far apart they lie on the valence/arousal plane."""
        return {
            one.slug: {
                other.slug: math.hypot(one.valence - other.valence, one.arousal - other.arousal) for other in self.moods
            }
            for one in self.moods
        }

    @cached_property
    def _topics(self) -> dict[str, Topic]:
        return _by_slug(self.topics)

    @cached_property
    def _moods(self) -> dict[str, Mood]:
        return _by_slug(self.moods)

    @cached_property
    def _mood_names(self) -> dict[str, Mood]:
        return {name: mood for mood in self.moods for name in mood.names}

    @cached_property
    def _occasions(self) -> dict[str, Occasion]:
        return _by_slug(self.occasions)


def _folded(word: str) -> str:
    return word.strip().casefold()


def _by_slug(entries: Iterable[EntryT]) -> dict[str, EntryT]:
    return {entry.slug: entry for entry in entries}
