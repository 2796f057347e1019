"""The command line as people run it: a process of its own, on a data folder of its own, with the real models."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from models.speech.base import SAMPLE_RATE
from tests.media_factory import scenes, write_video
from workers.pipeline import STAGES

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "docs/understanding.schema.json").read_text(encoding="utf-8"))

pytestmark = pytest.mark.models


@dataclass(frozen=True)
class Ran:
    """What a command wrote and how it ended."""

    status: int
    out: str
    err: str
    seconds: float

    @property
    def documents(self) -> list[dict]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Home:
    """A data folder and a folder of videos."""

    data: Path
    videos: Path

    def run(self, *arguments: object, seconds: float = 180.0) -> Ran:
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "services.cli.main", *map(str, arguments)],
            env=os.environ | {"REELWISE_DATA_DIR": str(self.data), "COLUMNS": "200", "REELWISE_MAX_OCR_FRAMES": "1"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Ran(done.returncode, done.stdout, done.stderr, time.monotonic() - started)


@pytest.fixture(scope="module")
def home(
    warmed: Callable[[Path], Path], spoken: Callable[..., np.ndarray], tmp_path_factory: pytest.TempPathFactory
) -> Home:
    """A folder of two videos, one of them with speech and subtitles, and a file that is none."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "videos/more").mkdir(parents=True)
    audio = spoken("The cat sleeps on the warm sofa.")
    pictures = scenes([1, 2], len(audio) / SAMPLE_RATE / 2, fps=10)
    sound = (audio * 32000).astype(np.int16)
    write_video(folder / "videos/cat.mp4", pictures, fps=10, sound=sound, sound_rate=SAMPLE_RATE)
    (folder / "videos/cat.srt").write_text("1\n00:00:00,100 --> 00:00:01,500\n一只猫在沙发上睡觉\n", encoding="utf-8")
    write_video(folder / "videos/more/pattern.avi", scenes([5], 1.0, fps=10), fps=10)
    (folder / "videos/broken.mp4").write_text("no video at all, only words\n" * 30)
    return Home(warmed(folder / "data"), folder / "videos")


@pytest.fixture(scope="module")
def first(home: Home) -> Ran:
    return home.run("analyze", home.videos, home.videos / "c*.mp4", "--json")


def test_a_folder_and_a_pattern_give_one_valid_line_a_video_rejected_ones_too(home, first) -> None:
    assert first.status == 1
    states = {Path(document["video"]["source"]).name: document["state"] for document in first.documents}
    assert states == {"cat.mp4": "ready", "pattern.avi": "ready", "broken.mp4": "rejected"}
    assert len(first.documents) == 3
    for document in first.documents:
        jsonschema.validate(document, SCHEMA)


def test_the_table_says_what_happened_to_every_file(home, first) -> None:
    for word in ("cat.mp4", "ready", "broken.mp4", "rejected", "text file"):
        assert word in first.err


def test_a_second_run_reuses_everything_and_prints_a_card(home, first) -> None:
    again = home.run("analyze", home.videos / "cat.mp4")
    assert again.status == 0
    assert f"{len(STAGES)}/{len(STAGES)} stages" in again.err
    assert "一只猫在沙发上睡觉" in again.out
    assert again.seconds < first.seconds


@pytest.mark.parametrize("query", ["cat sleeping on a sofa", "沙发上的猫"])
def test_a_search_in_either_language_finds_the_clip_and_says_why(home, first, query) -> None:
    found = json.loads(home.run("search", query, "--json").out)["videos"]
    cat = next(document["video"]["id"] for document in first.documents if "cat.mp4" in document["video"]["source"])
    assert found[0]["video_id"] == cat
    assert found[0]["reasons"]


def test_moments_name_a_time_to_jump_to(home, first) -> None:
    moment = json.loads(home.run("search", "猫在沙发上睡觉", "--moments", "--json").out)["moments"][0]
    assert "猫" in moment["text"]
    assert 0 <= moment["start"] < moment["end"] < 5


def test_a_video_is_listed_shown_liked_recommended_and_retried(home, first) -> None:
    cat = next(document["video"]["id"] for document in first.documents if "cat.mp4" in document["video"]["source"])
    listed = home.run("list")
    assert cat[:12] in listed.out
    assert "2 ready" in listed.out
    assert json.loads(home.run("show", cat[:8], "--json").out)["video"]["id"] == cat
    assert home.run("feedback", cat[:8], "like", "--user", "amy").status == 0
    feed = json.loads(home.run("recommend", "--user", "amy", "--json").out)
    assert feed["basis"].startswith("interactions")
    assert all(item["reasons"] for item in feed["items"])
    assert "queued" in home.run("retry", cat[:8]).out
    assert json.loads(home.run("list", "--json").out)["counts"]["queued"] == 1
    settled = home.run("analyze", home.videos / "cat.mp4", "--json")
    assert (settled.status, settled.documents[0]["state"]) == (0, "ready")


def test_the_weights_are_listed_and_verified_and_the_doctor_finds_nothing_missing(home) -> None:
    listed = home.run("models", "list")
    assert (listed.status, "whisper-base-ct2" in listed.out) == (0, True)
    verified = home.run("models", "verify")
    assert (verified.status, "whisper-base-ct2/model.bin: ok" in verified.out) == (0, True)
    assert home.run("doctor").status == 0


def test_a_path_that_is_not_there_is_told_and_the_others_are_worked_on(home, first) -> None:
    ran = home.run("analyze", home.videos / "cat.mp4", home.videos / "nothing.mp4", "--json")
    assert ran.status == 1
    assert [document["state"] for document in ran.documents] == ["ready"]
    assert "nothing.mp4: there is no such file or folder" in ran.err.replace("\n", " ")


def test_an_unknown_id_is_one_clear_line_with_a_remedy(home, first) -> None:
    ran = home.run("show", "ffffffff")
    assert (ran.status, ran.out) == (1, "")
    assert "There is no video 'ffffffff'" in ran.err
