"""Viewers with known tastes use a recommender for 200 rounds; once as it ships, and without each mechanism."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.metrics.ranking import bootstrap
from benchmarks.recsys.audience import (
    Response,
    SimClip,
    Viewer,
    bubble_index,
    make_viewers,
    median_rounds,
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

    def tell(self, user: str, round_: int, responses: Sequence[tuple[str, Response]]) -> None:
        """What the viewer did with them, in their order."""
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


Open = Callable[[int], AbstractContextManager[Recommender]]
"""Seed -> a fresh recommender over the world's clips."""


def play(world: World, opened: Recommender, plan: Plan, seed: int, said: str, console: Console) -> list[Story]:
    """All viewers take turns, a round each, so that what one does can help the others."""
    viewers = make_viewers(plan.viewers, world.areas, world.moods, seed)
    stories = {viewer.name: Story() for viewer in viewers}
    for round_ in track(range(plan.rounds), said, console=console):
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
            opened.tell(viewer.name, round_, responses)
            _note(story, viewer, clips, [response for _, response in responses])
    return list(stories.values())


def _note(story: Story, viewer: Viewer, clips: Sequence[SimClip], responses: Sequence[Response]) -> None:
    story.favourite.append(float(np.mean([clip.topic in viewer.favourites for clip in clips])))
    story.changed.append(float(np.mean([clip.topic == viewer.favourites[0] for clip in clips])))
    story.new_creators.append(float(np.mean([clip.new_creator for clip in clips])))
    story.watched.append(float(np.mean([response.watched for response in responses])))
    story.topics.append([clip.topic for clip in clips])


def figures(world: World, stories: Sequence[Story], plan: Plan) -> dict[str, Any]:
    """What the stories say, over all viewers and seeds."""
    catalogue = [clip.topic for clip in world.clips.values()]
    change, window = plan.change_at, plan.window

    def bubble(story: Story, end: int) -> float:
        shown = [topic for topics in story.topics[max(0, end - window) : end] for topic in topics]
        return bubble_index(shown, catalogue) if shown else 1.0

    found = [rounds_until(story.favourite[:change], FOUND_SHARE) for story in stories]
    recovered = [rounds_until(story.changed[change:], RECOVERED_SHARE) for story in stories]
    watched = bootstrap([float(np.mean(story.watched)) for story in stories])
    return {
        "viewers": len(stories),
        "watched_share": {"mean": watched.mean, "low": watched.low, "high": watched.high},
        "rounds_to_find": median_rounds(found, change),
        "never_found": sum(value is None for value in found),
        "rounds_to_recover": median_rounds(recovered, plan.rounds - change),
        "never_recovered": sum(value is None for value in recovered),
        "bubble": {
            str(end): float(np.mean([bubble(story, end) for story in stories]))
            for end in sorted({window, change, plan.rounds})
        },
        "new_creators": float(np.mean([np.mean(story.new_creators) for story in stories])),
        "new_creators_in_catalogue": float(np.mean([clip.new_creator for clip in world.clips.values()])),
        "empty_answers": sum(story.empty for story in stories),
        "curve": _curve(stories),
    }


def _curve(stories: Sequence[Story]) -> list[float]:
    """Mean share of favourites per round."""
    return [round(float(value), 4) for value in np.mean([story.favourite for story in stories], axis=0)]


def run_arms(world: World, arms: Mapping[str, Open], plan: Plan, console: Console) -> dict[str, dict[str, Any]]:
    """The figures of every arm; the viewers of a seed are the same in all of them."""
    results = {}
    for name, opened in arms.items():
        stories: list[Story] = []
        for seed in plan.seeds:
            with opened(seed) as recommender:
                stories += play(world, recommender, plan, seed, f"{name}, seed {seed}", console)
        results[name] = figures(world, stories, plan)
    return results
