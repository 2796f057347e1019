"""Viewers with known tastes use a recommender for 200 rounds; once as it ships, and without each mechanism."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from rich.console import Console
from rich.progress import track
from scipy.stats import t

from benchmarks.recsys.audience import (
    Response,
    SimClip,
    Viewer,
    bubble_index,
    make_viewers,
    rounds_until,
)

FOUND_SHARE = 0.5
"""A taste counts as found when half of what is shown is about a favourite leaf."""

RECOVERED_SHARE = 0.15
"""A changed taste counts as found when 15 % of what is shown is about the new favourite."""


class Recommender(Protocol):
    """What the simulation asks of a recommender."""

    def recommend(self, user: str, round_: int) -> Sequence[str]:
        """Ids of the clips to show, best first, none that the viewer acted on."""
        ...

    def tell(self, round_: int, told: Mapping[str, Sequence[tuple[str, Response]]]) -> None:
        """What each viewer did with theirs, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class World:
    """The clips, the first level of every leaf, and the names of moods."""

    clips: Mapping[str, SimClip]
    areas: Sequence[int]
    moods: Sequence[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and with whom. The taste changes after `change_at` rounds."""

    viewers: int = 6
    rounds: int = 200
    change_at: int = 100
    window: int = 20
    seeds: tuple[int, ...] = (1, 2)


@dataclass(slots=True)
class Story:
    """What one viewer went through, round by round: shares of what was shown that are about a favourite, about the
    strongest one and by new creators, the mean share watched, and the topics. `empty` counts answers with nothing.
    """

    favourite: list[float] = field(default_factory=list)
    changed: list[float] = field(default_factory=list)
    new_creators: list[float] = field(default_factory=list)
    watched: list[float] = field(default_factory=list)
    topics: list[list[int]] = field(default_factory=list)
    empty: int = 0


def play(world: World, opened: Recommender, plan: Plan, seed: int, said: str, console: Console) -> list[Story]:
    """All viewers go through each round side by side; what one does can help the others from the next round on."""
    viewers = make_viewers(plan.viewers, world.areas, world.moods, seed)
    stories = {viewer.name: Story() for viewer in viewers}
    for round_ in track(range(plan.rounds), said, console=console):
        told = {}
        for viewer in viewers:
            story = stories[viewer.name]
            if round_ == plan.change_at:
                viewer.change_taste(world.areas)
            clips = [world.clips[one] for one in opened.recommend(viewer.name, round_)]
            if not clips:
                story.empty += 1
                story.favourite.append(0.0)
                story.changed.append(0.0)
                story.topics.append([])
                continue
            responses = [(clip.id, viewer.watch(clip)) for clip in clips]
            told[viewer.name] = responses
            _note(story, viewer, clips, [response for _, response in responses])
        opened.tell(round_, told)
    return list(stories.values())


def _note(story: Story, viewer: Viewer, clips: Sequence[SimClip], responses: Sequence[Response]) -> None:
    story.favourite.append(float(np.mean([clip.topic in viewer.favourites for clip in clips])))
    story.changed.append(float(np.mean([clip.topic == viewer.favourites[0] for clip in clips])))
    story.new_creators.append(float(np.mean([clip.new_creator for clip in clips])))
    story.watched.append(float(np.mean([response.watched for response in responses])))
    story.topics.append([clip.topic for clip in clips])


def figures(world: World, seeds: Sequence[Sequence[Story]], plan: Plan) -> dict[str, Any]:
    """What the stories of each seed's viewers say: every figure is made per seed, then averaged over seeds."""
    catalogue = [clip.topic for clip in world.clips.values()]
    change, window = plan.change_at, plan.window

    def bubble(story: Story, end: int) -> float:
        shown = [topic for topics in story.topics[max(0, end - window) : end] for topic in topics]
        return bubble_index(shown, catalogue) if shown else 1.0

    def found(story: Story) -> int | None:
        return rounds_until(story.favourite[:change], FOUND_SHARE)

    def recovered(story: Story) -> int | None:
        return rounds_until(story.changed[change:], RECOVERED_SHARE)

    def over_seeds(figure: Callable[[Story], float]) -> dict[str, float]:
        return spread([float(np.mean([figure(story) for story in stories])) for stories in seeds])

    every = [story for stories in seeds for story in stories]
    after = plan.rounds - change
    return {
        "seeds": len(seeds),
        "viewers": len(every),
        "watched_share": over_seeds(lambda story: float(np.mean(story.watched))),
        "favourite_share": over_seeds(lambda story: float(np.mean(story.favourite))),
        "rounds_to_find": over_seeds(lambda story: found(story) or change),
        "never_found": sum(found(story) is None for story in every),
        "rounds_to_recover": over_seeds(lambda story: recovered(story) or after),
        "never_recovered": sum(recovered(story) is None for story in every),
        "bubble": {
            str(end): over_seeds(lambda story, end=end: bubble(story, end))  # type: ignore[misc]
            for end in sorted({window, change, plan.rounds})
        },
        "new_creators": over_seeds(lambda story: float(np.mean(story.new_creators))),
        "new_creators_in_catalogue": float(np.mean([clip.new_creator for clip in world.clips.values()])),
        "empty_answers": sum(story.empty for story in every),
        "curve": _curve(every),
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Mean of one value a seed, and Student's 95 % interval; no interval for a single seed.

    >>> {name: round(value, 2) for name, value in spread([1.0, 2.0, 3.0]).items()}
    {'mean': 2.0, 'low': -0.48, 'high': 4.48}
    """
    mean = float(np.mean(values))
    if len(values) < 2:
        return {"mean": mean, "low": float("nan"), "high": float("nan")}
    half = float(t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))
    return {"mean": mean, "low": mean - half, "high": mean + half}


def _curve(stories: Sequence[Story]) -> list[float]:
    """Mean share of favourites per round."""
    return [round(float(value), 4) for value in np.mean([story.favourite for story in stories], axis=0)]
