"""Readings of a line: as written, and with the disguises undone that people use to slip words past a filter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import zhconv

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufe0f\ufeff]")

# Letters of other scripts that look like Latin ones (a part of Unicode's confusables, UTS 39).
_LOOK_ALIKE = str.maketrans(
    "авекмнорстухіјѕԁһԛԝ" "αβεικνορτυχγ" "օսհոցե",
    "abekmhopctyxijsdhqw" "abeiknoptuxy" "ouhnge",
)  # fmt: skip
_MIXED = re.compile(r"(?=\w*[a-z])(?=\w*[\u0370-\u058f])[\w]+")

_DIGITS = str.maketrans("013457@$!+", "oieastasit")
_DISGUISED = re.compile(r"(?<![\w@$!])(?=[\w@$!]*[a-z])(?=[\w@$!]*[013457@$!])[a-z0-9@$!]*[a-z0-9@$](?![\w@$])")

_SPACED_LATIN = re.compile(r"(?<![a-z0-9])[a-z](?:[ ._*|/~-]{1,2}[a-z]){2,}(?![a-z0-9])")
_HAN = r"[\u4e00-\u9fff]"
_SPACED_HAN = re.compile(rf"(?<!{_HAN}){_HAN}(?:[ ]{_HAN})+(?!{_HAN})")
_PARTED_HAN = re.compile(rf"(?<={_HAN})[._*|/~#+·•^-]{{1,2}}(?={_HAN})")
_SEPARATORS = re.compile(r"[ ._*|/~-]+")

STARRED = re.compile(r"(?<![\w*#])(?=[a-z*#]*[*#])[a-z][a-z*#]{2,}(?![\w*#])")
"""A word with letters starred out: at least four characters once its two or more letters are counted."""


def normal(text: str) -> str:
    """Full width to half, lower case, straight apostrophes, traditional script to simplified, nothing invisible.

    In words that mix Latin with Cyrillic, Greek or Armenian letters, the others become what they look like.
    """
    plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold().replace("’", "'")
    plain = _MIXED.sub(lambda word: word[0].translate(_LOOK_ALIKE), plain)
    return plain if plain.isascii() else str(zhconv.convert(plain, "zh-hans"))


def disguised(reading: str) -> Iterator[str]:
    """Further readings of a normal one, each with one kind of disguise undone; none where there is no disguise."""
    for undone in (
        _SPACED_LATIN.sub(lambda run: _SEPARATORS.sub("", run[0]), reading),
        _PARTED_HAN.sub("", _SPACED_HAN.sub(lambda run: run[0].replace(" ", ""), reading)),
        _DISGUISED.sub(lambda word: word[0].translate(_DIGITS), reading),
    ):
        if undone != reading:
            yield undone
