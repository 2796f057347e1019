"""What the routes of recommendations take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from services.api.results import ReasonView, ScoreView, reason_views, score_views
from services.api.schemas import Body, Text
from services.library.record.audience import ShownItem
from services.library.record.events import ShownReason
from services.recommend import Ask, Context, Recommendation, Recommendations
from services.recommend.answer import Basis, Without
from services.recommend.exposure import Exposure
from services.recommend.models import QueryModels
from services.recommend.why import Why

Label = Annotated[Text, Field(max_length=100)]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}$")]


class ContextBody(Body):
    """What is known of the moment. Labels are slugs or names in either language."""

    mood: Label | None = Field(None, examples=["healing"])
    occasion: Label | None = Field(None, examples=["after-work"])
    scene: Annotated[Text, Field(max_length=200)] | None = Field(None, description="Where the viewer is, in words.")
    wish: Annotated[Text, Field(max_length=500)] | None = Field(
        None, description="What the viewer wants to see, in words.", examples=["安静的小猫"]
    )
    language: Language | None = Field(None, description="Only videos in this language (ISO 639-1).")
    local_time: datetime | None = Field(None, description="The viewer's local time; with a zone, or as they read it.")
    zone: Annotated[Text, Field(max_length=64)] | None = Field(
        None, description="IANA name or offset; alone, the local time is that of now.", examples=["Asia/Shanghai"]
    )
    hour: int | None = Field(None, ge=0, le=23, description="The viewer's local hour, where no more is known.")
    audience: Annotated[Text, Field(max_length=64)] | None = Field(
        None, description="A group that the viewer belongs to, whose trends count; as in events."
    )

    def context(self) -> Context:
        """The same for the recommender."""
        return Context(**self.model_dump())


class RecommendBody(Body):
    """A request for a feed."""

    user: Annotated[Text, Field(max_length=200, description="Viewer; need not be known.")]
    limit: int = Field(10, ge=1, le=100)
    context: ContextBody = ContextBody()
    policy: Annotated[Text, Field(max_length=100)] | None = Field(
        None, description="A policy of the file; default: what the running experiment or the file says."
    )
    session: Annotated[Text, Field(max_length=128)] | None = None
    counterfactual: tuple[Annotated[Text, Field(max_length=200)], ...] = Field(
        (),
        max_length=20,
        description="Causes to take away, all together: `topic:cooking`, `tag:cat`, `mood:healing`, `creator:amy`, "
        "`video:<id>`, `event:<id>`, `source:trending`, `own:fresh` (each item loses its own newness), `context`. "
        "Each item then says where it would stand.",
        examples=[["topic:home-cooking"]],
    )
    reasons_in: Literal["en", "zh"] | None = Field(
        None, description="Language of `said`; default: the asked-for language, or the viewer's."
    )
    dry_run: bool = Field(False, description="Answer without noting that the videos were shown.")

    def ask(self, models: QueryModels) -> Ask:
        """The same for the recommender; what is wished for in words is embedded."""
        words = " ".join(part for part in (self.context.wish, self.context.scene) if part)
        return Ask(
            user=self.user,
            context=self.context.context(),
            limit=self.limit,
            policy=self.policy,
            session=self.session,
            wish=models.text.embed_queries([words])[0] if words else None,
            without=self.counterfactual,
            dry_run=self.dry_run,
        )


class SpokenReasonView(ReasonView):
    """A reason; `said` is its sentence in the viewer's language."""

    said: str


class WithoutView(BaseModel):
    """Places in the blend, from 1, before the list is varied: with everything, and without the causes."""

    causes: tuple[str, ...]
    before: int
    after: int
    score: float
    lower: bool

    @classmethod
    def of(cls, without: Without) -> WithoutView:
        """The public side of a counterfactual."""
        return cls(
            causes=without.causes,
            before=without.before,
            after=without.after,
            score=without.score,
            lower=without.lower,
        )


class RecommendationView(BaseModel):
    """One pick; `score` is the sum of its sources' contributions. `without` is there when causes were taken away."""

    video_id: str
    title: str | None
    creator: str | None
    duration_s: float | None
    score: float
    sources: dict[str, ScoreView]
    reasons: tuple[SpokenReasonView, ...]
    without: WithoutView | None = None

    @classmethod
    def of(cls, item: Recommendation, language: str) -> RecommendationView:
        """The public side of a pick."""
        return cls(
            video_id=item.video_id,
            title=item.title,
            creator=item.creator,
            duration_s=item.duration_s,
            score=item.score,
            sources=score_views(item.sources),
            reasons=tuple(
                SpokenReasonView(**view.model_dump(), said=view.text.zh if language == "zh" else view.text.en)
                for view in reason_views(item.reasons)
            ),
            without=None if item.without is None else WithoutView.of(item.without),
        )


class LeftOutView(BaseModel):
    """A source that did not answer."""

    source: str
    why: str


class RecommendationsAnswer(BaseModel):
    """A feed, best first.

    Events about its items carry `request_id`. `basis` says what it rests on, `grounds` the same for programs; `note`
    why it is short or empty, when it is; `fallback` that the index did not answer, and what was done about it.
    """

    request_id: str
    user: str
    basis: str = Field(examples=["cold start with context"])
    grounds: tuple[Basis, ...]
    policy: str
    variant: str
    language: str = Field(description="Of the sentences in `said`.")
    note: str | None
    fallback: str | None = None
    left_out: tuple[LeftOutView, ...] = ()
    items: tuple[RecommendationView, ...]

    @classmethod
    def of(cls, user: str, feed: Recommendations, language: str | None = None) -> RecommendationsAnswer:
        """The public side of a feed."""
        spoken = language or feed.language
        return cls(
            request_id=feed.request_id,
            user=user,
            basis=feed.basis,
            grounds=feed.grounds,
            policy=feed.policy,
            variant=feed.variant,
            language=spoken,
            note=feed.note,
            fallback=feed.fallback,
            left_out=tuple(LeftOutView(source=one.source, why=one.why) for one in feed.left_out),
            items=tuple(RecommendationView.of(item, spoken) for item in feed.items),
        )


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
