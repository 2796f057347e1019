"""The picture track: every decoded frame is timed, a few a second are measured, fewer still are converted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from workers.media.candidates import Candidate, CandidatePool
from workers.media.clock import StreamClock
from workers.media.frame_hashes import FrameHasher, Hashes
from workers.media.movement import MovementMeter
from workers.media.picture import Orientation, PictureReader
from workers.media.problems import Problems
from workers.media.shots import ShotDetector
from workers.media.source import check_pixels
from workers.media.types import MediaLimits, Movement, Shot

SAMPLES_PER_S = 8.0
"""Pictures measured per second: half a second is the shortest shot, and the detector looks two pictures either way."""


class PictureTrack:
    """Consumes the frames of one video stream in the order they are shown."""

    def __init__(self, stream: VideoStream, clock: StreamClock, limits: MediaLimits, expected_s: float | None) -> None:
        # Every frame is decoded. Leaving out those that no other needs (skip_frame "NONREF") saved 13 % over 34 clips
        # and costs true frame numbers, rates and last frames: not worth it.
        stream.thread_type = "AUTO"
        self.codec = stream.codec_context.codec.canonical_name
        self.frames = 0
        self.size = (0, 0)
        self.orientation = Orientation()
        aspect = stream.sample_aspect_ratio
        self._reader = PictureReader(float(aspect) if aspect else 1.0)
        self._time_base = float(stream.time_base) if stream.time_base else None
        self._clock = clock
        self._limits = limits
        self._shots = ShotDetector()
        self._movement = MovementMeter()
        self._hasher = FrameHasher()
        self._pool = CandidatePool(limits.max_frames, self._reader.jpeg, expected_s)
        self._next_sample_s = 0.0
        self._first_s = 0.0
        self._last_s = 0.0

    def take(self, frame: VideoFrame, problems: Problems) -> None:
        """Time one frame, and measure it if one is due. Raises MediaRejected for a frame beyond the limits."""
        check_pixels(frame.width, frame.height, self._limits)
        lasts = frame.duration * self._time_base if frame.duration and self._time_base else None
        at = self._clock.place(frame.pts, lasts)
        index = self.frames
        self.frames += 1
        self._last_s = at
        if index == 0:
            self._first_s = at
            self.orientation = Orientation.of(frame)
            self.size = self._reader.shown_size(frame, self.orientation)
        if frame.is_corrupt:
            problems.count("pictures that are damaged", at)
        if at < self._next_sample_s:
            return
        # Half a frame early is on time: 30 frames a second are sampled every 4th, not every 5th.
        self._next_sample_s = at + 1.0 / SAMPLES_PER_S - 0.25 * min(lasts or 0.0, 1.0 / SAMPLES_PER_S)
        try:
            thumbnail = self._reader.thumbnail(frame)
            change = self._pool.offer(index, at, frame, thumbnail)
        except MemoryError:
            raise
        except (FFmpegError, ValueError):
            problems.count("pictures in a form that could not be converted", at)
            return
        self._shots.feed(at, thumbnail)
        self._movement.feed(at, change)
        self._hasher.offer(at, thumbnail)

    @property
    def end_s(self) -> float:
        """When the last frame stops being shown, seconds."""
        return self._clock.end_s

    @property
    def fps(self) -> float | None:
        """Average frames per second of what was decoded."""
        span = self._last_s - self._first_s
        return (self.frames - 1) / span if self.frames > 1 and span > 0 else None

    def finish(self) -> tuple[list[Candidate], tuple[Shot, ...], Movement | None]:
        """What was found, after the last frame. Raises FFmpegError when the last candidate can't be converted."""
        shots = self._shots.finish(self.end_s)
        return self._pool.finish(), shots, self._movement.finish(shots)

    def hashes(self) -> tuple[npt.NDArray[np.float32], Hashes]:
        """Times (n,) and hashes (n, views) of sampled pictures; see `workers.media.frame_hashes`."""
        return self._hasher.finish(self.orientation, self._reader.pixel_aspect)
