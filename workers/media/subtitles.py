"""Subtitle files (SRT, WebVTT, ASS, SSA, SBV, TTML) in any common encoding to clean cues.

Damaged files are read as far as they go, and `problems` says what was left out. Captions that roll (each shows the
line before once more, as automatic captions do) are reduced to what is new in each.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

from workers.media.errors import MediaError
from workers.media.subtitle_encoding import decode_subtitles
from workers.media.subtitle_formats import RawCue, Reading, guess_format, read_ass, read_blocks, read_ttml
from workers.media.types import Cue

MAX_BYTES = 16 * 1024**2
"""Largest subtitle file read, bytes: hours of captions with attached fonts stay below it."""

_ROLLING_GAP_S = 0.1
"""Longest gap, seconds, over which a repeated line counts as the same caption rolling on, not as said again."""

_MOST_ON_SCREEN = 16
"""Captions shown at once that a new one is compared with; a file that claims thousands must not cost their square."""

_READING_SPEED = 15.0
"""Characters a second, a usual upper limit for subtitles; gives cues with an impossible end a duration."""

_TWO_LETTERS = re.findall("..", "zhenjakofrdeesitptruarhithviidmstrplnlsvukfaheelcshuro")
_LANGUAGES = {
    **{code: code for code in _TWO_LETTERS},
    **{"chi": "zh", "zho": "zh", "chs": "zh", "cht": "zh", "eng": "en", "jpn": "ja", "kor": "ko", "fre": "fr"},
    **{"fra": "fr", "ger": "de", "deu": "de", "spa": "es", "ita": "it", "por": "pt", "rus": "ru"},
}


class SubtitleUnreadable(MediaError):
    """The bytes are no subtitle file of a known format, or there are none. The reason names the file."""


@dataclass(frozen=True, slots=True)
class SubtitleFile:
    """A subtitle file's cues in order of start, seconds. `format` is srt, vtt, ass, sbv or ttml.

    `language` is the code the file or its name gives (ISO 639-1 where known, region kept: "zh-hans"), None if unsaid.
    `problems` says in words what was repaired or left out; `encoding` is the one the bytes were read with.
    """

    cues: tuple[Cue, ...]
    format: str
    language: str | None
    problems: tuple[str, ...]
    encoding: str


def read_subtitles(data: bytes, *, name: str) -> SubtitleFile:
    """Read a subtitle file. `name` decides between formats only where the content does not, and may give the language.

    Bad content never raises: it ends up in `problems`. Raises `SubtitleUnreadable` for an empty or oversized file,
    and when no known format is recognised.
    """
    if len(data) > MAX_BYTES:
        raise SubtitleUnreadable(f"{name}: {len(data)} bytes are more than the {MAX_BYTES} a subtitle file may have")
    text, encoding, problems = decode_subtitles(data)
    text = text.replace("\0", "").lstrip("\ufeff")
    if not text.strip():
        raise SubtitleUnreadable(f"{name}: the subtitle file is empty")
    fmt = guess_format(text, name)
    if fmt is None:
        raise SubtitleUnreadable(f"{name}: not a subtitle file that can be read (SRT, WebVTT, ASS, SSA, SBV or TTML)")
    reading = _read(text, fmt)
    cues = _tidy(reading)
    said = [f"{count} {kind} (first: {where})" for kind, (count, where) in reading.faults.items()]
    if not cues:
        said.append("the file holds no captions")
    return SubtitleFile(
        cues=cues,
        format=fmt,
        language=reading.language or _language_of(name),
        problems=tuple(f"{name}: {problem}" for problem in (*problems, *said)),
        encoding=encoding,
    )


def _read(text: str, fmt: str) -> Reading:
    if fmt == "ass":
        return read_ass(text)
    if fmt == "ttml":
        return read_ttml(text)
    return read_blocks(text, fmt)


def _language_of(name: str) -> str | None:
    """The language of `film.zh-Hans.srt`; only known codes, so that `sample.wav.srt` has none."""
    parts = name.lower().split(".")
    if len(parts) < 3:
        return None
    base, _, region = parts[-2].replace("_", "-").partition("-")
    if base not in _LANGUAGES:
        return None
    return f"{_LANGUAGES[base]}-{region}" if region else _LANGUAGES[base]


def _tidy(reading: Reading) -> tuple[Cue, ...]:
    shown = [
        (cue, lines) for cue in sorted(reading.cues, key=lambda cue: cue.start) if (lines := plain_lines(cue.text))
    ]
    timed: list[tuple[float, float, list[str]]] = []
    for (cue, lines), following in zip(shown, _later_starts([cue.start for cue, _ in shown]), strict=True):
        end = _sane_end(cue, lines, following, reading)
        if end is not None:
            timed.append((cue.start, end, lines))
    return _merge_rolling(timed)


def _later_starts(starts: list[float]) -> list[float | None]:
    """For each of the ascending starts the next one that is later, None for the last."""
    later: list[float | None] = []
    for position in range(len(starts) - 1, -1, -1):
        after = starts[position + 1] if position + 1 < len(starts) else None
        later.append(after if after != starts[position] else later[-1])
    return later[::-1]


def _sane_end(cue: RawCue, lines: list[str], following: float | None, reading: Reading) -> float | None:
    """The cue's end; a reading time when it ends before it starts; None when it is never shown."""
    if cue.end > cue.start:
        return cue.end
    where = f"at {cue.start:.3f} s: {lines[0][:60]!r}"
    if cue.end == cue.start:
        reading.fault("cues are shown for no time and were dropped", where)
        return None
    reading.fault("cues end before they start and were given a reading time", where)
    end = cue.start + max(1.0, sum(map(len, lines)) / _READING_SPEED)
    return min(end, following) if following is not None else end


def _merge_rolling(timed: Iterable[tuple[float, float, list[str]]]) -> tuple[Cue, ...]:
    """Extend a caption that is shown again without a break; of one that rolls on, keep the new lines only."""
    merged: list[Cue] = []
    on_screen: list[tuple[float, list[str], int]] = []  # end, all lines shown, index into merged
    for start, end, lines in timed:
        on_screen = [shown for shown in on_screen[-_MOST_ON_SCREEN:] if start - shown[0] <= _ROLLING_GAP_S]
        repeated, of = max(((_overlap(shown, lines), index) for _, shown, index in on_screen), default=(0, -1))
        if repeated:
            last = merged[of]
            until = end if repeated == len(lines) else max(last.end, start)
            merged[of] = Cue(last.start, max(last.end, until), last.text)
        if repeated < len(lines):
            merged.append(Cue(start, end, "\n".join(lines[repeated:])))
            of = len(merged) - 1
        on_screen.append((end, lines, of))
    return tuple(merged)


def _overlap(before: list[str], after: list[str]) -> int:
    """How many of the last lines of `before` are the first lines of `after`."""
    return next((n for n in range(min(len(before), len(after)), 0, -1) if before[-n:] == after[:n]), 0)


def plain_lines(text: str) -> list[str]:
    """The visible lines: no tags, override codes, drawings or empty lines; entities resolved, blanks collapsed."""
    visible: list[str] = []
    drawing = False
    for piece in re.split(r"(\{[^{}]*\})", text):
        if re.match(r"\{\s*\\", piece):
            for level in re.findall(r"\\p(\d+)", piece):  # \p1 starts a vector drawing, \p0 ends it
                drawing = level != "0"
        elif not drawing:
            visible.append(piece)
    plain = re.sub(r"\\[Nn]", "\n", "".join(visible)).replace("\\h", " ")
    plain = re.sub(r"<br\s*/?>", "\n", plain, flags=re.IGNORECASE)
    plain = html.unescape(re.sub(r"</?[A-Za-z][^<>]*>|</?>|<\d[\d:.]*>", "", plain))
    plain = re.sub(r"[\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff]", "", plain)
    return [line for raw in plain.splitlines() if (line := re.sub(r"\s+", " ", raw).strip())]
