"""Captions come without the hashtags that are asked for, and torn rows are left out."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import yaml
from rich.console import Console

from benchmarks.clips import LabelsUnreadable
from benchmarks.kept_vectors import KeptVectors
from benchmarks.kuairec import measure
from benchmarks.kuairec_data import Caption, load_captions
from benchmarks.kuairec_hashtags import is_promotion
from benchmarks.kuairec_scores import accuracy
from services.library.taxonomy import load_taxonomy

HEAD = "video_id,manual_cover_text,caption,topic_tag,first_level_category_id,first_level_category_name\n"


def write(folder: Path, *rows: str) -> Path:
    path = folder / "captions.csv"
    path.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_hashtags_and_mentions_are_taken_out_of_the_text(tmp_path: Path) -> None:
    path = write(tmp_path, "1,封面,今天吃面 #美食 #家常菜# @小王(O123) 好吃,[],9,美食")
    (found,) = load_captions(path)
    assert found.text == "今天吃面 好吃 封面"
    assert found.hashtags == ("美食", "家常菜")
    assert found.category == "美食"


def test_a_torn_row_is_left_out_and_an_unknown_cover_is_no_text(tmp_path: Path) -> None:
    path = write(tmp_path, "torn half of a caption", "2,UNKNOWN,,[],9,美食")
    (found,) = load_captions(path)
    assert (found.video_id, found.text) == ("2", "")


def test_a_file_without_rows_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(LabelsUnreadable, match=r"captions\.csv"):
        load_captions(write(tmp_path))


def test_every_mapped_topic_is_in_the_taxonomy_and_every_leaf_but_other_is_mapped() -> None:
    mapping = yaml.safe_load(files("benchmarks").joinpath("kuairec_categories.yaml").read_text(encoding="utf-8"))[
        "topics"
    ]
    taxonomy = load_taxonomy()
    assert set(mapping) <= {topic.slug for topic in taxonomy.topics}
    unmapped = {leaf.parent for leaf in taxonomy.leaves if leaf.slug not in mapping and leaf.parent not in mapping}
    assert unmapped <= {"other"}


def test_a_hashtag_to_the_platform_is_told_from_one_about_the_video() -> None:
    assert is_promotion("感谢快手我要上热门")
    assert is_promotion("作品推广")
    assert not is_promotion("健身打卡")
    assert not is_promotion("跟着快手去旅行")


def test_macro_f1_punishes_a_label_that_is_always_given() -> None:
    always_first = np.tile(np.array([1.0, 0.0, 0.0], np.float32), (4, 1))
    found = accuracy(always_first, [0, 0, 0, 1])
    assert found.top1 == pytest.approx(3 / 4)
    assert found.top3 == 1.0
    assert found.macro_f1 == pytest.approx((2 * 3 / 7 + 0) / 2)


def test_every_scored_category_of_the_mapping_is_described() -> None:
    mapping, phrases = (
        yaml.safe_load(files("benchmarks").joinpath(name).read_text(encoding="utf-8"))
        for name in ("kuairec_categories.yaml", "kuairec_descriptions.yaml")
    )
    assert set(mapping["topics"].values()) <= set(phrases)
    assert not set(mapping["unscored"]) & set(phrases)


@pytest.fixture
def halves() -> list[Caption]:
    """Captions of two subjects; every subject's hashtag is used in both halves."""
    subjects = (("美食", "吃货", "家里炖了一锅红烧肉配米饭"), ("宠物", "萌宠", "我家小猫在沙发上睡着了"))
    return [
        Caption(str(number), f"{text}，第{number}次", (tag, "感谢快手我要上热门"), category, number % 2 == 0)
        for category, tag, text in subjects
        for number in range(12)
    ]


@pytest.mark.models
def test_clear_captions_find_their_category_and_their_hashtag(runtime, halves: list[Caption]) -> None:
    found = measure(halves, KeptVectors(runtime.text, None, Console(quiet=True)))
    assert (found["asked"], found["categories"]) == (12, 2)
    assert found["category"]["descriptions, centred"]["top1"] == 1.0
    assert found["pipeline_top1"] == 1.0
    assert found["category"]["majority"]["top1"] == 0.5
    about = found["hashtags"]["without_promotion"]
    assert about["vocabulary"] == 2
    assert about["recall"]["of 5 alike captions"]["at_1"] == 1.0
    assert found["hashtags"]["all"]["vocabulary"] == 3


@pytest.mark.models
def test_kept_vectors_are_read_the_second_time_and_equal(runtime, tmp_path: Path) -> None:
    first = KeptVectors(runtime.text, tmp_path, Console(quiet=True))
    made = first.passages(["猫", "狗", "猫"], "")
    assert first.texts == 2
    assert np.array_equal(made[0], made[2])
    second = KeptVectors(runtime.text, tmp_path, Console(quiet=True))
    assert np.array_equal(second.passages(["猫", "狗", "猫"], ""), made)
    assert (second.texts, second.seconds) == (0, 0.0)


@pytest.mark.models
def test_one_half_alone_cannot_be_scored(runtime) -> None:
    with pytest.raises(ValueError, match="both halves"):
        measure([Caption("1", "小猫", (), "宠物", True)], KeptVectors(runtime.text, None, Console(quiet=True)))
