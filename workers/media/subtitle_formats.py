"""Subtitle formats to timed raw texts. pysubs2 reads ASS, SSA and well-formed TTML.

SRT, WebVTT and SBV are read here, a block at a time, because a reader that must say what it left out has to see the
damaged lines, which pysubs2 glues to the cue before.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field

import pysubs2

_TIME = r"(?:(\d{1,4}):)?(\d{1,3}):(\d{1,2})(?:[.,](\d{1,6}))?"
_ARROW_LINE = re.compile(rf"\s*{_TIME}\s*-{{1,3}}>\s*{_TIME}(?:\s.*)?")
_COMMA_LINE = re.compile(rf"[ \t]*{_TIME}[ \t]*,[ \t]*{_TIME}[ \t]*")
_BAD_COMMA_LINE = re.compile(r"\s*\d+:\S*,\s*\d+:\S*\s*")
_VTT_ASIDE = re.compile(r"(NOTE|STYLE|REGION)\b")
_PYSUBS2_ERRORS = (
    OverflowError,
    RecursionError,
    pysubs2.Pysubs2Error,
    ET.ParseError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    NotImplementedError,
)


@dataclass(frozen=True, slots=True)
class RawCue:
    """A cue as the file has it: seconds, and text with its markup."""

    start: float
    end: float
    text: str


@dataclass(slots=True)
class Reading:
    """What was read so far. `faults` counts what was left out, by kind, with the first place it happened."""

    cues: list[RawCue] = field(default_factory=list)
    language: str | None = None
    faults: dict[str, tuple[int, str]] = field(default_factory=dict)

    def fault(self, kind: str, where: str) -> None:
        """Count one more of a kind of damage; the first place is kept for the report."""
        count, first = self.faults.get(kind, (0, where))
        self.faults[kind] = (count + 1, first)


def guess_format(text: str, name: str) -> str | None:
    """One of vtt, ass, ttml, srt and sbv by what the text holds; the name's suffix decides where that is open."""
    head = text.lstrip()[:2000]
    suffix = name.rpartition(".")[2].lower()
    if re.match(r"WEBVTT\b", head):
        return "vtt"
    if "[Script Info]" in head or re.search(r"^Dialogue:", text, re.MULTILINE):
        return "ass"
    if re.search(r"<(\w+:)?tt\b", head):
        return "ttml"
    if "-->" in text:
        return "vtt" if suffix == "vtt" else "srt"
    if re.search(rf"^{_COMMA_LINE.pattern}$", text, re.MULTILINE):
        return "sbv"
    return None


def read_blocks(text: str, fmt: str) -> Reading:
    """SRT, WebVTT or SBV: cues are blocks between blank lines, each with a line of times."""
    reading = Reading()
    matcher = _COMMA_LINE if fmt == "sbv" else _ARROW_LINE
    lines_open: list[str] | None = None  # text lines of the cue that a block without times may continue
    pending: list[tuple[float, float, list[str]]] = []
    for number, block in enumerate(_blocks(text)):
        marks = [i for i, (_, line) in enumerate(block) if _is_times(line, matcher, fmt)]
        if fmt == "vtt" and (aside := _aside(block, number, marks)):
            if aside == "header":
                reading.language = _header_language(block)
            if not marks:
                continue
        if not marks:
            _untimed(reading, block, lines_open if fmt == "srt" else None)
            continue
        for mark, following in zip(marks, [*marks[1:], len(block)], strict=True):
            line_number, line = block[mark]
            body = [content for _, content in block[mark + 1 : following]]
            if following < len(block) and body and body[-1].strip().isdigit():
                body.pop()  # the next cue's number, its blank line missing
            match = matcher.fullmatch(line)
            lines_open = body
            if match is None:
                reading.fault("lines of times cannot be read", f"line {line_number}: {line.strip()[:80]!r}")
            else:
                groups = match.groups()
                pending.append((_seconds(groups[:4]), _seconds(groups[4:]), body))
    reading.cues = [RawCue(start, end, "\n".join(body)) for start, end, body in pending]
    return reading


def _blocks(text: str) -> Iterator[list[tuple[int, str]]]:
    block: list[tuple[int, str]] = []
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if line.strip():
            block.append((number, line))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _is_times(line: str, matcher: re.Pattern[str], fmt: str) -> bool:
    if matcher.fullmatch(line):
        return True
    return bool(_BAD_COMMA_LINE.fullmatch(line)) if fmt == "sbv" else "-->" in line


def _aside(block: list[tuple[int, str]], number: int, marks: list[int]) -> str | None:
    first = block[0][1].lstrip("\ufeff ")
    if number == 0 and first.startswith("WEBVTT"):
        return "header"
    return "aside" if not marks and _VTT_ASIDE.match(first) else None


def _header_language(block: list[tuple[int, str]]) -> str | None:
    for _, line in block:
        if match := re.fullmatch(r"Language:\s*([A-Za-z]{2,3}(?:-[A-Za-z0-9]+)*)\s*", line):
            return match[1].lower()
    return None


def _untimed(reading: Reading, block: list[tuple[int, str]], lines_open: list[str] | None) -> None:
    """A block without times: a cue's text after a stray blank line (SRT only), a lone number, or a cue cut short."""
    number, first = block[0]
    numbered = first.strip().isdigit()
    if numbered and len(block) == 1:
        return
    if lines_open is not None and not numbered:
        lines_open.extend(line for _, line in block)
        return
    reading.fault("texts have no times", f"line {number}: {first.strip()[:80]!r}")


def _seconds(groups: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = groups
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0) + float(f"0.{fraction or 0}")


def read_ass(text: str) -> Reading:
    """ASS or SSA by pysubs2; where it gives up, line by line, so that one damaged line costs one cue."""
    reading = Reading()
    # Attached fonts and pictures are most of such a file's bytes and none of its words.
    text = re.sub(r"(?ims)^\[(fonts|graphics)\].*?(?=^\[(?!fonts|graphics)|\Z)", "", text)
    if "[events]" not in text.lower():
        text = f"{text}\n[Events]\n"
    try:
        reading.cues = _ass_cues(text)
    except _PYSUBS2_ERRORS:
        lines = text.splitlines()
        head = "\n".join(line for line in lines if not line.startswith(("Dialogue:", "Comment:")))
        head = head if re.search(r"^\[events\]", head, re.IGNORECASE | re.MULTILINE) else f"{head}\n[Events]"
        section = _events_format(head)
        for number, line in enumerate(lines, start=1):
            if line.startswith("Dialogue:"):
                try:
                    reading.cues += _ass_cues(f"[Script Info]\n{section}\n{line}\n")
                except _PYSUBS2_ERRORS:
                    reading.fault("dialogue lines cannot be read", f"line {number}: {line[:80]!r}")
    return reading


def _events_format(head: str) -> str:
    kind = "[V4 Styles]" if re.search(r"^\[v4 styles\]", head, re.IGNORECASE | re.MULTILINE) else "[V4+ Styles]"
    formats = re.findall(r"^Format:.*\bText\b.*$", head, re.MULTILINE | re.IGNORECASE)
    return "\n".join([kind, "[Events]", *formats[:1]])


def _ass_cues(text: str) -> list[RawCue]:
    if "[Script Info]" not in text:
        text = f"[Script Info]\n{text}"
    subtitles = pysubs2.SSAFile.from_string(text, format_="ass")
    return [
        # Braces without a backslash are an author's remark in this format and never shown.
        RawCue(event.start / 1000, event.end / 1000, re.sub(r"\{[^\\{}]*\}", "", event.text))
        for event in subtitles
        if not event.is_comment
    ]


def read_ttml(text: str) -> Reading:
    """TTML by pysubs2; frame and tick times, and broken XML, by the attributes of every `<p>`."""
    reading = Reading()
    if match := re.search(r"\bxml:lang\s*=\s*[\"']([A-Za-z]{2,3}(?:-[A-Za-z0-9]+)*)", text[:4000]):
        reading.language = match[1].lower()
    try:
        if "<!ENTITY" in text:
            raise ValueError("declares entities")  # never expanded: a few lines of them can fill the memory
        # Apple's lyrics count times of <p> from the start, against the standard.
        subtitles = pysubs2.SSAFile.from_string(text, format_="ttml", ignore_par_time_offset="itunes" in text[:4000])
        reading.cues = [RawCue(event.start / 1000, event.end / 1000, event.text) for event in subtitles]
    except _PYSUBS2_ERRORS as error:
        if isinstance(error, ET.ParseError):
            reading.fault("place is not well-formed XML", str(error))
        reading.cues = []
        _ttml_paragraphs(text, reading)
    if not reading.cues and re.search(r"<(?:\w+:)?p\b", text):
        _ttml_paragraphs(text, reading)
    return reading


def _ttml_paragraphs(text: str, reading: Reading) -> None:
    rates = {
        unit: float(match[1]) if (match := re.search(rf"\b{name}\s*=\s*[\"']([1-9]\d{{0,9}})", text)) else default
        for unit, name, default in (("f", "frameRate", 30.0), ("t", "tickRate", 1.0))
    }
    for match in re.finditer(
        r"<(?:\w+:)?p\b([^<>]*)>(.*?)(?=</(?:\w+:)?p\s*>|<(?:\w+:)?p\b|</(?:\w+:)?div|\Z)", text, re.S
    ):
        attributes = dict(re.findall(r"\b(begin|end|dur)\s*=\s*[\"']([^\"']*)", match[1]))
        start, end, duration = (_ttml_seconds(attributes.get(name, ""), rates) for name in ("begin", "end", "dur"))
        if end is None and start is not None and duration is not None:
            end = start + duration
        if start is None or end is None:
            reading.fault("paragraphs have no readable times", repr(match[0][:80]))
        else:
            reading.cues.append(RawCue(start, end, re.sub(r"<(?:\w+:)?br\s*/?>", "\n", match[2])))


def _ttml_seconds(expression: str, rates: dict[str, float]) -> float | None:
    """Clock time with optional frames, or a number with a unit (TTML1 section 10.3.1); None when it is neither."""
    if match := re.fullmatch(r"(\d{1,4}):(\d\d):(\d\d(?:\.\d{1,9})?)(?::(\d{1,4}))?", expression.strip()):
        hours, minutes, seconds, frames = match.groups()
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds) + int(frames or 0) / rates["f"]
    if match := re.fullmatch(r"(\d{1,15}(?:\.\d{1,9})?)(h|ms|m|s|f|t)", expression.strip()):
        scale = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "f": 1 / rates["f"], "t": 1 / rates["t"]}
        return float(match[1]) * scale[match[2]]
    return None
