"""A query finds what is said in the other language, and what is only shown. Real small models on made clips."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from services.recommend import search_videos
from tests.media_factory import scenes, write_video
from tests.workers.conftest import OpenStudio, Studio

WRITTEN = {
    "kettle": "The kettle is boiling in the kitchen, time for tea",
    "bank": "Investors sold their bank shares when the market fell",
    "school": "老师教孩子们做数学题",
    "kitten": "这只小猫在沙发上睡着了",
}
SHOWN = ("flower", "china")


@pytest.fixture(scope="module")
def shelf(open_studio: OpenStudio) -> tuple[Studio, dict[str, str]]:
    """Clips with one subtitle each under pictures of nothing, and two photographs without a word; ids by name."""
    studio = open_studio()
    videos = {}
    for seed, (name, line) in enumerate(WRITTEN.items()):
        path = write_video(studio.folder / f"w{seed}.mp4", scenes([seed, seed + 9], 1.0, fps=10), fps=10)
        path.with_suffix(".srt").write_text(f"1\n00:00:00,200 --> 00:00:01,800\n{line}\n", encoding="utf-8")
        videos[name] = studio.submit(path)
    for seed, name in enumerate(SHOWN):
        picture = np.asarray(cv2.resize(load_sample_image(f"{name}.jpg"), (640, 424)), np.uint8)
        videos[name] = studio.submit(still(studio.folder / f"s{seed}.mp4", picture))
    studio.finish(*videos.values())
    return studio, {name: video.id for name, video in videos.items()}


def still(path: Path, picture: np.ndarray) -> Path:
    return write_video(path, [picture] * 12, fps=10)


@pytest.mark.models
@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("厨房里烧水泡茶", "kettle"),
        ("炒股的人卖掉银行股票", "bank"),
        ("a teacher explains mathematics to children", "school"),
        ("a cat sleeps on the couch", "kitten"),
        ("古代寺庙建筑", "china"),
        ("a palace with a roof", "china"),
    ],
)
def test_a_query_finds_what_is_written_in_the_other_language_or_only_shown(
    shelf: tuple[Studio, dict[str, str]], query: str, wanted: str
) -> None:
    studio, ids = shelf
    found = [hit.video_id for hit in search_videos(studio.library, studio.runtime, query)]
    assert found[0] == ids[wanted]
