"""Reading packets as far as they go, and putting them on one time line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import EOFError as MediaEOFError
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from workers.media.clock import MediaClock, StreamClock
from workers.media.errors import MediaRejected
from workers.media.source import open_media, pick_streams
from workers.media.types import MediaLimits

_MICROSECONDS = 1_000_000
_MAX_READ_ERRORS = 50
_FALLBACK_FRAME_S = 0.04
_FALLBACK_SOUND_S = 0.02


class Demuxer:
    """Iterates over the packets of chosen streams. A damaged place is stepped over and counted in `errors`."""

    def __init__(self, container: InputContainer, streams: Sequence[Stream]) -> None:
        self._container = container
        self._streams = list(streams)
        self.errors = 0

    def __iter__(self) -> Iterator[Packet[Any]]:
        """Packets in file order. The flushing packets at the end (size 0) come once."""
        while True:
            try:
                yield from self._container.demux(self._streams)
                return
            except MemoryError:
                raise
            except MediaEOFError:
                return
            except FFmpegError:
                self.errors += 1
                if self.errors >= _MAX_READ_ERRORS:
                    return


def media_clock(container: InputContainer) -> MediaClock:
    """The file's time line; zero is the container's start time, or the first timestamp if it has none."""
    start = container.start_time
    return MediaClock(None if start is None else start / _MICROSECONDS)


def stream_clock(stream: Stream, shared: MediaClock) -> StreamClock:
    """The clock of one stream, with the length of a typical frame for streams that don't say."""
    nominal = _FALLBACK_SOUND_S if isinstance(stream, AudioStream) else _FALLBACK_FRAME_S
    if isinstance(stream, VideoStream):
        rate = stream.average_rate or stream.guessed_rate
        if rate and 0.1 <= float(rate) <= 1000:
            nominal = 1.0 / float(rate)
    return StreamClock(shared, stream.time_base, nominal)


def claimed_duration_s(container: InputContainer) -> float | None:
    """What the header says: a hint, not a fact."""
    duration = container.duration
    return duration / _MICROSECONDS if duration is not None and duration > 0 else None


def too_long(limits: MediaLimits) -> MediaRejected:
    """The error for a file beyond `max_duration_s`."""
    return MediaRejected(
        f"The video is longer than {limits.max_duration_s:g} seconds, the longest accepted (setting max_duration_s)."
    )


def refuse_overlong(path: Path, limits: MediaLimits) -> None:
    """Refuse a file whose header admits to be too long and whose packets bear it out, before anything is decoded.

    Headers lie in both directions, so the claim is checked by reading timestamps (no decoding: disk speed). What a
    header does not admit is found while decoding.
    """
    with open_media(path) as container:
        claimed = claimed_duration_s(container)
        if claimed is None or claimed <= limits.max_duration_s:
            return
        streams = [stream for stream in pick_streams(container, path, limits).wanted if stream.type != "subtitle"]
        shared = media_clock(container)
        clocks = {stream.index: stream_clock(stream, shared) for stream in streams}
        for packet in Demuxer(container, streams):
            if packet.size and clocks[packet.stream_index].place(packet.dts) > limits.max_duration_s:
                raise too_long(limits)
