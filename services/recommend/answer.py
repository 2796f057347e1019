"""What is asked of the recommender, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from services.library.index.port import Vector
from services.recommend.context import Context
from services.recommend.gather import LeftOut
from services.recommend.reasons import Reason
from services.recommend.scores import SourceScore


@dataclass(frozen=True, slots=True)
class Ask:
    """A request for a feed.

    `wish` is the text vector of what `context.wish` and `context.scene` say, where a model made one. `policy` names
    one of the file; otherwise the running experiment or the default chooses. `session` is the caller's name for the
    viewer's session. `without` are causes (`topic:cooking`, `video:3f2a…`, `source:trending`, ...) whose removal is
    to be tried, all together. A `dry_run` is not recorded as shown.
    """

    user: str
    context: Context = field(default_factory=Context)
    limit: int = 10
    policy: str | None = None
    session: str | None = None
    wish: Vector | None = None
    without: tuple[str, ...] = ()
    dry_run: bool = False


class Basis(StrEnum):
    """What an answer rests on."""

    EVENTS = "events"
    ONBOARDING = "onboarding"
    CONTEXT = "context"
    LANGUAGE = "language"
    TRENDS = "trends"
    CONTENT = "content"


@dataclass(frozen=True, slots=True)
class Without:
    """What an item's place would be without some causes: ranks count from 1 in the blend over the same candidates,
    before the list is varied. `score` is what the blend would give it.
    """

    causes: tuple[str, ...]
    before: int
    after: int
    score: float

    @property
    def lower(self) -> bool:
        """Whether the item would stand lower."""
        return self.after > self.before


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One pick: its score, the sum of what every source added, and one to three reasons."""

    video_id: str
    title: str | None
    creator: str | None
    duration_s: float | None
    score: float
    sources: Mapping[str, SourceScore]
    reasons: tuple[Reason, ...]
    without: Without | None = None


@dataclass(frozen=True, slots=True)
class Recommendations:
    """A feed.

    `basis` says what it rests on, in words; `grounds` the same, for programs. `note` says why it is empty or short,
    when it is. `left_out` are sources that did not answer; `fallback` says that the index did not, and what was done.
    `language` is the viewer's, as far as it is known: en or zh.
    """

    request_id: str
    items: tuple[Recommendation, ...]
    basis: str
    grounds: tuple[Basis, ...]
    policy: str
    variant: str
    note: str | None = None
    left_out: tuple[LeftOut, ...] = ()
    fallback: str | None = None
    language: str = "en"
