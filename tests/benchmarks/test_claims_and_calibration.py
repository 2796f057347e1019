"""Claims without evidence are counted and named; confidence is held against what was right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.metrics.calibration import calibration
from benchmarks.metrics.claims import claims
from benchmarks.metrics.grounding import CitedTag, grounding
from benchmarks.metrics.similarity import Matrix

ANGLES = {"cat": 0, "dog": 100, "a cat sleeps": 3, "traffic": 200}


def embed(texts: Sequence[str]) -> Matrix:
    radians = np.radians([ANGLES[text] for text in texts])
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


def test_a_composed_sentence_claims_what_is_not_a_label_or_a_length() -> None:
    assert claims("Calm: sea and beaches, 12 s.", ["calm", "sea and beaches"]) == ()
    assert claims("Good for bedtime: a short clip, 9 s.", ["bedtime"]) == ()
    assert claims("Shows koala and beach; fast music.", []) == ("koala", "beach", "fast music")
    assert claims("画面里有猫、狗；有人说：“你好”。", []) == ("猫", "狗", "你好")


def test_a_claim_without_evidence_is_named_with_its_clip() -> None:
    tags = [[CitedTag(("cat",), ("a cat sleeps",))], [CitedTag(("dog",), ("traffic",))]]
    found = grounding(tags, [["a cat sleeps"], ["traffic"]], embed, embed)
    assert found.supported_share == 0.5
    assert [(one.clip, one.text) for one in found.unsupported] == [(1, "dog")]


def test_confidence_that_is_right_as_often_as_it_says_has_no_error() -> None:
    found = calibration([0.75] * 4, [True, True, True, False])
    assert found.ece == pytest.approx(0.0)
    assert (found.count, found.base_rate) == (4, 0.75)


def test_over_confidence_is_an_error_of_its_size() -> None:
    found = calibration([0.9, 0.9, 0.1, 0.1], [False, False, False, False])
    assert found.ece == pytest.approx(0.5)
    assert [(one.count, one.right) for one in found.bins] == [(2, 0.0), (2, 0.0)]
    assert found.brier == pytest.approx((2 * 0.81 + 2 * 0.01) / 4)


def test_nothing_said_is_nothing_wrong_and_unequal_lengths_are_refused() -> None:
    assert calibration([], []).ece == 0.0
    with pytest.raises(ValueError, match="2 confidences for 1"):
        calibration([0.1, 0.2], [True])
