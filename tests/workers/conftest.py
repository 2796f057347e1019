"""A library with a few tiny clips, understood once a session by the real worker with the real lite models."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from models.runtime import Runtime
from models.speech.base import SAMPLE_RATE
from services.intake import Metadata, submit_path
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.library.record.types import Video
from services.library.understanding import Understanding, VideoState
from services.settings import Settings
from tests.media_factory import scenes, write_video
from workers.launcher import EmbeddedWorker

FINAL = (VideoState.READY, VideoState.FAILED, VideoState.REJECTED)
SRT = "1\n00:00:00,200 --> 00:00:02,000\nThe kettle sings in the kitchen\n"


@dataclass(frozen=True)
class Studio:
    """A folder of clips and the library that takes them in."""

    library: Library
    runtime: Runtime
    folder: Path

    def submit(self, path: Path, **metadata: object) -> Video:
        return submit_path(self.library, path, Metadata(**metadata)).video  # type: ignore[arg-type]

    def video(self, video_id: str) -> Video:
        video = self.library.record.video(video_id)
        assert video is not None
        return video

    def document(self, video_id: str) -> Understanding:
        document = self.library.record.understanding(video_id)
        assert document is not None
        return document

    def wait(self, video_ids: Sequence[str], seconds: float = 120.0) -> list[Video]:
        """Until all are in a final state."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            videos = [self.video(video_id) for video_id in video_ids]
            if all(video.state in FINAL for video in videos):
                return videos
            time.sleep(0.05)
        raise AssertionError(f"not done after {seconds} s: {[self.video(video_id) for video_id in video_ids]}")

    @contextmanager
    def working(self, count: int = 1) -> Iterator[list[EmbeddedWorker]]:
        """`count` embedded workers at work."""
        workers = [EmbeddedWorker(self.library, self.runtime, threads=2) for _ in range(count)]
        try:
            for worker in workers:
                worker.start()
            yield workers
        finally:
            for worker in workers:
                worker.stop()

    def finish(self, *videos: Video) -> list[Video]:
        """Work until the videos are in a final state."""
        with self.working():
            return self.wait([video.id for video in videos])


OpenStudio = Callable[..., Studio]


@pytest.fixture(scope="session")
def open_studio(
    runtime: Runtime, warmed: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OpenStudio]:
    """`open_studio(engines=runtime, **settings)`: a library of its own in a new folder."""
    opened: list[Library] = []

    def make(engines: Runtime = runtime, folder: Path | None = None, **settings: object) -> Studio:
        clips = tmp_path_factory.mktemp("clips")
        roots = (clips,) if folder is None else (clips, folder)
        given = {"sweep_s": 0.2, "max_frames": 3, "max_ocr_frames": 1, **settings}
        library = Library.open(
            Settings(data_dir=warmed(clips / "data"), allowed_roots=roots, **given),  # type: ignore[arg-type]
            IndexDims(text=runtime.text.dim, visual=runtime.vision.dim, sound=runtime.sound.dim),
        )
        opened.append(library)
        return Studio(library, engines, clips)

    yield make
    for library in opened:
        library.close()


@pytest.fixture(scope="session")
def studio(open_studio: OpenStudio) -> Studio:
    """The session's library, for tests that only add to it."""
    return open_studio()


@pytest.fixture(scope="session")
def clip() -> Callable[..., Path]:
    """`clip(path, seed, audio=...)`: a video of 1.5 seconds or as long as the sound (mono 16 kHz)."""

    def make(path: Path, seed: int, audio: np.ndarray | None = None, seconds: float = 1.5) -> Path:
        sound = None if audio is None else (np.clip(audio, -1, 1) * 32000).astype(np.int16)
        length = seconds if audio is None else len(audio) / SAMPLE_RATE
        pictures = scenes([seed, seed + 1], length / 2, fps=10)
        return write_video(path, pictures, fps=10, sound=sound, sound_rate=SAMPLE_RATE)

    return make


@dataclass(frozen=True)
class Analysed:
    """A clip with speech, a title, hashtags and sidecar subtitles, understood."""

    studio: Studio
    path: Path
    video: Video
    document: Understanding


@pytest.fixture(scope="session")
def analysed(studio: Studio, clip: Callable[..., Path], spoken: Callable[..., np.ndarray]) -> Analysed:
    path = clip(studio.folder / "tea.mp4", 1, spoken("Today we make green tea in the kitchen."))
    path.with_suffix(".srt").write_text(SRT)
    video = studio.submit(path, title="Green tea at home", hashtags=("tea", "绿茶"), creator="amy")
    (done,) = studio.finish(video)
    return Analysed(studio, path, done, studio.document(video.id))
