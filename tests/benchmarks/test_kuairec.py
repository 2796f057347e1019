"""Captions come without the hashtags that are asked for, and torn rows are left out."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from benchmarks.clips import LabelsUnreadable
from benchmarks.kuairec_data import load_captions
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
