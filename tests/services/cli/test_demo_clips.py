"""The demo's clips play, have the streams they should, and are the same each time."""

from __future__ import annotations

import hashlib
from pathlib import Path

import av
import pytest

from models.weights.progress import Silent
from services.cli.demo_clips import DemoClip, make_demo_clips

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="module")
def clips(folder: Path) -> list[DemoClip]:
    return make_demo_clips(folder, Silent())


def test_there_are_five_to_seven_clips_under_two_minutes_in_all_and_each_plays(clips: list[DemoClip]) -> None:
    assert 5 <= len(clips) <= 7
    seconds = 0.0
    for clip in clips:
        with av.open(str(clip.path)) as container:
            frames = sum(1 for _ in container.decode(video=0))
            seconds += container.duration / av.time_base
        assert frames > 50, clip.path.name
    assert seconds < 120


def test_the_clips_said_to_have_english_speech_have_sound(clips: list[DemoClip]) -> None:
    spoken = [clip for clip in clips if clip.language_hint == "en"]
    assert len(spoken) >= 2
    for clip in spoken:
        with av.open(str(clip.path)) as container:
            (sound,) = container.streams.audio
            assert float(sound.duration * sound.time_base) > 5


def test_there_is_chinese_to_be_heard_and_to_be_read_beside_a_clip(clips: list[DemoClip]) -> None:
    chinese = [clip for clip in clips if clip.language_hint == "zh"]
    assert any(av.open(str(clip.path)).streams.audio for clip in chinese)
    (subtitled,) = (clip for clip in clips if clip.subtitles)
    assert "骑自行车上班" in subtitled.subtitles[0].read_text(encoding="utf-8")


def test_every_clip_says_its_licence_and_its_source(clips: list[DemoClip]) -> None:
    assert all(clip.licence and clip.source and clip.description and clip.creator for clip in clips)


def test_another_making_gives_the_same_bytes(clips: list[DemoClip], tmp_path: Path) -> None:
    again = make_demo_clips(tmp_path, Silent())
    assert [_sha(clip) for clip in again] == [_sha(clip) for clip in clips]


def test_a_clip_that_is_there_is_not_made_again(clips: list[DemoClip], folder: Path) -> None:
    before = [clip.path.stat().st_mtime_ns for clip in clips]
    assert [clip.path.stat().st_mtime_ns for clip in make_demo_clips(folder, Silent())] == before


def _sha(clip: DemoClip) -> str:
    return hashlib.sha256(clip.path.read_bytes()).hexdigest()
