"""What a reason claims, apart from how it is worded: each kind of claim is a few facts that can be looked up again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.library.record.events import EventKind
from services.library.understanding import Bilingual
from services.recommend.indexed import LabelKey


class Verb(StrEnum):
    """What the viewer did, as far as all events behind a claim agree."""

    LIKED = "liked"
    WATCHED = "watched"
    TOOK = "took"


class Tempo(StrEnum):
    """What the music is like."""

    SLOW = "slow"
    FAST = "fast"


@dataclass(frozen=True, slots=True)
class Named:
    """A label with the names that its document gives it."""

    key: LabelKey
    name: Bilingual


@dataclass(frozen=True, slots=True)
class Series:
    """The viewer took to `count` videos that all carry `labels`, as this one does; `recently`: within two weeks.

    `now`: within this session. `about` is another label of this video, which tells it from the next one of its kind.
    """

    labels: tuple[Named, ...]
    count: int
    verb: Verb
    recently: bool
    now: bool = False
    about: Named | None = None


@dataclass(frozen=True, slots=True)
class Alike:
    """The viewer took to one video (`anchor`) that this one is near to in meaning or in looks; or both have `label`.

    `more` others that the viewer took to belong to the same interest as the anchor.
    """

    anchor: str
    title: Bilingual
    verb: Verb
    looks: bool = False
    label: Named | None = None
    more: int = 0


@dataclass(frozen=True, slots=True)
class SharedTaste:
    """At least one other viewer took to both `anchor`, which this viewer took to, and this video."""

    anchor: str
    title: Bilingual
    verb: Verb


@dataclass(frozen=True, slots=True)
class WentOn:
    """At least one other viewer took to `anchor`, which this viewer took to, and later to this video."""

    anchor: str
    title: Bilingual
    verb: Verb


@dataclass(frozen=True, slots=True)
class Follows:
    """The viewer follows the creator."""

    creator: str


@dataclass(frozen=True, slots=True)
class AskedFor:
    """The viewer asked for a label, by an edit of the profile (`edit` is its id) or in this request's words."""

    label: Named
    words: str | None
    edit: str | None


@dataclass(frozen=True, slots=True)
class NearWish:
    """The video's text is near what the viewer asked for in this request."""

    words: str


@dataclass(frozen=True, slots=True)
class MoodAsked:
    """The video has the mood that was asked for."""

    mood: Named


@dataclass(frozen=True, slots=True)
class SuitsOccasion:
    """The video is labelled with the occasion, or has a mood and a length that suit it; and some facts that show it."""

    occasion: Named
    labelled: bool
    asked: bool
    mood: Named | None
    duration_s: float | None
    tempo: Tempo | None


@dataclass(frozen=True, slots=True)
class TakenUp:
    """What the audience did with the video within some days."""

    counts: tuple[tuple[EventKind, int], ...]
    days: int


@dataclass(frozen=True, slots=True)
class PublishedOn:
    """When the video was published, or else became known here."""

    day: str
    known_here: bool


@dataclass(frozen=True, slots=True)
class FirstAudience:
    """The video is new here and was shown at most `shown` times of a budget; it carries `label`."""

    shown: int
    label: Named | None
    cared_for: bool


@dataclass(frozen=True, slots=True)
class Adventure:
    """The video is about a topic that none of the videos the viewer took to is about."""

    topic: Named


@dataclass(frozen=True, slots=True)
class ForVariety:
    """Nothing else to say: what the video is about, if that is known."""

    label: Named | None


Claim = (
    Series
    | Alike
    | SharedTaste
    | WentOn
    | Follows
    | AskedFor
    | NearWish
    | MoodAsked
    | SuitsOccasion
    | TakenUp
    | PublishedOn
    | FirstAudience
    | Adventure
    | ForVariety
)
