"""Opening a file that a stranger sent: what it is, which of its streams to read, and whether it may be read at all."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Discard, Disposition, Stream
from av.subtitles.stream import SubtitleStream
from av.video.stream import VideoStream

from workers.media.errors import MediaRejected
from workers.media.types import MediaLimits

# Demuxers that only read the bytes they are given. Playlists (hls, concat, dash) are left out: they make FFmpeg open
# other files and addresses that the sender chose.
DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,live_flv,swf,ogg,rm,asf,asf_o,mpeg,mpegts,mpegvideo,m4v,h263,h264,"
    "hevc,vvc,av1,obu,ivf,nut,mxf,gxf,dv,wtv,gif,apng,mjpeg,yuv4mpegpipe,wav,w64,mp3,flac,aac,ac3,eac3,amr,aiff,caf,au"
)
TEXT_SUBTITLES = frozenset({"subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text"})

_HEAD_BYTES = 4096
_MAX_HEADER_BOX_BYTES = 32 * 1024**2
_ENCRYPTED_VIDEO_ENTRY = b"encv"
_ENCRYPTED_AUDIO_ENTRY = b"enca"


@dataclass(frozen=True, slots=True)
class Streams:
    """The streams of one file that are read. `encrypted` names those left out because they are locked."""

    video: VideoStream | None
    audio: AudioStream | None
    subtitles: tuple[SubtitleStream, ...]
    encrypted: tuple[str, ...]

    @property
    def wanted(self) -> list[Stream]:
        """All of them, for the demuxer."""
        return [stream for stream in (self.video, self.audio, *self.subtitles) if stream is not None]


def open_media(path: Path) -> InputContainer:
    """Open `path` for reading. Raises MediaRejected for what is no media file."""
    head = _read_head(path)
    try:
        # "file:" keeps a name such as "concat:..." or "-" from meaning anything to FFmpeg.
        return av.open(
            f"file:{path.absolute()}",
            mode="r",
            container_options={"format_whitelist": DEMUXERS, "protocol_whitelist": "file"},
            metadata_errors="replace",
        )
    except MemoryError:
        raise
    except (FFmpegError, ValueError) as error:
        if _looks_like_text(head):
            raise MediaRejected("This is a text file, not a video.") from error
        raise MediaRejected(
            "This is not a video or sound file that can be read: its beginning matches no known format, or it is "
            "damaged there."
        ) from error


def pick_streams(container: InputContainer, path: Path, limits: MediaLimits) -> Streams:
    """Choose what to read. Raises MediaRejected when nothing is left, or a picture is larger than the limit."""
    locked = encrypted_kinds(path)
    video = _best_video(container)
    audio = _best_audio(container)
    if video is None and audio is None:
        raise MediaRejected("The file has neither a picture nor a sound track.")
    if video is not None:
        check_pixels(video.codec_context.width, video.codec_context.height, limits)
    encrypted = tuple(
        name for name, stream in (("picture", video), ("sound", audio)) if stream is not None and name in locked
    )
    video = None if "picture" in encrypted else video
    audio = None if "sound" in encrypted else audio
    if video is None and audio is None:
        raise encrypted_rejection()
    subtitles = tuple(
        stream
        for stream in container.streams.subtitles
        if stream.codec_context is not None and stream.codec_context.codec.name in TEXT_SUBTITLES
    )
    chosen = Streams(video, audio, subtitles, encrypted)
    indexes = {stream.index for stream in chosen.wanted}
    for stream in container.streams:
        if stream.index not in indexes:
            stream.discard = Discard.all
    return chosen


def check_pixels(width: int, height: int, limits: MediaLimits) -> None:
    """Raise MediaRejected when a frame of `width` x `height` is larger than allowed."""
    if width * height > limits.max_pixels:
        raise MediaRejected(
            f"The picture is {width}x{height} ({width * height} pixels); the largest accepted is {limits.max_pixels} "
            "pixels (setting max_pixels)."
        )


def encrypted_rejection() -> MediaRejected:
    """The error for a file whose every track is locked."""
    return MediaRejected("The file is encrypted (DRM, common encryption): send a version without encryption.")


def encrypted_kinds(path: Path) -> frozenset[str]:
    """Which tracks ("picture", "sound") of an ISO media file are declared as encrypted; empty for other formats.

    FFmpeg hides it: it reports the original codec, then decodes noise. The sample entries "encv" and "enca"
    (ISO/IEC 14496-12, 8.12) say it plainly, in the header of whole files and of lone initialisation segments alike.
    """
    kinds: set[str] = set()
    with path.open("rb") as file:
        for header in _header_boxes(file):
            if _ENCRYPTED_VIDEO_ENTRY in header and b"sinf" in header:
                kinds.add("picture")
            if _ENCRYPTED_AUDIO_ENTRY in header and b"sinf" in header:
                kinds.add("sound")
    return frozenset(kinds)


def _header_boxes(file: BinaryIO) -> Iterator[bytes]:
    """Bodies of the top-level "moov" boxes. Stops at the first box that makes no sense."""
    size_of_file = os.fstat(file.fileno()).st_size
    offset = 0
    while offset + 8 <= size_of_file:
        file.seek(offset)
        size, kind = struct.unpack(">I4s", file.read(8))
        header = 8
        if size == 1:
            wide = file.read(8)
            if len(wide) < 8:
                return
            (size,) = struct.unpack(">Q", wide)
            header = 16
        elif size == 0:
            size = size_of_file - offset
        if size < header or (offset == 0 and not kind.isalnum()):
            return
        if kind == b"moov":
            file.seek(offset + header)
            yield file.read(min(size - header, _MAX_HEADER_BOX_BYTES))
        offset += size


def _best_video(container: InputContainer) -> VideoStream | None:
    # Cover art is a video stream to FFmpeg; a song with a cover is still only a song.
    streams = [
        stream
        for stream in container.streams.video
        if stream.codec_context is not None and not stream.disposition & Disposition.attached_pic
    ]
    best = container.streams.best("video")
    if isinstance(best, VideoStream) and best in streams:
        return best
    return streams[0] if streams else None


def _best_audio(container: InputContainer) -> AudioStream | None:
    streams = [stream for stream in container.streams.audio if stream.codec_context is not None]
    best = container.streams.best("audio")
    if isinstance(best, AudioStream) and best in streams:
        return best
    return streams[0] if streams else None


def _read_head(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise MediaRejected("This is not a file (a folder, a pipe or a device).")
        if status.st_size == 0:
            raise MediaRejected("The file is empty (zero bytes).")
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except FileNotFoundError as error:
        raise MediaRejected("The file is not there any more.") from error
    except PermissionError as error:
        raise MediaRejected("The file may not be read: the permission is missing.") from error


def _looks_like_text(head: bytes) -> bool:
    try:
        # A multi-byte character may be cut at the end of the head.
        text = head.decode("utf-8") if len(head) < _HEAD_BYTES else head[:-4].decode("utf-8", "strict")
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\r\n\t\f\ufeff" for character in text)
