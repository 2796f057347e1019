"""Edits of a profile by its viewer: boost, mute, remove; wishes in words; choices at the start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from models.text.base import TextEngine
from services.intake.errors import ServiceError
from services.library.record.events import EditKind, ProfileEdit
from services.library.record.port import RecordPort
from services.library.taxonomy import Taxonomy
from services.recommend.evidence import ProfileParameters
from services.recommend.filters import resolve_label
from services.recommend.wishes import understand_wish

MAX_EDITS = 500
"""Most edits that are kept of one viewer."""

_PLURAL = {"topics": "topic", "moods": "mood", "occasions": "occasion"}


class TooManyEdits(ServiceError):
    """The viewer's profile holds as many edits as are kept."""

    code = "too_many_edits"
    status = 409


class UnknownEdit(ServiceError):
    """The viewer has no edit of this id."""

    code = "unknown_edit"
    status = 404


def new_edit(
    user: str,
    kind: EditKind,
    field: str,
    value: str,
    *,
    now: datetime,
    taxonomy: Taxonomy,
    weight: float | None = None,
    expires_at: datetime | None = None,
    text: str | None = None,
) -> ProfileEdit:
    """An edit of one interest; topics, moods and occasions by slug or name. Raises `UnknownLabel`."""
    entries = {"topics": taxonomy.topics, "moods": taxonomy.moods, "occasions": taxonomy.occasions}.get(field)
    if entries is not None:
        value = resolve_label(value, entries, _PLURAL[field]).slug
    elif field == "languages":
        value = value.lower()
    usual = ProfileParameters()
    weights = {EditKind.BOOST: usual.boost, EditKind.WISH: usual.wish, EditKind.ONBOARDING: usual.onboarding}
    counted = weights.get(kind, 0.0) if weight is None else weight
    return ProfileEdit(uuid4().hex, user, kind, field, value, counted, now, expires_at, text)


def apply_edits(record: RecordPort, user: str, edits: Sequence[ProfileEdit], *, now: datetime) -> None:
    """Store edits; each replaces earlier ones of the same kind of the same interest, and those that expired.

    A boost lifts a mute of the same interest and a mute a boost. Raises `TooManyEdits`.
    """
    kept = record.profile_edits(user)
    new = {(edit.field, edit.value): edit.kind for edit in edits}
    old = [
        one.id
        for one in kept
        if (one.expires_at is not None and one.expires_at <= now)
        or _replaced(one.kind, new.get((one.field, one.value)))
    ]
    if len(kept) - len(old) + len(edits) > MAX_EDITS:
        raise TooManyEdits(f"A profile holds {MAX_EDITS} edits at most.", remedy="Delete edits that no longer matter.")
    record.add_profile_edits(edits, instead_of=old)


def wish(
    record: RecordPort,
    user: str,
    text: str,
    *,
    now: datetime,
    days: float,
    taxonomy: Taxonomy,
    engine: TextEngine,
) -> tuple[ProfileEdit, ...]:
    """Store what the words ask for, for some days: wishes, and mutes of what they do not want.

    Raises `WishNotUnderstood` and `TooManyEdits`.
    """
    expires_at = now + timedelta(days=days)
    edits = tuple(
        new_edit(
            user,
            EditKind.WISH if one.wanted else EditKind.MUTE,
            one.label.field,
            one.label.value,
            now=now,
            taxonomy=taxonomy,
            expires_at=expires_at,
            text=text,
        )
        for one in understand_wish(text, taxonomy, engine)
    )
    apply_edits(record, user, edits, now=now)
    return edits


def onboard(
    record: RecordPort, user: str, choices: Mapping[str, Sequence[str]], *, now: datetime, taxonomy: Taxonomy
) -> tuple[ProfileEdit, ...]:
    """Store a viewer's first choices, in place of any earlier ones. Raises `UnknownLabel` and `TooManyEdits`."""
    edits = {
        (edit.field, edit.value): edit
        for field, values in choices.items()
        for value in values
        for edit in [new_edit(user, EditKind.ONBOARDING, field, value, now=now, taxonomy=taxonomy)]
    }
    kept = record.profile_edits(user)
    old = [one.id for one in kept if one.kind is EditKind.ONBOARDING]
    if len(kept) - len(old) + len(edits) > MAX_EDITS:
        raise TooManyEdits(f"A profile holds {MAX_EDITS} edits at most.", remedy="Delete edits that no longer matter.")
    if old and not edits:
        for one in old:
            record.remove_profile_edit(user, one)
    record.add_profile_edits(tuple(edits.values()), instead_of=old)
    return tuple(edits.values())


_OPPOSITES = {
    EditKind.BOOST: {EditKind.BOOST, EditKind.MUTE},
    EditKind.MUTE: {EditKind.MUTE, EditKind.BOOST, EditKind.WISH},
    EditKind.WISH: {EditKind.WISH, EditKind.MUTE},
    EditKind.REMOVE: {EditKind.REMOVE, EditKind.BOOST, EditKind.WISH, EditKind.ONBOARDING},
    EditKind.ONBOARDING: {EditKind.ONBOARDING},
}


def _replaced(old: EditKind, new: EditKind | None) -> bool:
    return new is not None and old in _OPPOSITES[new]
