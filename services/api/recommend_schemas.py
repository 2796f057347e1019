"""What the routes of recommendations take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from services.api.results import ReasonView, ScoreView, reason_views, score_views
from services.api.schemas import Body, Text
from services.recommend import Ask, Context, Recommendation, Recommendations
from services.recommend.answer import Basis, Without
from services.recommend.models import QueryModels

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
