"""Soft subtitle streams inside the container: their text and times, markup removed."""

from __future__ import annotations

import re

from av.error import FFmpegError
from av.packet import Packet
from av.subtitles.stream import SubtitleStream
from av.subtitles.subtitle import AssSubtitle

from workers.media.types import Cue, SubtitleTrack

MAX_CUES = 50_000
"""More lines than this in one stream are no subtitles; the rest is left out and said so."""

_OPEN_ENDED_S = 4.0
_OVERRIDE = re.compile(r"\{[^{}]*\}")
_DRAWING = re.compile(r"\{[^{}]*\\p[1-9][^{}]*\}")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_UNDETERMINED = frozenset({"", "und", "unk"})


class SoftSubtitles:
    """Collects the cues of one stream while the file is demuxed. `origin_s` is the video's time zero."""

    def __init__(self, stream: SubtitleStream, origin_s: float) -> None:
        self._stream = stream
        self._origin_s = origin_s
        self._starts: list[tuple[float, float | None, str]] = []
        self.unreadable = 0
        self.left_out = 0

    def feed(self, packet: Packet[SubtitleStream]) -> None:
        """Take one packet. What can't be read is counted in `unreadable`."""
        if packet.size == 0 or packet.pts is None or not packet.time_base:
            return
        try:
            subtitles = packet.decode()
        except (FFmpegError, UnicodeDecodeError):
            self.unreadable += 1
            return
        start = float(packet.pts * packet.time_base) - self._origin_s
        lasts = float(packet.duration * packet.time_base) if packet.duration else None
        lines = [_plain(_spoken(subtitle)) for subtitle in subtitles if isinstance(subtitle, AssSubtitle)]
        text = "\n".join(line for line in lines if line)
        if len(self._starts) >= MAX_CUES:
            self.left_out += 1
            return
        # An empty text ends the one before (mov_text): it is kept until the ends are known.
        self._starts.append((max(0.0, start), lasts, text))

    def track(self) -> SubtitleTrack:
        """The cues in order of time. A cue without an end lasts until the next one, 4 s at most."""
        ordered = sorted(self._starts, key=lambda entry: entry[0])
        following = [entry[0] for entry in ordered[1:]] + [None]
        cues = []
        for (start, lasts, text), after in zip(ordered, following, strict=True):
            if not text:
                continue
            if lasts is None or lasts <= 0.0:
                lasts = _OPEN_ENDED_S if after is None or after <= start else min(_OPEN_ENDED_S, after - start)
            cues.append(Cue(start, start + lasts, text))
        language = (self._stream.language or "").strip().lower()
        return SubtitleTrack(
            index=self._stream.index,
            codec=self._stream.codec_context.codec.canonical_name,
            language=None if language in _UNDETERMINED else language,
            title=self._stream.metadata.get("title") or None,
            cues=tuple(cues),
        )


def _spoken(subtitle: AssSubtitle) -> str:
    """The text field of an event: FFmpeg turns every text codec into ASS events of nine comma-separated fields."""
    event = subtitle.ass.decode("utf-8", errors="replace")
    fields = event.split(",", 8)
    return fields[8] if len(fields) == 9 else event


def _plain(text: str) -> str:
    if _DRAWING.search(text):
        return ""  # Vector drawings are numbers, not words.
    text = _TAG.sub("", _OVERRIDE.sub("", text))
    text = text.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")
    return "\n".join(line for line in (part.strip() for part in text.splitlines()) if line)
