"""Bytes of a subtitle file to text: byte order mark, then UTF-8 and UTF-16, then the code page that fits best."""

from __future__ import annotations

import codecs
from collections.abc import Callable

# UTF-32 LE begins with the mark of UTF-16 LE, so it comes first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_COMMON_SHARE = 0.6
"""Share of double-byte characters that must be common ones before a Chinese or Japanese code page is believed."""


def decode_subtitles(data: bytes) -> tuple[str, str, tuple[str, ...]]:
    """The text, the encoding it was read with, and what could not be read, in words. Never raises."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decode(data[len(mark) :], encoding)
    if (unmarked := _utf16_without_mark(data)) is not None:
        return _decode(data, unmarked)
    text, encoding, problems = _decode(data, "utf-8")
    if not problems or _mostly_utf8(data, text):
        return text, encoding, problems
    return _decode(data, _code_page(data))


def _decode(data: bytes, encoding: str) -> tuple[str, str, tuple[str, ...]]:
    try:
        return data.decode(encoding), encoding, ()
    except UnicodeDecodeError as error:
        text = data.decode(encoding, errors="replace")
        lost = text.count("\N{REPLACEMENT CHARACTER}")
        return text, encoding, (f"{lost} places are not valid {encoding} (first at byte {error.start})",)


def _utf16_without_mark(data: bytes) -> str | None:
    sample = data[:4096]
    if len(sample) < 8 or b"\0" not in sample:
        return None
    # Subtitles hold digits and line ends, whose high byte is zero, on one side only.
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > 4 * even:
        return "utf-16-le"
    return "utf-16-be" if even > 4 * odd else None


def _mostly_utf8(data: bytes, text: str) -> bool:
    """Whether damaged text still reads as UTF-8: far more multi-byte characters survived than were lost."""
    lost = text.count("\N{REPLACEMENT CHARACTER}")
    return sum(char > "\x7f" for char in text) - lost > 4 * lost


def _code_page(data: bytes) -> str:
    scores = {encoding: _common_share(data, encoding, common) for encoding, common in _DOUBLE_BYTE.items()}
    best = max(scores, key=lambda encoding: scores[encoding])
    return best if scores[best] >= _COMMON_SHARE else "windows-1252"


def _common_share(data: bytes, encoding: str, common: Callable[[bytes], bool]) -> float:
    """How much of the non-ASCII text is in the code page's block of common characters; 0 when it cannot be decoded."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    codes = [char.encode(encoding) for char in text if char > "\x7f"]
    return sum(map(common, codes)) / len(codes) if codes else 0.0


def _common_gb(code: bytes) -> bool:
    # Symbols and punctuation, and the 3,755 level-one characters of GB 2312.
    return len(code) == 2 and code[1] >= 0xA1 and (0xA1 <= code[0] <= 0xA3 or 0xB0 <= code[0] <= 0xD7)


def _common_big5(code: bytes) -> bool:
    # Punctuation and the 5,401 level-one characters of Big5.
    return len(code) == 2 and 0xA1 <= code[0] <= 0xC6


def _common_shift_jis(code: bytes) -> bool:
    # Punctuation, kana and the level-one kanji of JIS X 0208.
    return len(code) == 2 and 0x81 <= code[0] <= 0x97


_DOUBLE_BYTE: dict[str, Callable[[bytes], bool]] = {
    "gb18030": _common_gb,
    "big5": _common_big5,
    "shift_jis": _common_shift_jis,
}
