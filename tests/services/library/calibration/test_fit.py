"""Fitted curves find what people accept; few verdicts move them little."""

from __future__ import annotations

import numpy as np
import pytest

from services.library.calibration import Verdict, fit


def verdicts(signal: str, count: int, rate: float, score: float = 0.6) -> list[Verdict]:
    return [Verdict(signal, "m", score, number < rate * count) for number in range(count)]


def test_a_signal_that_is_often_wrong_loses_confidence_and_one_that_is_right_gains() -> None:
    found = fit(verdicts("bad", 60, 0.1) + verdicts("good", 60, 0.9))
    assert found.probability("bad", "m", 0.6) == pytest.approx(0.1, abs=0.06)
    assert found.probability("good", "m", 0.6) == pytest.approx(0.9, abs=0.06)
    assert (found.curves["bad"].verdicts, found.curves["bad"].accepted) == (60, 6)


def test_two_verdicts_do_not_make_certainty() -> None:
    found = fit(verdicts("many", 60, 0.5) + verdicts("few", 2, 1.0))
    assert 0.5 < found.probability("few", "m", 0.6) < 0.85


def test_scores_that_tell_right_from_wrong_keep_telling() -> None:
    random = np.random.default_rng(0)
    scores = random.uniform(0.05, 0.95, 400)
    found = fit([Verdict("s", "m", float(score), bool(random.random() < score)) for score in scores])
    for score in (0.2, 0.5, 0.8):
        assert found.probability("s", "m", score) == pytest.approx(score, abs=0.08)


def test_a_score_against_the_truth_is_ignored_and_never_turned_round() -> None:
    found = fit([Verdict("s", "m", score, score < 0.5) for score in np.linspace(0.1, 0.9, 40)])
    assert found.curves["s"].slope == 0.0


def test_verdicts_on_two_models_are_not_mixed() -> None:
    with pytest.raises(ValueError, match="words: verdicts on a, b"):
        fit([Verdict("words", "a", 0.5, True), Verdict("words", "b", 0.5, True)])


def test_no_verdict_is_an_error() -> None:
    with pytest.raises(ValueError, match="review some labels"):
        fit([])
