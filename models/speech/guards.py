"""What Whisper says over music and silence is not speech: rules that drop it, each with a reason.

Whisper was trained on subtitles from the web, so over music and noise it writes the sentences that subtitles end
with, or loops on a phrase (Koenecke et al. 2024, "Careless Whisper"). A segment is dropped when no voice was
detected under it, when the model itself doubts it, when it is one of the stock phrases and not clearly heard, or
when it repeats itself.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence

from models.speech.base import Segment

_STOCK_PHRASES = re.compile(
    r"^(thank(s| you)( (so|very) much)?( for (watching|listening|your attention))?|please subscribe.*|"
    r"(don't forget to )?(like|subscribe).*(subscribe|channel)?|subtitles by .*|.*amara\.org.*|see you( next time)?|"
    r"bye( bye)*|you|music|applause|ご視聴ありがとうございました|"
    r".*(请不吝点赞|請不吝點贊).*|.*字幕(由|志愿者|by|製作|制作|组).*|.*明镜与点点.*|谢谢(大家|观看|收看)?|谢谢观看|多谢)$",
    re.IGNORECASE,
)
_TRIM = " \t\n.,!?。，！？…♪[]()（）「」\"'"

MIN_VOICED_SHARE = 0.2
"""Least share of a segment that must lie on detected voice."""

MIN_CONFIDENCE = 0.30
"""Least mean word probability of any segment."""

MIN_STOCK_CONFIDENCE = 0.80
"""Least mean word probability of a stock phrase."""

MAX_COMPRESSION = 2.4
"""Whisper's own bound on how well a text may compress before it counts as a loop (Radford et al. 2022, 4.5)."""

MIN_LOOP_CHARS = 24

MIN_HUM_LETTERS = 5

MAX_REPEATS = 2
"""Times that consecutive segments may say the same; people repeat themselves once, loops go on."""


def overlap(start: float, end: float, spans: Iterable[tuple[float, float]]) -> float:
    """Seconds of [start, end] that the spans cover; the spans must not overlap each other."""
    return sum(max(0.0, min(end, b) - max(start, a)) for a, b in spans)


def is_stock_phrase(text: str) -> bool:
    """Whether the text is one of the sentences that Whisper invents."""
    return bool(_STOCK_PHRASES.match(text.strip(_TRIM)))


def is_hum(text: str) -> bool:
    """Whether the text is one letter over and over, as Whisper writes groans and hums ("Mmmmmm")."""
    letters = [character for character in text.casefold() if character.isalnum()]
    return len(letters) >= MIN_HUM_LETTERS and len(set(letters)) == 1


def is_loop(text: str) -> bool:
    """Whether the text repeats itself more than speech does."""
    if len(text) < MIN_LOOP_CHARS:
        return False
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw)) > MAX_COMPRESSION


def phantom_reason(segment: Segment, voiced: tuple[tuple[float, float], ...]) -> str | None:
    """Why the segment is not speech, in words, or None when it is."""
    length = max(segment.end - segment.start, 1e-3)
    if not any(character.isalnum() for character in segment.text):
        return "no words"
    if overlap(segment.start, segment.end, voiced) / length < MIN_VOICED_SHARE:
        return "no voice under it"
    if segment.confidence < MIN_CONFIDENCE:
        return f"word probability {segment.confidence:.2f} is below {MIN_CONFIDENCE}"
    if is_stock_phrase(segment.text) and segment.confidence < MIN_STOCK_CONFIDENCE:
        return "a stock phrase that was not clearly heard"
    if is_hum(segment.text):
        return "a hum, not words"
    if is_loop(segment.text):
        return "it repeats itself"
    return None


def without_repeats(segments: Sequence[Segment]) -> tuple[list[Segment], list[str]]:
    """The segments without those that only repeat the ones before, and a note for every run that was cut."""
    kept: list[Segment] = []
    notes: list[str] = []
    said, times = "", 0
    for segment in segments:
        phrase = "".join(character for character in segment.text.casefold() if character.isalnum())
        times = times + 1 if phrase == said else 1
        said = phrase
        if times <= MAX_REPEATS:
            kept.append(segment)
        elif times == MAX_REPEATS + 1:
            notes.append(
                f"dropped what was heard from {segment.start:.1f} s ({segment.text[:60]!r}): said over and over"
            )
    return kept, notes
