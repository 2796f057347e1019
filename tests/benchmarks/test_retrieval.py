import numpy as np
import pytest

from benchmarks.fusion import left_out, order, ranks_with, weight_grid
from benchmarks.metrics.retrieval import Retrieval, chance, rank_of, retrieval


def test_a_first_a_third_and_a_missing_answer_give_the_textbook_figures() -> None:
    found = retrieval([1, 3, None])
    assert found.r_at_1 == pytest.approx(1 / 3)
    assert found.r_at_5 == pytest.approx(2 / 3)
    assert found.mrr == pytest.approx((1 + 1 / 3) / 3)


def test_the_sixth_place_counts_for_the_reciprocal_rank_but_not_for_recall_at_5() -> None:
    assert retrieval([6]) == Retrieval(0.0, 0.0, 1 / 6)


def test_no_query_at_all_is_an_error_rather_than_a_perfect_or_a_zero_score() -> None:
    with pytest.raises(ValueError, match="no query"):
        retrieval([])


def test_the_rank_is_the_place_in_the_list_and_none_outside_of_it() -> None:
    assert rank_of("b", ["a", "b"]) == 2
    assert rank_of("c", ["a", "b"]) is None


def test_chance_is_what_random_orders_reach() -> None:
    generator = np.random.default_rng(0)
    drawn = retrieval([int(rank) for rank in generator.integers(1, 35, size=200_000)])
    assert chance(34).r_at_1 == pytest.approx(drawn.r_at_1, abs=0.003)
    assert chance(34).r_at_5 == pytest.approx(drawn.r_at_5, abs=0.005)
    assert chance(34).mrr == pytest.approx(drawn.mrr, abs=0.005)


def test_weights_decide_which_source_is_believed_and_a_tie_is_not_a_win() -> None:
    # Two clips, two sources: the first source finds both right, the second both wrong.
    right, wrong = np.eye(2), 1 - np.eye(2)
    scores = np.stack([right, wrong], axis=2)
    assert ranks_with(scores, (1.0, 0.0)).tolist() == [1, 1]
    assert ranks_with(scores, (0.0, 1.0)).tolist() == [2, 2]
    assert ranks_with(scores, (0.5, 0.5)).tolist() == [2, 2]


def test_left_out_queries_get_the_weights_that_the_others_chose() -> None:
    # Weighting 0 is best for the first two queries, weighting 1 only for the third.
    ranks = np.array([[1, 1, 10], [2, 2, 1]])
    assert order(ranks) == [0, 1]
    # Without the first query both do about as well, and weighting 1 is chosen: 1/2 + 1 against 1 + 1/10.
    assert left_out({"en": ranks}) == {"en": [2, 2, 10]}


def test_languages_choose_weights_together_and_leave_out_the_same_clip() -> None:
    english, chinese = np.array([[1, 1], [2, 2]]), np.array([[10, 10], [1, 1]])
    assert left_out({"en": english, "zh": chinese}) == {"en": [2, 2], "zh": [1, 1]}


def test_every_weighting_of_the_grid_adds_up_to_one() -> None:
    grid = weight_grid()
    assert len(set(grid)) == len(grid)
    assert all(sum(weights) == pytest.approx(1.0) for weights in grid)
    assert max(weights[-1] for weights in grid) == 0.2
