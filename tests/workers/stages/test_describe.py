"""What goes to the language model: lines within their budget, frames where the profile says that it sees."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from models.errors import ProfileInvalid
from models.profile import Profile, load_profile
from models.runtime import Runtime
from services.library.blobs import BlobStore
from services.library.record.types import Video
from services.library.understanding import Evidence, VideoState
from services.settings import Settings
from tests.model_server import Servant, answering, serving
from workers.fingerprint import fingerprints
from workers.media.types import DecodeStats, KeptFrame, MediaInfo, PreparedMedia
from workers.pipeline import STAGES
from workers.stages.base import Source, StageContext
from workers.stages.describe import DESCRIBE, DescribeOutput
from workers.stages.evidence import EvidenceOutput
from workers.stages.media import MediaOutput
from workers.stages.metadata import Metadata

NOW = datetime(2026, 1, 31, tzinfo=UTC)
VIDEO = Video("0" * 32, "0" * 64, 1, "videos/a", VideoState.PROCESSING, None, None, 0, None, NOW, NOW)
SOURCE = Source(VIDEO, Metadata(source="a.mp4"))
FACTS = MediaInfo("mp4", 100.0, 64, 64, 10.0, True, False, "h264", None, 0)
TITLE = Evidence(id="M1", kind="M", start=0, end=9, text="Green tea at home")
ANSWER = {
    "summary": "Somebody makes green tea at home.",
    "why": "Watch it if you like green tea at home.",
    "tags": [{"tag": "green tea", "evidence": "M1"}],
}
Described = Callable[..., DescribeOutput]


@pytest.fixture
def servant() -> Iterator[Servant]:
    with serving() as one:
        one.replies = [answering(json.dumps(ANSWER))]
        yield one


def profile(url: str, engine: str = "openai", **asking: Any) -> Profile:
    document = load_profile("lite").model_dump(mode="json") | {"name": "sees", "asking": asking}
    if engine == "openai":
        document["roles"]["language"] = {"engine": engine, "options": {"model": "m", "base_url": url}}
    return Profile.model_validate(document)


@pytest.fixture
def described(servant: Servant, tmp_path: Path) -> Described:
    """`described(lines, **asking)`: the stage's output for a video with ten frames, whose red tells their number."""

    def run(*lines: Evidence, **asking: Any) -> DescribeOutput:
        blobs = BlobStore(f"file://{tmp_path}/blobs")
        kept = []
        for number in range(10):
            picture = np.zeros((64, 64, 3), np.uint8)
            picture[..., 2] = 20 * number + 10  # OpenCV's order is blue, green, red
            blobs.put_bytes(cv2.imencode(".png", picture)[1].tobytes(), f"media/frames/{number}.png")
            kept.append(KeptFrame(number, 10.0 * number, f"frames/{number}.png", 1.0, 0))
        prepared = PreparedMedia(FACTS, tuple(kept), (), None, None, (), (), (), DecodeStats(0, 0, 0, 0.0))
        context = StageContext(
            source=SOURCE,
            settings=Settings(data_dir=tmp_path),
            runtime=Runtime(profile(servant.url, **asking), tmp_path),
            blobs=blobs,
            folder="describe",
            outputs={
                "media": MediaOutput(prepared=prepared, folder="media"),
                "evidence": EvidenceOutput(evidence=lines, language="en"),
            },
            progress=lambda _: None,
        )
        output = DESCRIBE.run(context)
        assert isinstance(output, DescribeOutput)
        return output

    return run


def test_a_model_that_sees_gets_frames_spread_over_the_video_and_can_cite_lines_only(
    described: Described, servant: Servant
) -> None:
    output = described(TITLE, prompts="full", images=5)
    assert output.answer is not None
    assert (output.prompt_tokens, output.completion_tokens, output.problems) == (10, 5, ())
    (asked,) = servant.asked
    text, *pictures = asked["messages"][-1]["content"]
    said = text["text"].splitlines()
    assert said[0] == "M1 Green tea at home"
    assert said[1].startswith("5 frames of the video follow, taken at 0:10.0, 0:30.0, 0:50.0, 1:10.0, 1:30.0.")
    shown = []
    for picture in pictures:
        packed = picture["image_url"]["url"].partition(",")[2]
        red, _, _ = Image.open(io.BytesIO(base64.b64decode(packed))).getpixel((32, 32))
        shown.append(round((red - 10) / 20))
    assert shown == [1, 3, 5, 7, 9]
    tag = asked["response_format"]["json_schema"]["schema"]["properties"]["tags"]["items"]
    assert tag["properties"]["evidence"]["enum"] == ["M1"]


def test_a_model_that_does_not_see_gets_words_only(described: Described, servant: Servant) -> None:
    described(TITLE, prompts="full")
    assert servant.asked[0]["messages"][-1]["content"] == "M1 Green tea at home"


def test_few_words_are_no_reason_not_to_ask_a_model_that_sees(described: Described, servant: Servant) -> None:
    assert described(TITLE, prompts="full", min_words=8).answer is None
    assert servant.asked == []
    assert described(TITLE, prompts="full", min_words=8, images=2).answer is not None


def test_without_a_line_to_cite_nothing_is_asked(described: Described, servant: Servant) -> None:
    assert described(prompts="full", images=2).answer is None
    assert servant.asked == []


def test_a_server_that_does_not_hold_to_the_schema_is_told_of_in_the_problems(
    described: Described, servant: Servant
) -> None:
    servant.replies = [answering("It is about tea."), *servant.replies]
    output = described(TITLE, prompts="full")
    assert output.answer is not None
    assert output.prompt_tokens == 20
    assert output.problems == (
        "m is not held to the JSON schema by its server; its answer was checked, and asked for once more",
    )


def test_an_unusable_answer_leaves_the_video_with_what_was_found(described: Described, servant: Servant) -> None:
    servant.replies = [answering("{", finish="length")]
    output = described(TITLE, prompts="full")
    assert output.answer is None
    assert "gave no usable answer: m at " in output.problems[0]


def test_the_number_of_frames_and_the_model_are_part_of_the_fingerprint_and_the_address_is_not(tmp_path: Path) -> None:
    def prints(url: str, **asking: Any) -> str:
        engines = Runtime(profile(url, **asking), tmp_path)
        return fingerprints(STAGES, SOURCE, Settings(data_dir=tmp_path), engines)["describe"]

    here = prints("http://127.0.0.1:1/v1", images=2)
    assert here == prints("http://elsewhere/v1", images=2)
    assert here != prints("http://127.0.0.1:1/v1", images=3)


def test_a_profile_that_shows_frames_to_an_engine_that_reads_none_is_refused(tmp_path: Path) -> None:
    said = r"asking\.images is 2, but engine 'llama\.cpp' reads no images; set it to 0 or choose one of .*openai"
    with pytest.raises(ProfileInvalid, match=said):
        Runtime(profile("", engine="llama.cpp", images=2), tmp_path)
