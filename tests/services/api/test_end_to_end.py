"""`reelwise up` as a process: uploads, answers, the command line beside it, and an orderly end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import jsonschema
import numpy as np
import pytest

from models.speech.base import SAMPLE_RATE
from tests.media_factory import scenes, write_video

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "docs/understanding.schema.json").read_text(encoding="utf-8"))
SRT = "1\n00:00:00,100 --> 00:00:01,500\n老板在街边煮面条\n"

pytestmark = pytest.mark.models


@dataclass(frozen=True)
class Up:
    """A running server, its data folder, and a client of it."""

    process: subprocess.Popen[str]
    data: Path
    http: httpx.Client

    def settled(self, video_id: str, seconds: float = 150.0) -> dict:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            detail = self.http.get(f"/v1/videos/{video_id}").json()
            if detail["state"] in ("ready", "failed", "rejected"):
                return detail
            time.sleep(0.2)
        raise AssertionError(f"{video_id} is still {detail}")


def environment(data: Path) -> dict[str, str]:
    return os.environ | {"REELWISE_DATA_DIR": str(data), "REELWISE_MAX_OCR_FRAMES": "1", "COLUMNS": "200"}


def command(data: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services.cli.main", *map(str, arguments)],
        env=environment(data), cwd=ROOT, capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def up(warmed: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A server on a free port and a new data folder."""
    data = warmed(tmp_path_factory.mktemp("up") / "data")
    log = (data.parent / "log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-m", "services.cli.main", "up", "--port", "0"],
        env=environment(data), cwd=ROOT, stdout=log, stderr=log, text=True,
    )  # fmt: skip
    try:
        ends = time.monotonic() + 60
        while not (data / "run.json").exists():
            assert process.poll() is None, (data.parent / "log").read_text()
            assert time.monotonic() < ends, "no run.json after a minute"
            time.sleep(0.1)
        url = json.loads((data / "run.json").read_text())["url"]
        with httpx.Client(base_url=url, timeout=60, trust_env=False, transport=httpx.HTTPTransport(retries=5)) as http:
            yield Up(process, data, http)
    finally:
        process.kill()
        process.wait()
        log.close()


@pytest.fixture(scope="module")
def noodles(up: Up, spoken: Callable[..., np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> dict:
    """An upload with a title, hashtags and subtitles, as it stands when it is done."""
    path = tmp_path_factory.mktemp("clips") / "noodles.mp4"
    audio = spoken("Fresh noodles from the street market.")
    pictures = scenes([7, 8], len(audio) / SAMPLE_RATE / 2, fps=10)
    write_video(path, pictures, fps=10, sound=(audio * 32000).astype(np.int16), sound_rate=SAMPLE_RATE)
    files = [("file", ("noodles.mp4", path.read_bytes())), ("subtitles", ("noodles.zh.srt", SRT.encode()))]
    answer = up.http.post("/v1/videos", files=files, data={"title": "Street noodles", "hashtags": "#noodles #面条"})
    assert answer.status_code == 202, answer.text
    return up.settled(answer.json()["id"])


def test_an_upload_becomes_an_understanding_with_its_title_hashtags_and_subtitles(up, noodles) -> None:
    assert (noodles["state"], noodles["reason"], noodles["progress"]) == ("ready", None, None)
    document = up.http.get(noodles["links"]["understanding"]).json()
    jsonschema.validate(document, SCHEMA)
    lines = {line["kind"]: line["text"] for line in document["evidence"]}
    assert lines["C"] == "老板在街边煮面条"
    assert "#面条" in lines["M"]
    assert {"noodles", "面条"} <= {tag["label"] for tag in document["tags"]}


def test_the_upload_is_found_and_recommended(up, noodles) -> None:
    for query in ("street noodles", "街边的面条"):
        found = up.http.get("/v1/search", params={"q": query}).json()["videos"]
        assert found[0]["video_id"] == noodles["id"]
    moments = up.http.get("/v1/search", params={"q": "老板煮面条", "kind": "moments"}).json()["moments"]
    assert moments[0]["video_id"] == noodles["id"]
    feed = up.http.get("/v1/recommendations", params={"user": "amy"}).json()
    assert [item["video_id"] for item in feed["items"]] == [noodles["id"]]
    assert feed["items"][0]["reasons"]


def test_health_and_the_description_of_the_api_are_there(up) -> None:
    checks = up.http.get("/readyz").json()["checks"]
    assert {name: check["ok"] for name, check in checks.items()} == dict.fromkeys(
        ("record", "blobs", "index", "weights", "worker"), True
    )
    assert "/v1/videos" in up.http.get("/openapi.json").json()["paths"]
    assert up.http.get("/docs").status_code == 200


def test_commands_talk_to_the_running_server(up, noodles, tmp_path) -> None:
    searched = command(up.data, "search", "noodles", "--json")
    assert searched.returncode == 0, searched.stderr
    assert json.loads(searched.stdout)["videos"][0]["video_id"] == noodles["id"]
    write_video(tmp_path / "beside.mp4", scenes([9], 1.0, fps=10), fps=10)
    analysed = command(up.data, "analyze", tmp_path / "beside.mp4", "--json")
    assert analysed.returncode == 0, analysed.stderr
    video_id = json.loads(analysed.stdout)["video"]["id"]
    assert up.http.get(f"/v1/videos/{video_id}").json()["state"] == "ready"
    second = command(up.data, "up", "--port", "0")
    assert second.returncode == 1
    assert "already" in second.stderr


def test_a_signal_ends_it_in_order_and_the_folder_is_free_again(up, noodles) -> None:
    """Last in this file: nothing answers after it."""
    started = time.monotonic()
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(timeout=30) == 0
    assert time.monotonic() - started < 30
    assert not (up.data / "run.json").exists()
    log = (up.data.parent / "log").read_text()
    assert "Traceback" not in log, log
    listed = command(up.data, "list", "--json")
    assert listed.returncode == 0, listed.stderr
    assert json.loads(listed.stdout)["counts"]["ready"] == 2
