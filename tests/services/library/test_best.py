from __future__ import annotations

import numpy as np

from services.library.best import best_rows

SCORES = np.array([0.1, 0.9, 0.5, 0.9, -1.0], np.float32)


def test_the_best_come_first_and_of_equal_ones_the_first() -> None:
    assert best_rows(SCORES, 3) == [1, 3, 2]
    assert best_rows(SCORES, 9) == [1, 3, 2, 0, 4]
    assert best_rows(SCORES, 0) == []
    assert best_rows(np.empty(0, np.float32), 3) == []


def test_what_is_left_out_makes_room_for_the_next() -> None:
    assert best_rows(SCORES, 2, without=[1, 2]) == [3, 0]
    assert best_rows(SCORES, 5, without=[0, 1, 2, 3, 4]) == []


def test_it_agrees_with_sorting_everything() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        scores = rng.integers(0, 50, 300).astype(np.float32)
        closed = set(rng.choice(300, 40).tolist())
        expected = [row for row in sorted(range(300), key=lambda row: (-scores[row], row)) if row not in closed]
        assert best_rows(scores, 400, without=closed) == expected
