"""Is a string of words a name of something, as tags are, or a piece of what somebody said?"""

from __future__ import annotations

import re

from workers.stages.grounding import PLAIN

_WORD = re.compile(r"[a-zà-öø-ÿ0-9]+(?:['’][a-z]+)?")
_JOINS = frozenset({"of", "and", "in", "for", "on", "to", "the", "a", "an", "with", "de", "la"})
"""Plain words that stand inside names: "lord of the rings"."""

_ENDING = re.compile(r"[了吗吧呢嘛啊]$")
_PRONOUN = re.compile(r"[我你您他她它]")


def is_name(tag: str) -> bool:
    """Whether a tag could be one: "space telescope" and "广场舞", but not "look at her singing" or "瘦了"."""
    words = _WORD.findall(tag.casefold())
    plain = [word in PLAIN for word in words]
    if words and ((plain[0] and words[0] not in ("the", "a", "an")) or plain[-1]):
        return False
    if any(is_plain and word not in _JOINS for word, is_plain in zip(words, plain, strict=True)):
        return False
    return bool(tag.strip()) and not _ENDING.search(tag) and not _PRONOUN.search(tag)
