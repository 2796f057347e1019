"""Edits of the taxonomy on top of the files that ship: names, descriptions, merges and moves, in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.library.taxonomy.loader import TaxonomyError
from services.library.taxonomy.types import Entry, Slug, Taxonomy, Topic, Words

Kind = Literal["topic", "mood", "occasion"]


class _Edit(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    kind: Kind
    slug: Slug


class Describe(_Edit):
    """New names or descriptions of an entry; what is null stays."""

    op: Literal["describe"] = "describe"
    en: Words | None = None
    zh: Words | None = None
    description_en: Words | None = None
    description_zh: Words | None = None


class Merge(_Edit):
    """The entry becomes part of another one of its kind and level, and is gone."""

    op: Literal["merge"] = "merge"
    into: Slug


class Move(_Edit):
    """A second-level topic goes under another first-level one."""

    op: Literal["move"] = "move"
    kind: Literal["topic"] = "topic"
    parent: Slug


Edit = Annotated[Describe | Merge | Move, Field(discriminator="op")]


def edited(taxonomy: Taxonomy, edits: Sequence[Describe | Merge | Move]) -> Taxonomy:
    """The taxonomy after the edits. Raises `TaxonomyError`, which names the edit that does not fit."""
    for number, edit in enumerate(edits, start=1):
        try:
            taxonomy = _apply(taxonomy, edit)
        except (KeyError, ValueError) as error:
            why = f"there is no such {edit.kind}" if isinstance(error, KeyError) else str(error)
            raise TaxonomyError(f"edit {number} ({edit.op} {edit.slug}): {why}") from error
    return taxonomy


def _apply(taxonomy: Taxonomy, edit: Describe | Merge | Move) -> Taxonomy:
    entry = _look_up(taxonomy, edit.kind, edit.slug)
    if isinstance(edit, Describe):
        changes = edit.model_dump(exclude={"op", "kind", "slug"}, exclude_none=True)
        if not changes:
            raise ValueError("it changes nothing: give a name or a description")
        return _replace(taxonomy, edit.kind, entry, entry.model_copy(update=changes))
    if isinstance(edit, Move):
        parent = taxonomy.topic(edit.parent)
        assert isinstance(entry, Topic)
        if entry.parent is None or parent.parent is not None:
            raise ValueError("only a second-level topic moves, and only under a first-level one")
        return _replace(taxonomy, edit.kind, entry, entry.model_copy(update={"parent": parent.slug}))
    into = _look_up(taxonomy, edit.kind, edit.into)
    if into.slug == entry.slug:
        raise ValueError("an entry cannot be merged into itself")
    if isinstance(entry, Topic) and isinstance(into, Topic) and (entry.parent is None or into.parent is None):
        raise ValueError("only second-level topics merge")
    return _merged(taxonomy, edit.kind, entry.slug, into.slug)


def _look_up(taxonomy: Taxonomy, kind: Kind, slug: str) -> Entry:
    if kind == "topic":
        return taxonomy.topic(slug)
    return taxonomy.mood(slug) if kind == "mood" else taxonomy.occasion(slug)


def _replace(taxonomy: Taxonomy, kind: Kind, old: Entry, new: Entry | None) -> Taxonomy:
    field = f"{kind}s"
    entries = tuple(new if one.slug == old.slug else one for one in getattr(taxonomy, field))
    return _checked(taxonomy, {field: tuple(one for one in entries if one is not None)})


def _merged(taxonomy: Taxonomy, kind: Kind, old: str, new: str) -> Taxonomy:
    def renamed(slugs: Sequence[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(new if slug == old else slug for slug in slugs))

    topics, moods, occasions = taxonomy.topics, taxonomy.moods, taxonomy.occasions
    if kind == "topic":
        topics = tuple(topic for topic in topics if topic.slug != old)
    elif kind == "mood":
        moods = tuple(mood for mood in moods if mood.slug != old)
        topics = tuple(topic.model_copy(update={"moods": renamed(topic.moods)}) for topic in topics)
    else:
        occasions = tuple(occasion for occasion in occasions if occasion.slug != old)
    if kind != "occasion":
        hinted = "topics" if kind == "topic" else "moods"
        occasions = tuple(
            one.model_copy(update={"hints": one.hints.model_copy(update={hinted: renamed(getattr(one.hints, hinted))})})
            for one in occasions
        )
    return _checked(taxonomy, {"topics": topics, "moods": moods, "occasions": occasions})


def _checked(taxonomy: Taxonomy, changes: dict[str, Any]) -> Taxonomy:
    """A new object, so that what the old one had worked out is not carried along; validated again."""
    values: dict[str, Any] = {name: getattr(taxonomy, name) for name in Taxonomy.model_fields}
    for name, entries in changes.items():
        values[name] = tuple(type(entry).model_validate(entry.model_dump()) for entry in entries)
    return Taxonomy(**values)
