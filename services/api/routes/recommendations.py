"""Recommendations: a feed, why a video was in it, and how new videos find their first audience."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from services.api.errors import error_responses
from services.api.lookup import NamedVideo, ServiceOf
from services.api.recommend_schemas import ContextBody, RecommendationsAnswer, RecommendBody
from services.api.why_schemas import ExposureAnswer, WhyAnswer
from services.recommend.exposure import exposure
from services.recommend.why import why

router = APIRouter(prefix="/v1", tags=["recommendations"])

_Label = Annotated[str | None, Query(min_length=1, max_length=100)]
_Causes = Annotated[
    list[str],
    Query(
        max_length=20,
        description="A cause to take away, e.g. topic:home-cooking; may be given more than once.",
    ),
]


@router.post("/recommendations", summary="Recommend videos", responses=error_responses(422, 503))
def recommend(service: ServiceOf, body: RecommendBody) -> RecommendationsAnswer:
    """Videos for a viewer, each with what every source added and one to three reasons that rest on stored evidence or
    on what the viewer did.

    `basis` says what the feed rests on; a viewer of whom nothing is known gets one from their choices, the context,
    the language and trends. The answer is noted as shown (unless `dry_run`): send its `request_id` with events. When
    the index is out of reach the feed is trending and new videos from the record, and `fallback` says so.
    """
    feed = service.recommender.recommend(body.ask(service.models))
    return RecommendationsAnswer.of(body.user, feed, body.reasons_in)


@router.get("/recommendations", summary="Recommend videos, by a plain address", responses=error_responses(422, 503))
def recommendations(
    service: ServiceOf,
    user: Annotated[str, Query(min_length=1, max_length=200, description="Viewer; need not be known.")],
    mood: _Label = None,
    occasion: _Label = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
    language: Annotated[str | None, Query(pattern=r"^[A-Za-z]{2,3}$", description="ISO 639-1, e.g. zh.")] = None,
    hour: Annotated[int | None, Query(ge=0, le=23, description="The viewer's local hour.")] = None,
    zone: Annotated[str | None, Query(min_length=1, max_length=64, description="e.g. Asia/Shanghai.")] = None,
    wish: Annotated[str | None, Query(min_length=1, max_length=500, description="What to see, in words.")] = None,
    audience: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
    policy: _Label = None,
    session: Annotated[str | None, Query(min_length=1, max_length=128)] = None,
    counterfactual: _Causes = [],  # noqa: B006 (FastAPI copies it)
    reasons_in: Literal["en", "zh"] | None = None,
    dry_run: bool = False,
) -> RecommendationsAnswer:
    """The same as `POST /v1/recommendations`, for what fits into an address."""
    context = ContextBody.model_validate(
        {
            "mood": mood,
            "occasion": occasion,
            "language": language,
            "hour": hour,
            "zone": zone,
            "wish": wish,
            "audience": audience,
        }
    )
    body = RecommendBody(
        user=user,
        limit=limit,
        context=context,
        policy=policy,
        session=session,
        counterfactual=tuple(counterfactual),
        reasons_in=reasons_in,
        dry_run=dry_run,
    )
    return recommend(service, body)


@router.get(
    "/recommendations/{request_id}/why/{video_id}",
    summary="Why a video was shown",
    responses=error_responses(404, 409, 422),
)
def explain(
    service: ServiceOf,
    request_id: str,
    video: NamedVideo,
    without: _Causes = [],  # noqa: B006 (FastAPI copies it)
) -> WhyAnswer:
    """What was stored when the video was shown, and where it would stand without a cause.

    With `without`, all the causes given are taken away together; otherwise each reason's own cause in turn.
    """
    return WhyAnswer.of(why(service.recommender, request_id, video.id, without=without, models=service.models))


@router.get(
    "/videos/{video_id}/exposure", summary="A new video's first audience", responses=error_responses(404, 409, 422)
)
def first_audience(service: ServiceOf, video: NamedVideo) -> ExposureAnswer:
    """How often the video was shown, what is believed of it, how much of its budget is left, and for which reasons it
    got the impressions that it got as a newcomer. No viewer is named.
    """
    return ExposureAnswer.of(exposure(service.library.record, video, service.recommender.clock()))
