"""Data that pages need in one answer: cards of many videos, and how the work goes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.api.lookup import ServiceOf
from services.api.service import Service
from services.console.cards import Card, cards_of
from services.library.index.port import Collection
from services.library.record.types import Lane
from services.library.understanding import VideoState
from services.recommend import SearchFilters

router = APIRouter(prefix="/console/data", include_in_schema=False)

MAX_CARDS = 100
HOURS = 24


class CardPage(BaseModel):
    """A page of the library, newest first, and how many videos there are in each state."""

    cards: tuple[Card, ...]
    counts: dict[VideoState, int]
    total: int


class Cards(BaseModel):
    """Cards in the order of the ids that were asked for; unknown ids are left out."""

    cards: tuple[Card, ...]


class StageView(BaseModel):
    """What a stage took in the last day, seconds."""

    stage: str
    runs: int
    mean_s: float
    longest_s: float


class HourView(BaseModel):
    """Videos that came to their end within one hour."""

    hour: datetime
    ready: int
    failed: int
    rejected: int


class HealthView(BaseModel):
    """Queue depth, states, what was finished hour by hour, and the pace of the stages over the last day."""

    counts: dict[VideoState, int]
    waiting: dict[Lane, int]
    hours: tuple[HourView, ...]
    stages: tuple[StageView, ...]
    working: bool
    failures: tuple[Card, ...]


@router.get("/library")
def library(
    service: ServiceOf,
    state: VideoState | None = None,
    topic: str | None = None,
    mood: str | None = None,
    occasion: str | None = None,
    language: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_CARDS)] = 48,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> CardPage:
    """One page of the library; by labels or language, it is what the index holds that is like that."""
    record = service.library.record
    if topic or mood or occasion or language:
        return _labelled(service, SearchFilters(mood, occasion, topic, language), state, limit, offset)
    videos = record.videos(state=state, limit=limit, offset=offset)
    counts = record.counts()
    total = counts.get(state, 0) if state else sum(counts.values())
    return CardPage(cards=tuple(cards_of(service.library, videos)), counts=counts, total=total)


def _labelled(service: Service, filters: SearchFilters, state: VideoState | None, limit: int, offset: int) -> CardPage:
    index, record = service.library.index, service.library.record
    where = filters.where(service.library.taxonomy())
    points = index.scroll(Collection.VIDEOS, where=where, limit=offset + limit)[offset:]
    videos = [video for point in points if (video := record.video(UUID(point.id).hex)) is not None]
    shown = [video for video in videos if state in (None, video.state)]
    return CardPage(
        cards=tuple(cards_of(service.library, shown)),
        counts=record.counts(),
        total=index.count(Collection.VIDEOS, where=where),
    )


@router.get("/cards")
def cards(service: ServiceOf, ids: Annotated[list[str], Query(alias="id", max_length=MAX_CARDS)]) -> Cards:
    """Cards of these videos."""
    record = service.library.record
    videos = [video for video in map(record.video, dict.fromkeys(ids)) if video is not None]
    return Cards(cards=tuple(cards_of(service.library, videos)))


@router.get("/health")
def health(service: ServiceOf) -> HealthView:
    """How the work went in the last day, and what needs somebody."""
    record = service.library.record
    now = datetime.now(UTC)
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    first = this_hour - timedelta(hours=HOURS - 1)
    ended = Counter(
        (at.replace(minute=0, second=0, microsecond=0), state) for at, state in record.finished(since=first)
    )
    failed = [
        video
        for state in (VideoState.FAILED, VideoState.REJECTED)
        for video in record.videos(state=state, limit=MAX_CARDS // 2)
    ]
    return HealthView(
        counts=record.counts(),
        waiting=record.waiting(),
        hours=tuple(
            HourView(
                hour=hour,
                ready=ended[hour, VideoState.READY],
                failed=ended[hour, VideoState.FAILED],
                rejected=ended[hour, VideoState.REJECTED],
            )
            for hour in (first + timedelta(hours=step) for step in range(HOURS))
        ),
        stages=tuple(
            StageView(stage=pace.stage, runs=pace.runs, mean_s=pace.mean_s, longest_s=pace.longest_s)
            for pace in record.stage_paces(since=now - timedelta(hours=HOURS))
        ),
        working=service.dispatcher.ready(),
        failures=tuple(cards_of(service.library, failed)),
    )
