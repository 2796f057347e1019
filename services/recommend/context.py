"""What is known of the moment of the request: mood, occasion, language, hour."""

from __future__ import annotations

from dataclasses import dataclass

from services.library.taxonomy import Mood, Occasion, Taxonomy
from services.recommend.filters import resolve_label

_HOURS: tuple[tuple[range, str], ...] = (
    (range(7, 10), "commute"),
    (range(12, 14), "meal"),
    (range(18, 22), "after-work"),
    (range(22, 24), "bedtime"),
    (range(0, 2), "bedtime"),
)
"""Local hours and the occasion that is likely then; the remaining hours say nothing."""

INFERRED = 0.5
"""What an occasion that was read off the clock counts, against 1 for one that was asked for."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the caller says: labels as slugs or names in either language, `hour` the viewer's local hour (0 to 23)."""

    mood: str | None = None
    occasion: str | None = None
    language: str | None = None
    hour: int | None = None


@dataclass(frozen=True, slots=True)
class ResolvedContext:
    """The context in the taxonomy's terms; `certainty` of the occasion is 1 when asked for, less when inferred."""

    mood: Mood | None
    occasion: Occasion | None
    certainty: float
    language: str | None

    @property
    def empty(self) -> bool:
        """Whether nothing of the context bears on what fits."""
        return self.mood is None and self.occasion is None


def resolve_context(context: Context, taxonomy: Taxonomy) -> ResolvedContext:
    """Look the names up and read the hour. Raises `UnknownLabel`."""
    mood = taxonomy.mood(resolve_label(context.mood, taxonomy.moods, "mood").slug) if context.mood else None
    certainty = 1.0
    occasion: Occasion | None = None
    if context.occasion:
        occasion = taxonomy.occasion(resolve_label(context.occasion, taxonomy.occasions, "occasion").slug)
    elif context.hour is not None:
        certainty = INFERRED
        likely = next((slug for hours, slug in _HOURS if context.hour in hours), None)
        occasion = next((known for known in taxonomy.occasions if known.slug == likely), None)
    return ResolvedContext(mood, occasion, certainty, context.language.lower() if context.language else None)
