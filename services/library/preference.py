"""How much a viewer took to a video, in one number: what factors are trained on and what a request folds in.

Training and requests must read the same events the same way, so both ask this file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.library.record.events import Event, EventKind


@dataclass(frozen=True, slots=True)
class Reaction:
    """All events of one kind that a viewer had with a video: how many, the largest share that was watched, the latest
    moment (None where it was not asked for).
    """

    user_id: str
    video_id: str
    kind: EventKind
    count: int = 1
    watch_ratio: float | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PreferenceWeights:
    """What an event counts. A play counts by the share that was watched, from nothing below `min_watch_ratio` up to
    `play` for the whole; `play_unknown` where the share is not known. A skip says nothing here: it is not a dislike.
    """

    play: float = 1.0
    play_unknown: float = 0.3
    min_watch_ratio: float = 0.25
    like: float = 1.5
    comment: float = 1.0
    favourite: float = 2.0
    share: float = 2.0
    not_interested: float = -1.5
    report: float = -2.0
    most: float = 4.0
    """Sums end at plus and minus this: a viewer who shares a video every day tells no more each time."""


DEFAULT_WEIGHTS = PreferenceWeights()


def preference(reaction: Reaction, weights: PreferenceWeights = DEFAULT_WEIGHTS) -> float:
    """What one kind of event adds; 0 for kinds that say nothing of a preference (impression, skip, search, follow)."""
    if reaction.kind is EventKind.PLAY:
        if reaction.watch_ratio is None:
            return weights.play_unknown
        watched = min(1.0, reaction.watch_ratio) - weights.min_watch_ratio
        return weights.play * max(0.0, watched) / (1.0 - weights.min_watch_ratio)
    counted = {
        EventKind.LIKE: weights.like,
        EventKind.COMMENT: weights.comment,
        EventKind.FAVOURITE: weights.favourite,
        EventKind.SHARE: weights.share,
        EventKind.NOT_INTERESTED: weights.not_interested,
        EventKind.REPORT: weights.report,
    }
    return counted.get(reaction.kind, 0.0)


def preferences(reactions: Iterable[Reaction], weights: PreferenceWeights = DEFAULT_WEIGHTS) -> dict[str, float]:
    """One viewer's preference per video, zeros left out. A dislike outweighs whatever else was done."""
    sums: dict[str, float] = {}
    disliked: dict[str, float] = {}
    for reaction in reactions:
        value = preference(reaction, weights)
        if value < 0:
            disliked[reaction.video_id] = min(value, disliked.get(reaction.video_id, 0.0))
        sums[reaction.video_id] = sums.get(reaction.video_id, 0.0) + value
    found = {video: max(-weights.most, min(weights.most, value)) for video, value in {**sums, **disliked}.items()}
    return {video: value for video, value in found.items() if value}


def taken_in_order(reactions: Sequence[Reaction], weights: PreferenceWeights = DEFAULT_WEIGHTS) -> list[str]:
    """The videos that one viewer took to, each at its latest positive act, oldest first. Reactions carry their time."""
    liked = {video for video, value in preferences(reactions, weights).items() if value > 0}
    latest: dict[str, datetime] = {}
    for one in reactions:
        if one.video_id in liked and one.at is not None and preference(one, weights) > 0:
            latest[one.video_id] = max(one.at, latest.get(one.video_id, one.at))
    return sorted(latest, key=lambda video: (latest[video], video))


def reactions_of(events: Iterable[Event]) -> list[Reaction]:
    """A viewer's events put together per video and kind, as the record puts them together for everybody."""
    found: dict[tuple[str, str, EventKind], Reaction] = {}
    for event in events:
        if event.video_id is None:
            continue
        key = (event.user_id, event.video_id, event.kind)
        known = found.get(key)
        if known is None:
            found[key] = Reaction(*key, 1, event.watch_ratio, event.at)
            continue
        ratios = [ratio for ratio in (known.watch_ratio, event.watch_ratio) if ratio is not None]
        at = max(event.at, known.at or event.at)
        found[key] = Reaction(*key, known.count + 1, max(ratios, default=None), at)
    return list(found.values())
