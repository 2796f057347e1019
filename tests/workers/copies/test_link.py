"""Links between videos of a record, from signatures of real decoded files; no model takes part."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from services.library.record.store import Record
from services.library.record.types import Lane, Submission, Video
from services.library.understanding import CopyKind, VideoState
from tests.media_factory import Image, scenes, shared_media, sine, write_video
from workers.copies.judge import compare, describe, is_copy
from workers.copies.link import link_copies
from workers.copies.make import signature_of
from workers.copies.reuse import sounds_the_same
from workers.copies.signature import Signature, SignatureUnreadable
from workers.media.prepare import prepare_media
from workers.media.types import MediaLimits

FPS = 10
SEEDS = [1, 2, 3, 4, 5]

Sign = Callable[..., Signature]


def sign_file(path: Path, out: Path) -> Signature:
    return signature_of(prepare_media(path, out, MediaLimits()), lambda name: (out / name).read_bytes())


@pytest.fixture
def sign(tmp_path: Path) -> Sign:
    """`sign(frames, sound=None)` writes a video and decodes it."""

    def make(frames: list[Image], sound: np.ndarray | None = None, fps: int = FPS) -> Signature:
        name = str(len(list(tmp_path.iterdir())))
        return sign_file(write_video(tmp_path / f"{name}.mp4", frames, fps=fps, sound=sound), tmp_path / f"{name}-out")

    return make


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    opened = Record.open(f"sqlite:///{tmp_path / 'reelwise.db'}")
    yield opened
    opened.close()


def submitted(record: Record, name: str) -> Video:
    return record.submit(Submission(sha256(name.encode()).hexdigest(), 1, name, name))[0]


def publish(record: Record, video: Video) -> None:
    for lane, following in zip(Lane, [*list(Lane)[1:], None], strict=True):
        lease = record.claim(video.id, lane, now=datetime.now(UTC), lease_s=60)
        assert lease is not None
        assert record.advance(lease, following)


def melody(seconds: float, seed: int) -> np.ndarray:
    """Notes of random pitch and length."""
    random = np.random.default_rng(seed)
    notes = [sine(float(random.uniform(0.1, 0.6)), float(random.integers(220, 3000))) for _ in range(60)]
    return np.concatenate(notes)[: round(seconds * 44100)]


def framed(picture: Image) -> Image:
    """In the middle of a black canvas, half as high again."""
    canvas = np.zeros((180, picture.shape[1], 3), np.uint8)
    canvas[30:150] = picture
    return canvas


CHANGES = {
    "as it is": (lambda frames: frames, set()),
    "mirrored": (lambda frames: [np.ascontiguousarray(f[:, ::-1]) for f in frames], {CopyKind.MIRRORED}),
    "cropped": (lambda frames: [np.ascontiguousarray(f[8:112, 10:150]) for f in frames], {CopyKind.CROPPED}),
    "letterboxed": (lambda frames: [framed(f) for f in frames], set()),
    "brighter": (lambda frames: [np.clip(f * 1.1 + 15.0, 0, 255).astype(np.uint8) for f in frames], set()),
    "trimmed": (lambda frames: frames[15:45], {CopyKind.TRIMMED}),
    "sped up": (lambda frames: [frames[round(i * 1.25)] for i in range(40)], {CopyKind.SPED_UP}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_copy_is_recognised_and_said_to_be_what_it_is(sign: Sign, change: str) -> None:
    frames = scenes(SEEDS, 1.0, fps=FPS)
    make, kinds = CHANGES[change]
    original, copy = sign(frames), sign(make(frames))
    found = compare(copy, original)
    assert found is not None
    assert is_copy(found)
    assert set(describe(found, copy, original).kinds) - {CopyKind.PICTURE_CHANGED} == kinds


def test_other_videos_are_no_copies(sign: Sign) -> None:
    original = sign(scenes(SEEDS, 1.0, fps=FPS))
    for seeds in ([11, 12, 13, 14, 15], [21] * 5, [31, 32, 33]):
        found = compare(sign(scenes(seeds, 1.0, fps=FPS)), original)
        assert found is None or not is_copy(found)


def test_the_same_music_under_other_pictures_is_no_copy(sign: Sign) -> None:
    sound = melody(5.0, 0)
    found = compare(sign(scenes([11, 12, 13, 14, 15], 1.0, fps=FPS), sound), sign(scenes(SEEDS, 1.0, fps=FPS), sound))
    assert found is None or not is_copy(found)


def test_the_sound_tells_muted_replaced_and_kept_apart(sign: Sign) -> None:
    frames, sound = scenes(SEEDS, 1.0, fps=FPS), melody(5.0, 1)
    original = sign(frames, sound)
    wanted = {"kept": sound, "replaced": melody(5.0, 2), "removed": None}
    for name, heard in wanted.items():
        copy = sign(frames, heard)
        found = compare(copy, original)
        assert found is not None
        match = describe(found, copy, original)
        assert [kind.value for kind in match.kinds] == ([] if name == "kept" else [f"sound {name}"])
        assert sounds_the_same(match) == (name == "kept")


def test_the_earlier_upload_is_the_original_in_whichever_order_they_are_worked_on(record: Record, sign: Sign) -> None:
    signature = sign(scenes(SEEDS, 1.0, fps=FPS))
    first, second = submitted(record, "first"), submitted(record, "second")
    link_copies(record, second, signature)
    publish(record, second)
    assert record.duplicate_of(second.id) is None
    link_copies(record, first, signature)
    found = record.duplicate_of(second.id)
    assert found is not None
    assert found.original == first.id
    assert record.duplicate_of(first.id) is None
    again = record.video(second.id)
    assert again is not None
    assert again.state is VideoState.QUEUED  # it is published once more, with the link
    publish(record, again)
    link_copies(record, first, signature)
    again = record.video(second.id)
    assert again is not None
    assert again.state is VideoState.READY  # nothing new was found


def test_a_chain_leads_to_its_root_and_survives_the_loss_of_it(record: Record, sign: Sign) -> None:
    frames = scenes(SEEDS, 1.0, fps=FPS)
    videos = [submitted(record, name) for name in ("root", "copy", "copy of the copy")]
    for video, some in zip(videos, (frames, frames[10:], frames[20:]), strict=True):
        link_copies(record, video, sign(some))
    root, copy, last = (video.id for video in videos)
    found = record.duplicate_of(last)
    assert found is not None
    assert (found.original, found.matched) == (root, root)
    with record.engine.begin() as connection:
        connection.execute(text("DELETE FROM videos WHERE id = :id"), {"id": root})
        assert connection.scalar(text("SELECT COUNT(*) FROM signatures")) == 2
        assert not connection.scalar(
            text("SELECT COUNT(*) FROM signature_words WHERE number NOT IN (SELECT number FROM signatures)")
        )
    found = record.duplicate_of(last)
    assert found is not None
    assert found.original == copy
    assert record.duplicate_of(copy) is None


def test_words_that_too_many_videos_share_are_stopped(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.library.record.copies.MAX_VIDEOS_PER_WORD", 3)
    for number in range(6):
        record.put_signature(submitted(record, str(number)).id, b"x", [7, 100 + number])
    assert record.sharing_words([7], but="", limit=10) == []
    assert len(record.sharing_words([7, 103], but="", limit=10)) == 1


def test_bytes_that_are_no_signature_are_refused(sign: Sign) -> None:
    signature = sign(scenes([1], 1.0, fps=FPS), sine(1.0))
    data = signature.to_bytes()
    again = Signature.from_bytes(data)
    assert (again.hashes == signature.hashes).all()
    assert (again.sound == signature.sound).all()
    for bad in (b"", b"nonsense", data[:-4], b"\xff\xff" + data[2:]):
        with pytest.raises(SignatureUnreadable):
            Signature.from_bytes(bad)


@pytest.mark.shared
def test_a_real_clip_is_recognised_when_it_was_mirrored_and_compressed_hard(tmp_path: Path) -> None:
    folder = shared_media()
    if folder is None:
        pytest.skip("the folder of real media is not here")
    clip, copy = folder / "clips" / "carphone.mp4", tmp_path / "copy.mp4"
    command = ["ffmpeg", "-v", "error", "-i", str(clip), "-vf", "hflip,scale=-2:120", "-crf", "38", str(copy)]
    try:
        subprocess.run(command, check=True)
    except FileNotFoundError:
        pytest.skip("the ffmpeg command is not installed")
    original = sign_file(clip, tmp_path / "a")
    found = compare(sign_file(copy, tmp_path / "b"), original)
    assert found is not None
    assert is_copy(found)
    assert found.alignment.mirrored
    other = compare(sign_file(folder / "clips" / "suit-talking.mp4", tmp_path / "c"), original)
    assert other is None or not is_copy(other)
