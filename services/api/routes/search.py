"""Search."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from services.api.errors import error_responses
from services.api.lookup import NamedVideo, ServiceOf
from services.api.results import MomentAnswer, VideoAnswer
from services.recommend import SearchFilters, search_moments, search_videos, similar_videos
from services.recommend.search import MAX_QUERY_CHARACTERS

router = APIRouter(prefix="/v1")

_Label = Annotated[str | None, Query(max_length=100)]
_Limit = Annotated[int, Query(ge=1, le=100)]
_Language = Annotated[str | None, Query(pattern=r"^[A-Za-z]{2,3}$", description="ISO 639-1, e.g. zh.")]


@router.get("/search", tags=["search"], summary="Search", responses=error_responses(422, 503))
def search(
    service: ServiceOf,
    q: Annotated[
        str,
        Query(
            min_length=1,
            max_length=MAX_QUERY_CHARACTERS,
            description="What to look for, in any language.",
            examples=["治愈的猫"],
        ),
    ],
    kind: Annotated[Literal["videos", "moments"], Query(description="Whole videos, or times to jump to.")] = "videos",
    limit: _Limit = 10,
    mood: _Label = None,
    occasion: _Label = None,
    topic: _Label = None,
    language: _Language = None,
    creator: Annotated[str | None, Query(max_length=200)] = None,
    max_duration_s: Annotated[float | None, Query(gt=0)] = None,
) -> VideoAnswer | MomentAnswer:
    """Find videos, or moments in them, by meaning, by what they show, by words and by labels.

    `mood`, `occasion` and `topic` narrow the search; they take a slug or a name in English or Chinese
    (`GET /v1/taxonomy` lists them). Every hit carries the score of each source and says why it was found, citing
    evidence of its understanding by id.
    """
    filters = SearchFilters(mood, occasion, topic, language, creator, max_duration_s)
    if kind == "moments":
        return MomentAnswer.of(q, search_moments(service.library, service.models, q, limit=limit, filters=filters))
    return VideoAnswer.of(q, search_videos(service.library, service.models, q, limit=limit, filters=filters))


@router.get(
    "/videos/{video_id}/similar", tags=["search"], summary="More like this", responses=error_responses(404, 409, 422)
)
def similar(service: ServiceOf, video: NamedVideo, limit: _Limit = 10) -> VideoAnswer:
    """The videos nearest to this one in meaning and looks, each with what the two have in common.

    Empty while the video is not in the index.
    """
    return VideoAnswer.of(video.id, similar_videos(service.library, video.id, limit=limit))
