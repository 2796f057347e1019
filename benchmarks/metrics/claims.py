"""What sentences claim, cut into pieces that evidence can be asked about."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PARTS = re.compile(r"[;:,.!?；：，。！？、“”\"()]+|\band\b|\bor\b|或|和")
_EMPTY = re.compile(r"^(\d+\s*(s|min|秒|分钟)|a short clip|短片)$", re.IGNORECASE)
"""A length, or the word that stands where no topic is known."""

_JOINTS = re.compile(
    r"^(good for|shows|perhaps shows|somebody says|on screen it says|the captions say|titled|适合|画面里(可能)?有|"
    r"有人说|画面上写着|字幕说|标题是)\s*",
    re.IGNORECASE,
)


def claims(sentence: str, labels: Iterable[str]) -> tuple[str, ...]:
    """The pieces of a sentence between punctuation and joints that claim something of their own.

    Left out are a length, "a short clip", and the names of the labels published with it (topics, moods, occasions):
    these are judgements with a confidence and evidence of their own, scored as such.

    >>> claims("Good for bedtime or break: calm: a quiet beach, 12 s.", ["bedtime", "break", "calm"])
    ('a quiet beach',)
    """
    left = sentence
    for label in sorted({label for label in labels if label}, key=len, reverse=True):
        # Names such as "sea and beaches" hold joints themselves, so they go before the sentence is cut.
        left = re.sub(re.escape(label), " ", left, flags=re.IGNORECASE)
    found = []
    for part in _PARTS.split(left):
        piece = _JOINTS.sub("", (part or "").strip()).strip()
        if piece and not _EMPTY.match(piece):
            found.append(piece)
    return tuple(dict.fromkeys(found))
