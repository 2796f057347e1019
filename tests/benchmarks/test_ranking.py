from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.metrics.ranking import (
    bootstrap,
    calibration_error,
    intra_list_distance,
    ndcg,
    novelty,
    recall,
)
from benchmarks.recsys.blend import accuracy, accuracy_only, best_lists, choose_weights, normalised
from benchmarks.recsys.movielens import load_movielens
from benchmarks.recsys.splits import Split, global_cut, leave_items_out, leave_last_out


def test_recall_is_the_share_of_relevant_items_that_are_listed() -> None:
    assert recall([1, 2, 3], {3, 9, 10, 11}) == 0.25
    assert recall([1, 2, 3], {4}) == 0.0


def test_ndcg_by_hand() -> None:
    # Hits at places 1 and 3 of 3, three relevant: (1 + 1/2) / (1 + 1/log2(3) + 1/2).
    assert ndcg([5, 6, 7], {5, 7, 8}) == pytest.approx(1.5 / (1.5 + 1 / math.log2(3)))
    assert ndcg([5, 6, 7], {5}) == 1.0
    assert ndcg([5, 6, 7], {1}) == 0.0


def test_novelty_is_in_bits() -> None:
    assert novelty([0, 1, 2], np.array([1.0, 0.25, 0.125])) == pytest.approx((0 + 2 + 3) / 3)


def test_intra_list_distance_averages_pairs() -> None:
    # Two alike and one at a right angle: distances 0, 1, 1.
    assert intra_list_distance(np.array([[1.0, 0], [2.0, 0], [0, 1.0]])) == pytest.approx(2 / 3)
    assert intra_list_distance(np.array([[1.0, 0]])) == 0.0
    assert intra_list_distance(np.array([[1.0, 0], [0, 0]])) == 1.0


def test_calibration_error_is_zero_for_the_same_shares_and_finite_for_what_is_missing() -> None:
    taste = np.array([0.5, 0.5])
    assert calibration_error(taste, taste) == pytest.approx(0.0)
    # .5 ln(.5 / .995) + .5 ln(.5 / .005)
    expected = 0.5 * math.log(0.5 / 0.995) + 0.5 * math.log(0.5 / 0.005)
    assert calibration_error(taste, np.array([1.0, 0.0])) == pytest.approx(expected)


def test_a_bootstrap_interval_holds_the_mean_and_is_the_same_for_a_seed() -> None:
    values = [0.0, 1.0] * 50
    found = bootstrap(values, seed=3)
    assert found == bootstrap(values, seed=3)
    # Standard error .05: about .4 to .6.
    assert (found.mean, found.low, found.high) == pytest.approx((0.5, 0.4, 0.6), abs=0.02)
    with pytest.raises(ValueError, match="no user"):
        bootstrap([])


@pytest.fixture
def data(tmp_path):
    (tmp_path / "movies.csv").write_text(
        'movieId,title,genres\n10,"One, The (1999)",Comedy|Drama\n'
        "20,Two (2000),Drama\n30,Three (2001),(no genres listed)\n"
        + "".join(f"{number},Film {number},Action\n" for number in range(40, 100, 10)),
        encoding="utf-8",
    )
    lines = ["userId,movieId,rating,timestamp"]
    for user in (1, 2):
        lines += [f"{user},{movie},5.0,{100 * place}" for place, movie in enumerate(range(10, 100, 10), start=1)]
    lines[3] = "1,30,2.0,300"  # user 1 saw film 30 and did not like it
    (tmp_path / "ratings.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "tags.csv").write_text("userId,movieId,tag,timestamp\n1,90,Last,1\n2,10,First,5000\n", encoding="utf-8")
    return load_movielens(tmp_path)


def test_ratings_of_four_and_more_are_likes(data) -> None:
    assert data.titles[0] == "One, The (1999)"
    assert data.genres[2] == ()
    assert (len(data.rated), len(data.likes), data.users) == (18, 17, 2)


def test_leave_last_out_asks_for_the_last_like_and_hides_the_asked_users_own_tag(data) -> None:
    split = leave_last_out(data, "last")
    assert split.relevant == {0: frozenset({8}), 1: frozenset({8})}
    assert (split.known.item == 8).sum() == 0
    assert split.excluded[0, 2], "what was rated low was seen too"
    assert not split.excluded[0, 8]
    assert [tag.word for tag in split.tags] == ["first"]


def test_validation_never_sees_what_the_test_asks_for(data) -> None:
    split = leave_last_out(data, "before the last", skip=1, count=2)
    assert split.relevant[1] == frozenset({6, 7})
    assert 8 not in split.known.item
    assert "last" not in [tag.word for tag in split.tags]


def test_a_global_cut_knows_nothing_of_later_days(data) -> None:
    split, moment = global_cut(data, "cut", 0.7)
    assert split.known.time.max() < moment
    assert all(tag.time < moment for tag in split.tags)
    assert min(data.likes.time[data.likes.item == item].max() for item in split.relevant[0]) >= moment


def test_new_items_have_no_likes_and_no_tags_and_only_they_may_be_listed(data) -> None:
    split, new = leave_items_out(data, "cold", seed=1, share=0.25)
    assert not set(new) & set(split.known.item)
    assert not set(new) & {tag.item for tag in split.tags}
    assert sorted(np.flatnonzero(~split.excluded[0].toarray()[0])) == sorted(new)


def small_split(relevant: dict[int, set[int]], closed: list[tuple[int, int]], users: int, items: int) -> Split:
    from scipy import sparse

    from benchmarks.recsys.movielens import Likes

    excluded = sparse.lil_matrix((users, items), dtype=bool)
    for user, item in closed:
        excluded[user, item] = True
    none = np.zeros(0, np.int64)
    return Split(
        "small", Likes(none, none, none), np.arange(users), {u: frozenset(i) for u, i in relevant.items()},
        dict.fromkeys(relevant, 0), excluded.tocsr(), (),
    )  # fmt: skip


def test_lists_leave_out_what_was_seen_and_ranks_share_ties() -> None:
    split = small_split({0: {2}}, [(0, 0)], users=1, items=5)
    scores = np.array([[9.0, 3.0, 2.0, 2.0, 1.0]], np.float32)
    assert best_lists(scores, split, k=1).tolist() == [[1]]
    found = accuracy(scores, split, k=3)
    assert found["recall"][0] == 1.0
    assert found["mrr"][0] == pytest.approx(1 / 2.5)  # places 2 and 3 are shared


def test_equal_scores_are_not_ordered_by_number() -> None:
    split = small_split({user: {0} for user in range(1)}, [], users=1, items=1000)
    listed = best_lists(np.zeros((1, 1000), np.float32), split, k=10)[0]
    assert len(set(listed)) == 10
    assert max(listed) > 100


def test_the_fast_ndcg_agrees_with_the_one_by_lists() -> None:
    rng = np.random.default_rng(0)
    split = small_split({user: set(rng.choice(50, 4, replace=False)) for user in range(20)}, [], users=20, items=50)
    scores = rng.normal(size=(20, 50)).astype(np.float32)
    assert accuracy_only(scores, split) == pytest.approx(accuracy(scores, split)["ndcg"])


def test_weights_go_to_the_source_that_knows() -> None:
    rng = np.random.default_rng(0)
    split = small_split({user: {user} for user in range(20)}, [], users=20, items=50)
    knows = np.eye(20, 50, dtype=np.float32) + rng.uniform(0, 0.1, (20, 50)).astype(np.float32)
    guesses = rng.uniform(0, 1, (20, 50)).astype(np.float32)
    parts = {name: normalised(scores, split) for name, scores in (("knows", knows), ("guesses", guesses))}
    weights, value = choose_weights(parts, split, seed=0, draws=5, rounds=1)
    assert value == 1.0
    assert weights["knows"] > weights["guesses"]
    assert sum(weights.values()) == pytest.approx(1.0, abs=0.01)
