"""What is known of the moment of the request: mood, occasion, language, local time, and what is wished for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.intake.errors import ServiceError
from services.library.taxonomy import Mood, Occasion, Taxonomy
from services.recommend.filters import resolve_label

_WEEKDAY: tuple[tuple[range, str], ...] = (
    (range(7, 10), "commute"),
    (range(12, 14), "meal"),
    (range(18, 22), "after-work"),
    (range(22, 24), "bedtime"),
    (range(0, 2), "bedtime"),
)
_WEEKEND: tuple[tuple[range, str], ...] = (
    (range(9, 12), "weekend-trip"),
    (range(12, 14), "meal"),
    (range(14, 18), "weekend-trip"),
    (range(22, 24), "bedtime"),
    (range(0, 2), "bedtime"),
)
"""Local hours and the occasion that is likely then; the remaining hours say nothing."""

_SATURDAY = 5
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?")

INFERRED = 0.5
"""What an occasion that was read off the clock counts, against 1 for one that was asked for."""


class BadContext(ServiceError):
    """The context names a time zone that nobody knows."""

    code = "invalid_context"
    status = 422


@dataclass(frozen=True, slots=True)
class Context:
    """What the caller says.

    Labels are slugs or names in either language. `hour` is the viewer's local hour (0 to 23); `local_time` says hour
    and weekday at once, and `zone` (an IANA name, or an offset such as +08:00) says both of now. `wish` and `scene`
    are free words of the viewer. `language` (ISO 639-1) keeps to videos in it. `audience` is the group whose trends
    count.
    """

    mood: str | None = None
    occasion: str | None = None
    language: str | None = None
    hour: int | None = None
    local_time: datetime | None = None
    zone: str | None = None
    scene: str | None = None
    wish: str | None = None
    audience: str | None = None


@dataclass(frozen=True, slots=True)
class ResolvedContext:
    """The context in the taxonomy's terms; `certainty` of the occasion is 1 when asked for, less when inferred."""

    mood: Mood | None
    occasion: Occasion | None
    certainty: float
    language: str | None
    hour: int | None = None
    local: datetime | None = None
    audience: str | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing of the context bears on what fits."""
        return self.mood is None and self.occasion is None


def resolve_context(context: Context, taxonomy: Taxonomy, now: datetime | None = None) -> ResolvedContext:
    """Look the names up and read the clock. Raises `UnknownLabel` and `BadContext`."""
    mood = taxonomy.mood(resolve_label(context.mood, taxonomy.moods, "mood").slug) if context.mood else None
    local = _local(context, now or datetime.now(UTC))
    hour = context.hour if context.hour is not None else (None if local is None else local.hour)
    weekend = None if local is None else local.weekday() >= _SATURDAY
    certainty = 1.0
    occasion: Occasion | None = None
    if context.occasion:
        occasion = taxonomy.occasion(resolve_label(context.occasion, taxonomy.occasions, "occasion").slug)
    elif (named := _occasion_in(context.scene, taxonomy)) is not None:
        occasion = named
    elif hour is not None:
        certainty = INFERRED
        likely = next((slug for hours, slug in (_WEEKEND if weekend else _WEEKDAY) if hour in hours), None)
        occasion = next((known for known in taxonomy.occasions if known.slug == likely), None)
    language = context.language.lower() if context.language else None
    return ResolvedContext(mood, occasion, certainty, language, hour, local, context.audience)


def words_wished(context: Context, taxonomy: Taxonomy) -> str:
    """What the viewer asks for in words; a scene counts unless an occasion already says it."""
    scene = context.scene if _occasion_in(context.scene, taxonomy) is None else None
    return " ".join(part.strip() for part in (context.wish, scene) if part and part.strip())


def zone_of(name: str) -> tzinfo:
    """A time zone by its IANA name or its offset from UTC. Raises `BadContext`."""
    offset = _OFFSET.fullmatch(name.strip())
    if offset is not None:
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        if minutes <= 18 * 60 and int(offset[3] or 0) < 60:
            return timezone(timedelta(minutes=minutes if offset[1] == "+" else -minutes))
    try:
        return ZoneInfo(name.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadContext(
            f"{name[:80]!r} is no time zone.", remedy="Give an IANA name such as Asia/Shanghai, or an offset (+08:00)."
        ) from error


def _local(context: Context, now: datetime) -> datetime | None:
    if context.zone is None:
        return context.local_time
    zone = zone_of(context.zone)
    if context.local_time is None:
        return now.astimezone(zone)
    return context.local_time if context.local_time.tzinfo is None else context.local_time.astimezone(zone)


def _occasion_in(scene: str | None, taxonomy: Taxonomy) -> Occasion | None:
    if not scene:
        return None
    wanted = scene.strip().casefold()
    return next((one for one in taxonomy.occasions if wanted in (one.slug, one.en.casefold(), one.zh.casefold())), None)
