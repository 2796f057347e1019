"""What is dropped from the events that arrive: pure rules over values, so that they can be tested by themselves."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from services.library.errors import InvalidValue
from services.library.jsonable import storable_text
from services.library.record.events import DropReason, Event, EventKind

MAX_ID_CHARACTERS = 128
MAX_USER_CHARACTERS = 200
MAX_CREATOR_CHARACTERS = 200
MAX_QUERY_CHARACTERS = 500
MAX_AUDIENCE_CHARACTERS = 64
MAX_REQUEST_ID_CHARACTERS = 64
MAX_POSITION = 100_000
MAX_OFFSET_MINUTES = 14 * 60
"""No place on earth is further from UTC."""

_ABOUT_NO_VIDEO = frozenset({EventKind.FOLLOW, EventKind.SEARCH})


@dataclass(frozen=True, slots=True)
class CleaningRules:
    """What a real viewer with a working clock can have done.

    `max_watch_ratio` and `max_watch_s` bound the watch time of one event; `max_ahead_s` and `max_age_days` bound its
    time against ours; `max_per_minute` bounds the events of one user within one minute of their own time.
    """

    max_watch_ratio: float = 20.0
    max_watch_s: float = 86_400.0
    max_ahead_s: float = 300.0
    max_age_days: float = 730.0
    max_per_minute: int = 240


def normalised(event: Event) -> Event:
    """The event as it can be stored: times in UTC, texts that every database takes.

    Raises `InvalidValue` for what cannot be read as an event at all, in words for its sender.
    """

    def text(name: str, value: str | None, limit: int) -> str | None:
        if value is None:
            return None
        kept = storable_text(value).strip()
        if len(kept) > limit:
            raise InvalidValue(f"{name} has {len(kept)} characters, more than {limit}.")
        return kept or None

    ident = text("id", event.id, MAX_ID_CHARACTERS)
    user_id = text("user", event.user_id, MAX_USER_CHARACTERS)
    creator = text("creator", event.creator, MAX_CREATOR_CHARACTERS)
    query = text("query", event.query, MAX_QUERY_CHARACTERS)
    if ident is None or user_id is None:
        raise InvalidValue("id and user must be given.")
    if event.at.tzinfo is None:
        raise InvalidValue("at has no time zone: write it as 2026-01-31T18:00:00+08:00.")
    try:
        at = event.at.astimezone(UTC)
    except OverflowError as error:
        raise InvalidValue("at is outside the calendar.") from error
    if event.kind is EventKind.FOLLOW and creator is None:
        raise InvalidValue("a follow names the creator.")
    if event.kind is EventKind.SEARCH and query is None:
        raise InvalidValue("a search has its query.")
    if event.kind not in _ABOUT_NO_VIDEO and event.video_id is None:
        raise InvalidValue(f"{event.kind.value} is about a video.")
    for name, number, least, most in (
        ("position", event.position, 0, MAX_POSITION),
        ("utc_offset_minutes", event.utc_offset_minutes, -MAX_OFFSET_MINUTES, MAX_OFFSET_MINUTES),
    ):
        if number is not None and not least <= number <= most:
            raise InvalidValue(f"{name} is not in {least} to {most}.")
    return replace(
        event,
        id=ident,
        user_id=user_id,
        at=at,
        creator=creator,
        query=query,
        request_id=text("request_id", event.request_id, MAX_REQUEST_ID_CHARACTERS),
        audience=text("audience", event.audience, MAX_AUDIENCE_CHARACTERS),
    )


def fault(event: Event, rules: CleaningRules, now: datetime) -> tuple[DropReason, str] | None:
    """What is wrong with a normalised event taken alone, in words; None for one that can have happened."""
    if event.at > now + timedelta(seconds=rules.max_ahead_s):
        return DropReason.FROM_THE_FUTURE, f"at is more than {rules.max_ahead_s:g} s ahead of this clock."
    if event.at < now - timedelta(days=rules.max_age_days):
        return DropReason.TOO_OLD, f"at is more than {rules.max_age_days:g} days ago."
    for name, value in (("watch_s", event.watch_s), ("watch_ratio", event.watch_ratio)):
        if value is not None and not (math.isfinite(value) and value >= 0):
            return DropReason.IMPOSSIBLE_WATCH, f"{name} is no time that passed."
    if event.duration_s is not None and not (math.isfinite(event.duration_s) and event.duration_s > 0):
        return DropReason.IMPOSSIBLE_WATCH, "duration_s is no duration."
    if event.watch_s is not None and event.watch_s > rules.max_watch_s:
        return DropReason.IMPOSSIBLE_WATCH, f"watch_s is above {rules.max_watch_s:g} s."
    if event.watch_ratio is not None and event.watch_ratio > rules.max_watch_ratio:
        return DropReason.IMPOSSIBLE_WATCH, f"watched more than {rules.max_watch_ratio:g} times the duration."
    return None


def minute_of(at: datetime) -> datetime:
    """The minute that a time lies in."""
    return at.replace(second=0, microsecond=0)


def over_rate(
    events: Sequence[Event], stored: Mapping[tuple[str, datetime], int], max_per_minute: int
) -> frozenset[int]:
    """Places of the events beyond what one user can do in a minute; the earliest of a minute are kept.

    `stored` counts, per user and minute, what the record holds already.
    """
    seen = Counter(stored)
    over = set()
    for place in sorted(range(len(events)), key=lambda number: (events[number].at, number)):
        key = (events[place].user_id, minute_of(events[place].at))
        if seen[key] >= max_per_minute:
            over.add(place)
        else:
            seen[key] += 1
    return frozenset(over)
