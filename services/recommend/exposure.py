"""How a new video's first audience was chosen: the budget, what is believed of the video, and who was shown it why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.library.record.audience import ShownItem
from services.library.record.store import Record
from services.library.record.types import Video
from services.library.understanding import VideoState
from services.recommend.newcomers import FIRST_AUDIENCE, NEW_DAYS, Newcomer
from services.recommend.standing import newcomers_of

_LISTED = 20


@dataclass(frozen=True, slots=True)
class Exposure:
    """`state` is not-ready, exploring, explored (the budget is spent) or aged (the time is over). `until` is when the
    time is over. `explored` are the latest impressions that the video got as a newcomer, newest first, and `others`
    counts those among the latest that it got on other grounds.
    """

    newcomer: Newcomer
    state: str
    budget: int
    until: datetime
    interval: tuple[float, float]
    explored: tuple[ShownItem, ...]
    others: int


def exposure(record: Record, video: Video, now: datetime) -> Exposure:
    """What is known of a video's audience so far."""
    newcomer = newcomers_of(record, {video.id: video.created_at})[video.id]
    until = video.created_at + timedelta(days=NEW_DAYS)
    state = "exploring"
    if video.state is not VideoState.READY:
        state = "not-ready"
    elif newcomer.left == 0:
        state = "explored"
    elif now > until:
        state = "aged"
    shown = record.shown_to_anyone(video.id, limit=FIRST_AUDIENCE)
    new = [item for item in shown if item.contributions.get("unexplored", 0.0) > 0]
    return Exposure(
        newcomer, state, FIRST_AUDIENCE, until, newcomer.interval(), tuple(new[:_LISTED]), len(shown) - len(new)
    )
