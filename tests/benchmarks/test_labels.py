from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.metrics.grounding import CitedTag, grounding
from benchmarks.metrics.mood import mood_accuracy, nearest
from benchmarks.metrics.similarity import Matrix, remembered, threshold_for
from benchmarks.metrics.tags import exact_agreement, matched_pairs, soft_agreement, soft_threshold
from benchmarks.metrics.words import says, singular, tag_key

ANGLES = {"cat": 0, "kitten": 10, "car": 90, "truck": 100, "sea": 180, "a cat sleeps": 5, "traffic": 95, "waves": 175}


def embed(texts: Sequence[str]) -> Matrix:
    """Texts as directions in a plane, so that a cosine can be read off."""
    radians = np.radians([ANGLES[text] for text in texts])
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


def test_case_hyphens_and_plain_plurals_do_not_make_a_tag_wrong() -> None:
    found = exact_agreement([["Talking-Heads", "Horses", "sea"]], [["talking head", "horse", "DIY", "park"]])
    assert (found.precision, found.recall) == (2 / 3, 2 / 4)


def test_saying_a_tag_twice_earns_nothing() -> None:
    found = exact_agreement([["cat", "Cats"]], [["cat", "sofa"]])
    assert (found.precision, found.recall) == (1.0, 0.5)


def test_no_tags_given_is_no_agreement_and_no_crash() -> None:
    found = exact_agreement([[]], [["cat"]])
    assert (found.precision, found.recall, found.f1) == (0.0, 0.0, 0.0)


def test_a_near_tag_counts_by_meaning_once_only() -> None:
    found = soft_agreement([["kitten", "cat", "sea"]], [["cat", "car"]], embed, threshold=0.95)
    assert (found.precision, found.recall) == (1 / 3, 1 / 2)


def test_matching_takes_the_nearest_pair_first() -> None:
    similarities = np.array([[0.9, 0.8], [0.85, 0.1]], np.float32)
    assert matched_pairs(similarities, 0.5) == 1
    assert matched_pairs(similarities, 0.05) == 2


def test_the_threshold_lets_at_most_its_share_of_unrelated_pairs_pass() -> None:
    unrelated = np.random.default_rng(1).normal(0.7, 0.1, 5000)
    threshold = threshold_for(unrelated, rate=0.01)
    assert (unrelated >= threshold).mean() <= 0.01
    assert (unrelated >= threshold - 0.01).mean() > 0.01


def test_ties_at_the_threshold_do_not_slip_through() -> None:
    unrelated = [0.5] * 10 + [0.1] * 90
    threshold = threshold_for(unrelated, rate=0.05)
    assert sum(value >= threshold for value in unrelated) == 0


def test_the_soft_threshold_leaves_out_the_same_tag_of_two_clips_and_pairs_within_a_clip() -> None:
    # Across clips the nearest pair of different tags is kitten and car, 80 degrees apart.
    threshold = soft_threshold([["cat", "kitten"], ["cats", "car"]], embed)
    assert threshold == pytest.approx(np.cos(np.radians(10)), abs=1e-6)
    assert soft_threshold([["kitten"], ["car"]], embed) == pytest.approx(np.cos(np.radians(80)), abs=1e-6)


def test_one_clip_has_no_unrelated_pairs_and_says_so() -> None:
    with pytest.raises(ValueError, match="at least two clips"):
        soft_threshold([["cat", "car"]], embed)


def test_mood_counts_the_first_the_first_three_and_the_lazy_baseline() -> None:
    given = [["calm", "joyful"], ["funny", "calm", "tense", "joyful"], []]
    found = mood_accuracy(given, ["calm", "joyful", "calm"], choices=20)
    assert (found.accuracy, found.top3, found.majority, found.chance) == (1 / 3, 1 / 3, 2 / 3, 0.05)


def test_a_mood_without_a_name_goes_to_the_nearest() -> None:
    assert nearest("truck", ["cat", "car", "sea"], embed) == 1


def test_a_tag_is_supported_by_its_words_in_a_cited_line_or_by_nearness_to_it() -> None:
    def graded(names: tuple[str, ...], lines: tuple[str, ...]) -> float:
        tags = [[CitedTag(names, lines)], [CitedTag(("truck",), ())]]
        return grounding(tags, [["a cat sleeps"], ["traffic", "waves"]], embed, embed).supported_share

    assert graded(("cat",), ("a cat sleeps",)) == 0.5
    assert graded(("kitten",), ("a cat sleeps",)) == 0.5
    assert graded(("car",), ("a cat sleeps",)) == 0.0
    assert graded(("cat",), ()) == 0.0


def test_no_tags_at_all_are_not_well_grounded() -> None:
    assert grounding([[], []], [["traffic"], ["waves"]], embed, embed).supported_share == 0.0


def test_a_line_says_a_tag_by_whole_words_and_a_chinese_tag_by_its_characters() -> None:
    assert says("Three plastic bottles stand here", "plastic bottle")
    assert not says("a scatter plot", "cat")
    assert says("他們在 做饭", "做飯")
    assert not says("", "cat")


def test_only_plain_plurals_are_made_singular() -> None:
    assert [singular(word) for word in ("cats", "parties", "boxes", "bus", "glass", "news", "his")] == [
        "cat", "party", "box", "bus", "glass", "news", "his",
    ]  # fmt: skip
    assert tag_key("  AI-Generated  ") == "ai generated"


def test_remembered_embeddings_are_the_same_and_computed_once() -> None:
    asked: list[str] = []

    def counting(texts: Sequence[str]) -> Matrix:
        asked.extend(texts)
        return embed(texts)

    look_up = remembered(counting)
    first, second = look_up(["cat", "car", "cat"]), look_up(["car"])
    assert asked == ["cat", "car"]
    assert np.array_equal(first, embed(["cat", "car", "cat"]))
    assert np.array_equal(second, embed(["car"]))
