"""Every odd file of the shared folder ends prepared or rejected with a reason; none hangs or leaves anything behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.media_factory import shared_media
from workers.media.errors import MediaCrashed, MediaRejected
from workers.media.isolation import DecoderPool
from workers.media.types import MediaLimits, PreparedMedia

MEDIA = shared_media()
LIMITS = MediaLimits(timeout_s=30.0)

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(MEDIA is None, reason="the shared folder with odd files is not here (set REELWISE_SHARED)"),
]

REJECTED = {
    "result.webm": "empty",
    "video1_dup.mp4": "text file",
    "video2_dup.mp4": "text file",
    "video3_dup.mp4": "text file",
    "video3_dup_dup.mp4": "text file",
    "av1-clearkey-cbcs-video.mp4": "encrypted",
    "bipbop-cenc-audioinit.mp4": "encrypted",
    "bipbop_480wp_1001kbps-cenc-video-key1-init.mp4": "encrypted",
    "bipbop_cbcs_audio_init.mp4": "encrypted",
    "bipbop_cbcs_video_init.mp4": "encrypted",
    "short-cenc.mp4": "encrypted",
    "bipbop_audioinit.mp4": "no picture or sound after it",
    "bipbop_nonfragment_header.mp4": "no picture or sound after it",
    "invalid_userdata.mp4": "no picture or sound after it",
    "64bit.mp4": "neither a picture nor a sound",
    "mpeg4.mp4": "neither a picture nor a sound",
    "chunk_out_of_range.mp4": "not a video",
    "sample.mkv": "not a video",
    "small.mp4": "could be decoded",
    "test_case_1185230.mp4": "could be decoded",
    "truncated-64bit.mp4": "could be decoded",
    "zero_empty_stsc.mp4": "could be decoded",
}
SOUND_ONLY = {
    "0zVCgJCEXVY_1_0TEMP_MPY_wvf_snd.mp4",
    "afconvert-aac-0.5s.mp4",
    "amr_nb_1f.3gp",
    "amr_wb_1f.3gp",
    "first_vid.mp4",
    "issue55.flv",
    "mp4-with-audio.mp4",
    "opus_audioinit.mp4",
    "opus_audioinit_two_desc.mp4",
    "sine-3s-xhe-aac-44khz-mono.mp4",
    "vbr_requires_parsespeed_1.mp4",
}
# FFmpeg's Theora decoder refuses three of four packets of demo.ogv; its sound and the other pictures are fine.
DAMAGED = {"no_timescale.mp4", "opus_audioinit_two_desc.mp4", "demo.ogv"}


def odd_files() -> list[Path]:
    return sorted((MEDIA / "odd").iterdir()) if MEDIA is not None else []


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool() as pool:
        yield pool


def odd(name: str, tmp_path: Path, pool: DecoderPool, limits: MediaLimits = LIMITS) -> PreparedMedia:
    assert MEDIA is not None
    return pool.prepare(MEDIA / "odd" / name, tmp_path / "out", limits)


@pytest.mark.parametrize("path", odd_files(), ids=lambda path: path.name)
def test_every_odd_file_is_prepared_or_rejected_in_words(path: Path, tmp_path: Path, pool: DecoderPool) -> None:
    out = tmp_path / "out"
    if path.name in REJECTED:
        with pytest.raises(MediaRejected, match=REJECTED[path.name]) as caught:
            pool.prepare(path, out, LIMITS)
        assert not isinstance(caught.value, MediaCrashed)
        assert not out.exists()
        return
    prepared = pool.prepare(path, out, LIMITS)
    assert prepared.info.has_video == (path.name not in SOUND_ONLY)
    assert prepared.info.duration_s > 0
    assert bool(prepared.problems) == (path.name in DAMAGED)
    assert bool(prepared.frames) == bool(prepared.shots) == prepared.info.has_video
    written = {str(file.relative_to(out)) for file in out.rglob("*") if file.is_file()}
    named = {prepared.audio_file, prepared.hashes_file} - {None}
    assert written == {frame.file for frame in prepared.frames} | named


def test_measured_durations_agree_with_the_labels(tmp_path: Path, pool: DecoderPool) -> None:
    assert MEDIA is not None
    lines = (MEDIA / "odd.jsonl").read_text(encoding="utf-8").splitlines()
    labels = {label["file"]: label["duration_s"] for label in map(json.loads, lines)}
    # Left out: labels that count an edit's empty start (delayed_start), and the repeated last picture of Theora.
    for name in ("counter.mp4", "demo.mkv", "demo.flv", "demo.rm", "demo.wmv", "var_fps_video.mp4", "av1-video.mp4"):
        prepared = pool.prepare(MEDIA / "odd" / name, tmp_path / name, LIMITS)
        assert prepared.info.duration_s == pytest.approx(labels[name], abs=0.1), name


def test_a_display_matrix_of_90_degrees_swaps_width_and_height(tmp_path: Path, pool: DecoderPool) -> None:
    info = odd("video_rotation_90.mp4", tmp_path, pool).info
    assert (info.width, info.height, info.rotation) == (60, 100, 90)


def test_wide_pixels_are_shown_wide(tmp_path: Path, pool: DecoderPool) -> None:
    info = odd("h264_white_frame_sar_16_9.mp4", tmp_path, pool).info
    assert (info.width, info.height) == (1138, 480)


def test_a_delayed_start_is_time_zero(tmp_path: Path, pool: DecoderPool) -> None:
    prepared = odd("delayed_start.mp4", tmp_path, pool)
    assert prepared.shots[0].start == 0.0
    assert prepared.frames[0].at < 1.0
    assert prepared.info.duration_s == pytest.approx(0.96, abs=0.05)


def test_a_header_without_duration_is_measured(tmp_path: Path, pool: DecoderPool) -> None:
    assert odd("no_duration.webm", tmp_path, pool).info.duration_s == pytest.approx(4.9, abs=0.2)


def test_a_variable_frame_rate_is_averaged(tmp_path: Path, pool: DecoderPool) -> None:
    prepared = odd("var_fps_video.mp4", tmp_path, pool)
    assert prepared.info.fps == pytest.approx(20.0, abs=0.5)
    assert prepared.frames[-1].at > 12.0
