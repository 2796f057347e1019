"""What sentences claim, cut into pieces that evidence can be asked about."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PARTS = re.compile(r"[;:,.!?；：，。！？、“”\"()]+|\band\b|\bor\b|或|和")
_LENGTH = re.compile(r"^\s*\d+\s*(s|min|秒|分钟)\s*$", re.IGNORECASE)
_JOINTS = re.compile(
    r"^(good for|shows|perhaps shows|somebody says|on screen it says|the captions say|titled|适合|画面里(可能)?有|"
    r"有人说|画面上写着|字幕说|标题是)\s*",
    re.IGNORECASE,
)


def claims(sentence: str, labels: Iterable[str]) -> tuple[str, ...]:
    """The pieces of a sentence between punctuation and joints that claim something of their own.

    Left out are a length, and the names of the labels published with it (topics, moods, occasions): these are
    judgements with a confidence and evidence of their own, scored as such.

    >>> claims("Good for bedtime or break: calm: a quiet beach, 12 s.", ["bedtime", "break", "calm"])
    ('a quiet beach',)
    """
    known = {label.casefold() for label in labels}
    found = []
    for part in _PARTS.split(sentence):
        piece = _JOINTS.sub("", (part or "").strip()).strip()
        if piece and piece.casefold() not in known and not _LENGTH.match(piece):
            found.append(piece)
    return tuple(dict.fromkeys(found))
