from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from rich.console import Console

from benchmarks.recsys.audience import (
    Response,
    SimClip,
    bubble_index,
    make_viewers,
    rounds_until,
    topic_entropy,
)
from benchmarks.recsys.simulate import Plan, World, figures, play

AREAS = [area for area in range(6) for _ in range(4)]
MOODS = ["calm", "funny", "sad"]
QUIET = Console(quiet=True)


def world(per_topic: int = 200) -> World:
    clips = {
        f"{topic}-{number}": SimClip(
            f"{topic}-{number}", topic, AREAS[topic], (), f"c{number % 4}", number % 4 == 0, 0.0
        )
        for topic in range(len(AREAS))
        for number in range(per_topic)
    }
    return World(clips, AREAS, MOODS)


class Fixed:
    """Shows clips of the topics it was told to, each once."""

    def __init__(self, clips: Sequence[SimClip], page: int = 5) -> None:
        self._left = {f"viewer-{number}": [clip.id for clip in clips] for number in range(10)}
        self._page = page
        self.told = 0

    def recommend(self, user: str, round_: int) -> Sequence[str]:
        left = self._left[user]
        shown, self._left[user] = left[: self._page], left[self._page :]
        return shown

    def tell(self, round_: int, told: Mapping[str, Sequence[tuple[str, Response]]]) -> None:
        self.told += sum(map(len, told.values()))


def test_a_viewer_watches_what_they_like_and_skips_what_they_do_not() -> None:
    viewer = make_viewers(1, AREAS, MOODS, seed=1)[0]
    clips = world().clips
    liked = clips[f"{viewer.favourites[0]}-0"]
    other = next(clip for clip in clips.values() if AREAS[clip.topic] not in {AREAS[t] for t in viewer.favourites})
    assert viewer.appeal(liked) == pytest.approx(1.0)
    assert viewer.watch(liked).watched > 0.7
    assert viewer.watch(other).skipped


def test_the_same_topic_over_and_over_tires() -> None:
    viewer = make_viewers(1, AREAS, MOODS, seed=1)[0]
    clip = world().clips[f"{viewer.favourites[0]}-0"]
    fresh = viewer.appeal(clip)
    for _ in range(3):
        viewer.watch(clip)
    assert viewer.appeal(clip) == pytest.approx(fresh - 0.18)
    for _ in range(10):
        viewer.watch(clip)
    assert viewer.appeal(clip) == pytest.approx(fresh - 0.3)


def test_viewers_are_the_same_for_a_seed() -> None:
    first, again = (make_viewers(3, AREAS, MOODS, seed=4) for _ in range(2))
    assert [viewer.favourites for viewer in first] == [viewer.favourites for viewer in again]
    assert {len({AREAS[topic] for topic in viewer.favourites}) for viewer in first} == {3}


def test_a_change_of_taste_brings_an_area_that_meant_nothing() -> None:
    viewer = make_viewers(1, AREAS, MOODS, seed=1)[0]
    before = viewer.favourites
    new = viewer.change_taste(AREAS)
    assert AREAS[new] not in {AREAS[topic] for topic in before}
    assert (viewer.taste[new], viewer.taste[before[0]]) == (1.0, 0.05)
    assert viewer.favourites == (new, *before[1:])


def test_the_bubble_index_by_hand() -> None:
    catalogue = [0, 1, 2, 3] * 50
    assert topic_entropy([0, 1, 2, 3]) == 2.0
    assert bubble_index([7] * 100, catalogue) == 1.0
    assert bubble_index([0, 1] * 500, catalogue) == pytest.approx(0.5, abs=0.02)
    assert bubble_index(catalogue * 5, catalogue) == pytest.approx(0.0, abs=0.02)


def test_rounds_until_a_share_is_held_for_a_while() -> None:
    assert rounds_until([1.0, 0.0, 0.0, 0.6, 0.6, 0.6], 0.5) == 6
    assert rounds_until([0.0] * 10, 0.5) is None


def test_a_recommender_that_knows_the_taste_is_told_from_one_that_shows_everything() -> None:
    plan = Plan(viewers=1, rounds=20, change_at=10, window=5, seeds=(1,))
    here = world()
    viewer = make_viewers(1, AREAS, MOODS, seed=1)[0]
    rng = np.random.default_rng(0)
    ids = list(here.clips)
    everything = [here.clips[ids[at]] for at in rng.permutation(len(ids))]
    knowing = [clip for clip in everything if clip.topic in viewer.favourites]
    found = {}
    for name, clips in (("knowing", knowing), ("everything", everything)):
        recommender = Fixed(clips)
        stories = play(here, recommender, plan, 1, name, QUIET)
        assert recommender.told == 100
        found[name] = figures(here, [stories], plan)
    assert found["knowing"]["rounds_to_find"]["mean"] == 3
    assert found["everything"]["never_found"] == 1
    assert found["knowing"]["watched_share"]["mean"] > found["everything"]["watched_share"]["mean"] + 0.2
    assert found["knowing"]["bubble"]["20"]["mean"] > found["everything"]["bubble"]["20"]["mean"] + 0.3
    assert found["everything"]["new_creators"]["mean"] == pytest.approx(0.25, abs=0.15)
    assert len(found["knowing"]["curve"]) == 20


def test_an_empty_answer_is_counted_and_ends_nothing() -> None:
    plan = Plan(viewers=1, rounds=6, change_at=3, window=2, seeds=(1,))
    here = world()
    stories = play(here, Fixed(list(here.clips.values())[:20]), plan, 1, "short", QUIET)
    assert figures(here, [stories], plan)["empty_answers"] == 2
