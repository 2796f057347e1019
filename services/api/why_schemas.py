"""What the routes about past recommendations answer: why a video was shown, and to whom a new one is."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field

from services.api.recommend_schemas import WithoutView
from services.library.record.audience import ShownItem
from services.library.record.events import ShownReason
from services.recommend.exposure import Exposure
from services.recommend.why import Why


class ShownReasonView(BaseModel):
    """A reason as it was shown."""

    source: str
    en: str
    zh: str
    contribution: float
    evidence: tuple[str, ...]
    labels: tuple[str, ...]
    events: tuple[str, ...]

    @classmethod
    def of(cls, reason: ShownReason) -> ShownReasonView:
        """The public side of a stored reason."""
        return cls(
            source=reason.source,
            en=reason.en,
            zh=reason.zh,
            contribution=reason.contribution,
            evidence=reason.evidence,
            labels=reason.labels,
            events=reason.events,
        )


class WhyAnswer(BaseModel):
    """Why a video was shown: what was stored then, and where it would stand without each cause.

    `without` is worked out now, for the viewer as they were then; `note` says why it is empty, when it is.
    """

    request_id: str
    video_id: str
    at: AwareDatetime
    policy: str
    variant: str
    position: int = Field(description="Place in the answer, from 0.")
    score: float
    contributions: dict[str, float]
    reasons: tuple[ShownReasonView, ...]
    without: tuple[WithoutView, ...]
    note: str | None

    @classmethod
    def of(cls, why: Why) -> WhyAnswer:
        """The public side of an explanation."""
        return cls(
            request_id=why.batch.request_id,
            video_id=why.item.video_id,
            at=why.batch.at,
            policy=why.batch.policy,
            variant=why.batch.variant,
            position=why.item.position,
            score=why.item.score,
            contributions=dict(why.item.contributions),
            reasons=tuple(ShownReasonView.of(reason) for reason in why.item.reasons),
            without=tuple(WithoutView.of(one) for one in why.without.values()),
            note=why.note,
        )


class FirstShownView(BaseModel):
    """One impression that a video got as a newcomer; whose it was is not said."""

    request_id: str
    at: AwareDatetime
    position: int
    policy: str
    draw: float = Field(description="What the draw and the fit added to the score.")
    reasons: tuple[ShownReasonView, ...]

    @classmethod
    def of(cls, item: ShownItem) -> FirstShownView:
        """The public side of an impression."""
        return cls(
            request_id=item.request_id,
            at=item.at,
            position=item.position,
            policy=item.policy,
            draw=item.contributions.get("unexplored", 0.0),
            reasons=tuple(ShownReasonView.of(reason) for reason in item.reasons),
        )


class ExposureAnswer(BaseModel):
    """How a video's first audience is chosen and how far that is.

    `expected` is the share of plays that is expected to be watched through, `interval` the range that holds it with
    probability 0.9: Beta's, from the plays so far.
    """

    video_id: str
    state: Literal["not-ready", "exploring", "explored", "aged"]
    shown: int
    budget: int
    left: int
    until: AwareDatetime
    plays: int
    watched_through: int
    expected: float
    interval: tuple[float, float]
    rule: str
    first_audience: tuple[FirstShownView, ...] = Field(description="The latest impressions as a newcomer.")
    other_impressions: int

    @classmethod
    def of(cls, exposure: Exposure) -> ExposureAnswer:
        """The public side of an exposure."""
        new = exposure.newcomer
        return cls(
            video_id=new.video_id,
            state=exposure.state,
            shown=new.shown,
            budget=exposure.budget,
            left=new.left,
            until=exposure.until,
            plays=new.plays,
            watched_through=new.watched,
            expected=new.expected,
            interval=exposure.interval,
            rule=RULE,
            first_audience=tuple(FirstShownView.of(item) for item in exposure.explored),
            other_impressions=exposure.others,
        )


RULE = (
    "While its budget lasts, a new video is a candidate for viewers whose interests (or, of unknown viewers, whose "
    "mood and occasion) its topics, tags and moods fit. Among the newcomers that fit, a draw from the belief in each, "
    "times the fit, decides who gets the places that the viewer's policy keeps for exploration."
)
