"""What one pass over a file yields, on media made here."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

from tests.media_factory import (
    plain,
    rotate_in_header,
    scenes,
    sine,
    textured,
    write_subtitled,
    write_video,
)
from workers.media.errors import MediaRejected
from workers.media.prepare import prepare_media
from workers.media.types import Cue, MediaLimits, PreparedMedia, Tag

LIMITS = MediaLimits()


def prepare(path: Path, limits: MediaLimits = LIMITS) -> PreparedMedia:
    return prepare_media(path, path.parent / "out", limits)


def test_hard_cuts_become_shots_and_every_shot_keeps_a_frame(tmp_path: Path) -> None:
    prepared = prepare(write_video(tmp_path / "cuts.mp4", scenes([1, 2, 3], 2.0)))
    assert [shot.start for shot in prepared.shots] == pytest.approx([0.0, 2.0, 4.0], abs=0.13)
    assert prepared.shots[-1].end == pytest.approx(6.0, abs=0.05)
    assert {frame.shot for frame in prepared.frames} == {0, 1, 2}
    for frame in prepared.frames:
        shot = prepared.shots[frame.shot]
        assert shot.start <= frame.at < shot.end


def test_kept_frames_show_what_was_on_screen_at_their_time(tmp_path: Path) -> None:
    prepared = prepare(write_video(tmp_path / "cuts.mp4", scenes([1, 2], 2.0)))
    for frame in prepared.frames:
        image = cv2.imread(str(tmp_path / "out" / frame.file)).astype(int)
        step = (frame.index % 50) // 2
        errors = {seed: np.abs(image - np.roll(textured(seed), step, axis=1)[:, :, ::-1]).mean() for seed in (1, 2)}
        assert errors[1 + frame.shot] < 20 < 50 < errors[2 - frame.shot]


def test_sound_is_mono_16_khz_and_as_long_as_the_video(tmp_path: Path) -> None:
    prepared = prepare(write_video(tmp_path / "a.mp4", scenes([1], 3.0), sound=sine(3.0)))
    assert prepared.info.has_audio
    samples, rate = soundfile.read(tmp_path / "out" / "audio.flac", dtype="float32")
    assert (rate, samples.ndim) == (16000, 1)
    assert len(samples) / rate == pytest.approx(3.0, abs=0.06)
    spectrum = np.abs(np.fft.rfft(samples[rate : 2 * rate]))
    assert int(spectrum.argmax()) == pytest.approx(440, abs=2)


def test_a_silent_video_has_no_audio_file(tmp_path: Path) -> None:
    prepared = prepare(write_video(tmp_path / "silent.mp4", scenes([1], 1.0)))
    assert (prepared.info.has_audio, prepared.audio_file, prepared.audio_duration_s) == (False, None, None)
    assert not (tmp_path / "out" / "audio.flac").exists()


def test_sound_alone_is_an_ordinary_file_without_frames(tmp_path: Path) -> None:
    prepared = prepare(write_video(tmp_path / "only.mp4", sound=sine(2.0)))
    assert not prepared.info.has_video
    assert (prepared.frames, prepared.shots, prepared.info.width) == ((), (), None)
    assert prepared.info.duration_s == pytest.approx(2.0, abs=0.06)


def test_a_single_frame_is_kept(tmp_path: Path) -> None:
    prepared = prepare(write_video(tmp_path / "one.mp4", [textured(1)]))
    assert [frame.at for frame in prepared.frames] == [0.0]
    assert (prepared.info.fps, len(prepared.shots)) == (None, 1)


def test_variable_frame_rate_keeps_the_times_of_the_file(tmp_path: Path) -> None:
    times = [0, 40, 80, 2000, 2040, 6000]
    prepared = prepare(
        write_video(tmp_path / "vfr.mkv", [textured(n) for n in range(6)], times_ms=times), MediaLimits(max_frames=6)
    )
    assert prepared.info.duration_s == pytest.approx(6.04, abs=0.05)
    assert prepared.frames[-1].at == pytest.approx(6.0, abs=0.01)


@pytest.mark.parametrize(("clockwise", "size"), [(90, (120, 160)), (180, (160, 120)), (270, (120, 160))])
def test_rotated_pictures_are_turned_upright(tmp_path: Path, clockwise: int, size: tuple[int, int]) -> None:
    picture = np.zeros((120, 160, 3), dtype=np.uint8)
    picture[:60, :80] = (255, 0, 0)
    picture[60:, 80:] = (0, 0, 255)
    picture[:60, 80:] = (0, 255, 0)
    prepared = prepare(rotate_in_header(write_video(tmp_path / "r.mp4", [picture] * 5), clockwise))
    assert (prepared.info.width, prepared.info.height) == size
    assert prepared.info.rotation == clockwise
    image = cv2.imread(str(tmp_path / "out" / prepared.frames[0].file))[:, :, ::-1].astype(int)
    assert np.abs(image - np.rot90(picture, -clockwise // 90).astype(int)).mean() < 20


def test_an_all_black_video_keeps_one_frame(tmp_path: Path) -> None:
    prepared = prepare(write_video(tmp_path / "black.mp4", [plain(0)] * 100))
    assert len(prepared.frames) == 1


def test_black_pictures_are_not_kept_when_there_are_others(tmp_path: Path) -> None:
    prepared = prepare(write_video(tmp_path / "intro.mp4", [plain(0)] * 75 + scenes([4], 3.0)))
    assert prepared.frames
    assert all(frame.at >= 3.0 for frame in prepared.frames)


def test_the_cap_on_frames_holds_and_they_are_spread_over_the_video(tmp_path: Path) -> None:
    path = write_video(tmp_path / "many.mp4", scenes(range(20), 1.0))
    prepared = prepare(path, MediaLimits(max_frames=5))
    assert len(prepared.frames) == 5
    assert len({int(frame.at // 4) for frame in prepared.frames}) == 5


def test_a_large_picture_is_scaled_to_1280(tmp_path: Path) -> None:
    prepared = prepare(write_video(tmp_path / "big.mp4", [textured(1, 1920, 1080)] * 3))
    assert (prepared.info.width, prepared.info.height) == (1920, 1080)
    assert cv2.imread(str(tmp_path / "out" / prepared.frames[0].file)).shape == (720, 1280, 3)


@pytest.mark.parametrize(("codec", "suffix"), [("subrip", "mkv"), ("mov_text", "mp4")])
def test_soft_subtitles_are_read_with_times_and_without_markup(tmp_path: Path, codec: str, suffix: str) -> None:
    cues = [(0.5, 1.5, "<i>Good morning</i>"), (2.0, 3.0, "two\nlines")]
    prepared = prepare(write_subtitled(tmp_path / f"s.{suffix}", scenes([1], 4.0), cues, codec))
    (track,) = prepared.subtitle_streams
    assert (track.codec, track.language) == (codec, "eng")
    assert track.cues == (Cue(0.5, 1.5, "Good morning"), Cue(2.0, 3.0, "two\nlines"))


def test_words_of_the_container_are_tags_and_the_encoder_is_not(tmp_path: Path) -> None:
    words = {"title": "厨房小技巧", "comment": "filmed at home"}
    prepared = prepare(write_video(tmp_path / "t.mkv", scenes([1], 0.5), metadata=words))
    assert set(prepared.tags) == {Tag("title", "厨房小技巧"), Tag("comment", "filmed at home")}


def test_sound_that_begins_late_keeps_its_delay(tmp_path: Path) -> None:
    quiet_then_tone = np.concatenate([np.zeros(44100, dtype=np.int16), sine(1.0)])
    prepared = prepare(write_video(tmp_path / "late.mkv", scenes([1], 2.0), sound=quiet_then_tone))
    assert prepared.audio_file is not None
    samples, rate = soundfile.read(tmp_path / "out" / prepared.audio_file)
    onset = int(np.argmax(np.abs(samples) > 0.1)) / rate
    assert onset == pytest.approx(1.0, abs=0.06)


def test_a_file_cut_off_in_the_middle_yields_what_is_there(tmp_path: Path) -> None:
    path = write_video(tmp_path / "cut.mkv", scenes([1, 2], 3.0), sound=sine(6.0))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    prepared = prepare(path)
    assert 0.5 < prepared.info.duration_s < 5.5
    assert prepared.frames


def test_damage_in_the_middle_is_stepped_over_and_told(tmp_path: Path) -> None:
    path = write_video(tmp_path / "damaged.avi", scenes(range(6), 1.0), sound_codec="mp2")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 6000] = np.random.default_rng(0).integers(0, 256, 6000, dtype=np.uint8).tobytes()
    path.write_bytes(bytes(data))
    prepared = prepare(path)
    assert prepared.info.duration_s > 4.5
    assert prepared.frames[-1].at > 3.5
    assert prepared.problems


def test_it_survives_json(tmp_path: Path) -> None:
    prepared = prepare(write_video(tmp_path / "j.mp4", scenes([1], 1.0), sound=sine(1.0)))
    assert PreparedMedia.from_json(prepared.to_json()) == prepared


def test_progress_rises_to_one(tmp_path: Path) -> None:
    shares: list[float] = []
    path = write_video(tmp_path / "p.mp4", scenes([1, 2], 1.0))
    prepare_media(path, tmp_path / "out", LIMITS, shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty"), (b"only words in here\n" * 20, "text file"), (bytes(range(256)) * 20, "not a video")],
)
def test_what_is_no_video_is_rejected_in_words(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "fake.mp4"
    path.write_bytes(content)
    with pytest.raises(MediaRejected, match=reason):
        prepare(path)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", ["#EXTM3U\n#EXTINF:1,\n{}\n", "ffconcat version 1.0\nfile '{}'\n"])
def test_a_playlist_cannot_make_it_read_another_file(tmp_path: Path, content: str) -> None:
    secret = write_video(tmp_path / "secret.ts", scenes([1], 1.0), codec="mpeg2video")
    path = tmp_path / "list.mp4"
    path.write_text(content.format(secret.name))
    with pytest.raises(MediaRejected, match="text file"):
        prepare(path)


def test_a_video_longer_than_the_limit_is_rejected(tmp_path: Path) -> None:
    path = write_video(tmp_path / "long.mp4", scenes([1], 5.0))
    with pytest.raises(MediaRejected, match="longer than 3 seconds"):
        prepare(path, MediaLimits(max_duration_s=3.0))


def test_a_length_that_the_header_hides_is_found_while_decoding(tmp_path: Path) -> None:
    # MPEG video without a container has no duration at all.
    path = write_video(tmp_path / "raw.m2v", scenes([1], 6.0), codec="mpeg2video")
    with pytest.raises(MediaRejected, match="longer than 3 seconds"):
        prepare(path, MediaLimits(max_duration_s=3.0))


def test_a_frame_larger_than_the_limit_is_rejected(tmp_path: Path) -> None:
    path = write_video(tmp_path / "wide.mp4", scenes([1], 0.2))
    with pytest.raises(MediaRejected, match="160x120"):
        prepare(path, MediaLimits(max_pixels=100 * 100))


def test_it_does_not_write_into_a_folder_with_something_in_it(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", scenes([1], 0.2))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("precious")
    with pytest.raises(FileExistsError, match="not empty"):
        prepare(path)
    assert (tmp_path / "out" / "mine.txt").read_text() == "precious"


def test_limits_must_be_above_zero() -> None:
    with pytest.raises(ValueError, match="max_frames"):
        MediaLimits(max_frames=0)
