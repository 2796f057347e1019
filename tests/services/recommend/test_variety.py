from __future__ import annotations

import numpy as np
import pytest

from services.recommend.indexed import IndexedVideo, LabelKey, point_id
from services.recommend.variety import Variety, diversify, newcomer_places, topic_divergence


def video(number: int, topic: str | None = None, creator: str | None = None) -> IndexedVideo:
    labels = (LabelKey("topics", topic),) if topic else ()
    own = f"{number:032x}"
    return IndexedVideo(point_id(own), None, creator, None, None, None, labels, (), own)


def order(videos, scores, vectors=None, **settings) -> list[int]:
    ids = {one.video_id: number for number, one in enumerate(videos)}
    groups = settings.pop("groups", None)
    limit = settings.pop("limit", len(videos))
    picked = diversify(
        videos,
        {one.video_id: score for one, score in zip(videos, scores, strict=True)},
        {videos[n].video_id: vector for n, vector in (vectors or {}).items()},
        limit=limit,
        variety=Variety(**settings),
        groups=groups and {videos[n].video_id: name for n, name in groups.items()},
    )
    return [ids[one.video_id] for one in picked]


def test_what_is_like_a_pick_steps_back_behind_what_is_not() -> None:
    same, other = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
    videos = [video(n) for n in range(3)]
    vectors = {0: same, 1: same, 2: other}
    assert order(videos, [1.0, 0.9, 0.7], vectors, relevance=1.0) == [0, 1, 2]
    assert order(videos, [1.0, 0.9, 0.7], vectors, relevance=0.5) == [0, 2, 1]


def test_a_creator_has_so_many_places_while_others_are_left() -> None:
    videos = [video(n, creator="amy" if n < 3 else None) for n in range(5)]
    assert order(videos, [5, 4, 3, 2, 1], per_creator=1) == [0, 3, 4, 1, 2]


def test_topics_come_in_the_shares_that_the_viewer_has() -> None:
    videos = [video(n, "cats" if n < 8 else "cooking") for n in range(12)]
    scores = [1.0 - 0.02 * n for n in range(12)]
    target = {"cats": 0.5, "cooking": 0.5}
    plain = order(videos, scores, relevance=1.0, limit=8, topics=target)
    calibrated = order(videos, scores, relevance=1.0, calibration=5.0, limit=8, topics=target)
    assert plain == list(range(8))
    assert sum(n >= 8 for n in calibrated) == 4
    spread = [topic_divergence(target, [videos[n] for n in picked]) for picked in (plain, calibrated)]
    assert spread[0] > 0.5
    assert spread[1] == pytest.approx(0.0, abs=1e-6)


def test_of_near_duplicates_one_is_picked() -> None:
    assert order([video(n) for n in range(4)], [4, 3, 2, 1], groups={0: "a", 1: "a", 2: "b"}) == [0, 2, 3]


def test_a_kept_place_goes_to_the_newcomer_that_deserves_it_most() -> None:
    videos = [video(n) for n in range(4)]
    new = {videos[2].video_id: 0.2, videos[3].video_id: 0.9}
    assert order(videos, [4, 3, 2, 1], relevance=1.0, newcomers=new, places=frozenset({1})) == [0, 3, 1, 2]


def test_places_are_kept_in_the_share_that_the_policy_says_and_never_the_first() -> None:
    places = [newcomer_places(10, 0.15, seed) for seed in range(400)]
    assert all(0 not in some for some in places)
    assert {len(some) for some in places} == {1, 2}
    assert 1.4 < sum(map(len, places)) / 400 < 1.6
    assert newcomer_places(1, 0.9, 3) == frozenset()
