"""What one pass over a media file yields. Times are seconds from the video's start (see `MediaInfo`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """How much of a machine one file may take.

    `max_duration_s`: longest accepted file, seconds, measured on what was decoded as well as on the header.
    `max_pixels`: largest accepted frame, width times height. `max_frames`: most frames kept. `timeout_s`: wall clock
    for one file in a child process. `memory_bytes`: how much one file may add to the child's resident memory.
    """

    max_duration_s: float = 1800.0
    max_pixels: int = 8192 * 4320
    max_frames: int = 12
    timeout_s: float = 600.0
    memory_bytes: int = 4 * 1024**3

    def __post_init__(self) -> None:
        for name in ("max_duration_s", "max_pixels", "max_frames", "timeout_s", "memory_bytes"):
            if not getattr(self, name) > 0:
                raise ValueError(f"MediaLimits.{name} must be above zero, got {getattr(self, name)!r}")


@dataclass(frozen=True, slots=True)
class Cue:
    """A line of text shown from `start` to `end`, seconds. `text` may span lines; markup is removed."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class SubtitleTrack:
    """A soft subtitle stream of the file. `language` is the container's own code (often ISO 639-2), None if unsaid."""

    index: int
    codec: str
    language: str | None
    title: str | None
    cues: tuple[Cue, ...]


@dataclass(frozen=True, slots=True)
class Tag:
    """A text of the container's metadata: `name` is lower case ("title", "comment", "artist", ...)."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What the file is, as decoded.

    Time zero is the earliest timestamp of picture or sound in the container (the container's start time), so a file
    whose clock starts at 10 s starts at 0 here and sound that begins after the picture keeps its delay.
    `duration_s` is the end of the last picture or sound that could be decoded, never the header's claim. `width`
    and `height` are pixels as shown (sample aspect ratio and rotation applied), None without a picture. `fps` is the
    average rate of the decoded pictures, None for fewer than two. `rotation` is the clockwise turn applied: 0, 90, 180
    or 270.
    """

    container: str
    duration_s: float
    width: int | None
    height: int | None
    fps: float | None
    has_video: bool
    has_audio: bool
    video_codec: str | None
    audio_codec: str | None
    rotation: int


@dataclass(frozen=True, slots=True)
class Shot:
    """A stretch without a cut, [start, end) in seconds. Shots are in order and cover the whole picture."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class KeptFrame:
    """A picture worth looking at.

    `index` counts decoded frames from 0; `at` is seconds; `file` is relative to the output folder
    ("frames/000123.jpg"); `sharpness` is the variance of the Laplacian of a luma thumbnail (comparable within one
    video only); `shot` indexes `PreparedMedia.shots`.
    """

    index: int
    at: float
    file: str
    sharpness: float
    shot: int


@dataclass(frozen=True, slots=True)
class Movement:
    """How much the pictures move within shots.

    `change`: median over eighths of a second of the mean luma difference, 0 to 255. `still_share`: share of them in
    which nothing moves.
    """

    change: float
    still_share: float


@dataclass(frozen=True, slots=True)
class DecodeStats:
    """What the pass cost. `bytes_read` counts packet bytes; `decode_seconds` is the wall clock of the whole pass."""

    bytes_read: int
    packets: int
    frames_decoded: int
    decode_seconds: float


@dataclass(frozen=True, slots=True)
class PreparedMedia:
    """Everything later stages need from a file. Paths are relative to the output folder.

    `hashes_file` holds perceptual hashes of pictures (`read_hashes`); None without a picture.
    `audio_file` is mono 16 kHz 16-bit FLAC whose time zero is the video's; None without sound. `problems` says what
    could not be read, in words for people. `movement` is None without moving pictures.
    """

    info: MediaInfo
    frames: tuple[KeptFrame, ...]
    shots: tuple[Shot, ...]
    audio_file: str | None
    audio_duration_s: float | None
    subtitle_streams: tuple[SubtitleTrack, ...]
    tags: tuple[Tag, ...]
    problems: tuple[str, ...]
    stats: DecodeStats
    movement: Movement | None = None
    hashes_file: str | None = None

    def to_json(self) -> str:
        """One line of JSON; `from_json` reads it back unchanged."""
        return _adapter().dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> PreparedMedia:
        """Read what `to_json` wrote. Raises `pydantic.ValidationError` (a ValueError) on anything else."""
        return _adapter().validate_json(text)


@cache
def _adapter() -> TypeAdapter[PreparedMedia]:
    return TypeAdapter(PreparedMedia)
