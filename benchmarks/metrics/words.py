"""When two labels, or a label and a line, say the same words."""

from __future__ import annotations

import re
import unicodedata

import zhconv

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_HAN = re.compile(r"[\u3400-\u9fff]")


def folded(text: str) -> str:
    """Case, width, and traditional characters folded away."""
    return str(zhconv.convert(unicodedata.normalize("NFKC", text).casefold(), "zh-cn"))


def words(text: str) -> tuple[str, ...]:
    """The folded words in order, each in the singular; hyphens and punctuation part words."""
    return tuple(singular(word) for word in _WORD.findall(folded(text)))


def singular(word: str) -> str:
    """A plain English plural made singular: horses, parties, boxes; words such as glass, bus and news stay.

    >>> [singular(word) for word in ("horses", "parties", "boxes", "dress", "tennis", "news")]
    ['horse', 'party', 'box', 'dress', 'tennis', 'news']
    """
    if not word.isascii() or len(word) <= 3 or word in _NOT_PLURAL or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("xes", "ches", "shes", "sses")):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word


_NOT_PLURAL = frozenset({"news", "series", "sports", "species", "physics", "athletics", "gymnastics"})


def tag_key(tag: str) -> str:
    """What tags are compared by when they must be the same."""
    return " ".join(words(tag))


def says(line: str, tag: str) -> bool:
    """Whether every word of the tag occurs in the line; a tag with Chinese characters must occur as it stands."""
    if _HAN.search(tag):
        return re.sub(r"\s", "", folded(tag)) in re.sub(r"\s", "", folded(line))
    wanted = words(tag)
    return bool(wanted) and set(wanted) <= set(words(line))
