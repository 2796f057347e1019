"""Editing the taxonomy: what a set of edits would change, and publishing it as a version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.intake.errors import ServiceError
from services.library.library import Library
from services.library.overlay import Field
from services.library.taxonomy.edits import Describe, Merge, Move, edited
from services.library.taxonomy.loader import TaxonomyError, load_taxonomy
from services.library.taxonomy.published import parsed_edits
from services.review.rules import apply_taxonomy

_FIELDS = {"topic": Field.TOPIC, "mood": Field.MOOD, "occasion": Field.OCCASION}


class InvalidEdit(ServiceError):
    """The edits do not fit the taxonomy they are based on."""

    code = "invalid_edit"
    status = 422


@dataclass(frozen=True, slots=True)
class Effect:
    """One edit: how many videos carry the label now, what takes effect at once, and what needs `annotate` again."""

    edit: Describe | Merge | Move
    videos: int
    at_once: str
    needs_annotate: str | None


@dataclass(frozen=True, slots=True)
class TaxonomyChange:
    """The version that was published (or would be), its effects, and how many videos it touched (or would)."""

    version: int
    effects: tuple[Effect, ...]
    videos: int


def preview_taxonomy(library: Library, edits: Sequence[Describe | Merge | Move]) -> TaxonomyChange:
    """What publishing would do. Raises `InvalidEdit`."""
    version = library.record.taxonomy_edits()[0]
    _check(library, edits)
    effects = tuple(_effect(library, edit) for edit in edits)
    pairs = [(_FIELDS[edit.kind], edit.slug) for edit in edits if not isinstance(edit, Move)]
    return TaxonomyChange(version + 1, effects, len(library.record.videos_with(pairs)))


def publish_taxonomy(
    library: Library, edits: Sequence[Describe | Merge | Move], *, base: int, note: str, account: str
) -> TaxonomyChange:
    """Publish the edits on top of version `base`; labels and payloads follow at once, no model runs.

    Raises `InvalidEdit`, and `VersionTaken` when `base` is not the newest version any more.
    """
    preview = preview_taxonomy(library, edits)
    known = library.record.taxonomy_edits()[1]
    everything = [*known, *(edit.model_dump(mode="json") for edit in edits)]
    version = library.record.publish_taxonomy(base, everything, note=note, account=account)
    return TaxonomyChange(version, preview.effects, apply_taxonomy(library))


def _check(library: Library, edits: Sequence[Describe | Merge | Move]) -> None:
    if not edits:
        raise InvalidEdit("There are no edits.", remedy="Give at least one of describe, merge and move.")
    known = parsed_edits(library.record.taxonomy_edits()[1])
    try:
        edited(load_taxonomy(), [*known, *edits])
    except TaxonomyError as error:
        raise InvalidEdit(str(error), remedy="GET /v1/taxonomy lists the entries; edits apply in order.") from error


def _effect(library: Library, edit: Describe | Merge | Move) -> Effect:
    videos = library.record.count_with(_FIELDS[edit.kind], edit.slug)
    if isinstance(edit, Merge):
        at_once = f"{videos} videos labelled {edit.slug} are labelled {edit.into} instead."
        return Effect(edit, videos, at_once, None)
    if isinstance(edit, Move):
        at_once = f"{edit.slug} is found under {edit.parent}; labels of videos stay as they are."
        return Effect(edit, videos, at_once, "Moods and occasions that follow from a topic's place in the tree.")
    renamed = edit.en is not None or edit.zh is not None
    at_once = f"{videos} videos show the new name." if renamed else "The new description is shown."
    return Effect(edit, videos, at_once, "Which videos the models would give it to, by its new words.")
