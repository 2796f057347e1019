"""Which of the words on screen were read?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from benchmarks.metrics.words import folded

MIN_RATIO = 0.8
"""Least similarity, as `difflib` counts it, at which a text counts as read."""

_SHORT = 5
"""Shorter texts occur inside other words by chance, so they must stand alone."""


def quoted_texts(onscreen_text: str | None) -> tuple[str, ...]:
    """The texts between double quotes in a label, one a line where ` / ` parts lines.

    >>> quoted_texts('subtitles: "Yes? / No."; logo "ACME"')
    ('Yes?', 'No.', 'ACME')
    """
    quotes = re.findall(r'"([^"]+)"', onscreen_text or "")
    return tuple(part.strip() for quote in quotes for part in quote.split(" / ") if part.strip())


def is_read(text: str, lines: Sequence[str]) -> bool:
    """Whether the text occurs in the lines, alone or in a row, but for spaces, punctuation and a fifth of mistakes."""
    wanted = _letters(text)
    if not wanted:
        return False
    if len(wanted) < _SHORT and wanted.isascii():
        return any(wanted == _letters(word) for line in lines for word in folded(line).split())
    return best_ratio(wanted, "".join(_letters(line) for line in lines)) >= MIN_RATIO


def best_ratio(wanted: str, text: str) -> float:
    """The highest `difflib` ratio of `wanted` with any stretch of the text that is as long as it."""
    size = len(wanted)
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted)
    best = 0.0
    for start in range(max(1, len(text) - size + 1)):
        matcher.set_seq1(text[start : start + size])
        # The cheap bounds come first: most stretches share too few letters to be worth aligning.
        if matcher.real_quick_ratio() > best and matcher.quick_ratio() > best:
            best = max(best, matcher.ratio())
    return best


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", folded(text))
