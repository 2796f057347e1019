"""Curves say how often people agreed, for the model they were fitted to and no other."""

from __future__ import annotations

import pytest

from services.library.calibration import CURVES_FILE, Calibration, CalibrationError, Curve, load_calibration


def test_a_curve_moves_a_score_and_keeps_the_order_of_scores() -> None:
    curve = Curve(model="m", intercept=-1.0, slope=0.8, verdicts=10, accepted=3)
    found = [curve.probability(score) for score in (0.0, 0.2, 0.5, 0.9, 1.0)]
    assert found == sorted(found)
    assert all(0.0 < value < 1.0 for value in found)
    assert found[2] == pytest.approx(0.269, abs=1e-3)


def test_another_model_or_signal_keeps_its_score() -> None:
    calibration = Calibration(curves={"words": Curve(model="small", intercept=-3, slope=1, verdicts=9, accepted=1)})
    assert calibration.probability("words", "small", 0.6) < 0.1
    assert calibration.probability("words", "large", 0.6) == 0.6
    assert calibration.probability("frames", "small", 0.6) == 0.6


def test_the_shipped_curves_were_fitted_to_verdicts_and_rise() -> None:
    calibration = load_calibration()
    assert calibration is load_calibration(CURVES_FILE)
    assert {"words", "frames", "topics", "first_levels", "video_topics", "moods"} <= set(calibration.curves)
    assert all(curve.verdicts >= 10 and curve.accepted < curve.verdicts for curve in calibration.curves.values())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("curves: {words: {model: m}}", "curves.words.intercept: Field required"),
        (
            "curves: {words: {model: m, intercept: 0, slope: -1, verdicts: 1, accepted: 0}}",
            "greater than or equal to 0",
        ),
        ("curves: [", "not readable as UTF-8 YAML"),
    ],
)
def test_a_broken_file_is_named_with_what_is_wrong(tmp_path, text, said) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CalibrationError, match=r"mine\.yaml") as caught:
        load_calibration(file)
    assert said in str(caught.value)


def test_a_file_that_is_not_there_says_which_setting_names_it(tmp_path) -> None:
    with pytest.raises(CalibrationError, match="REELWISE_CALIBRATION"):
        load_calibration(tmp_path / "none.yaml")
