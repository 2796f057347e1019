"""Labels that a query names in words: 治愈, 下班放松, funny, home cooking, or a tag as it is stored."""

from __future__ import annotations

import re
from collections.abc import Iterable

from services.library.taxonomy import Taxonomy
from services.library.taxonomy.types import Entry
from services.recommend.indexed import LabelKey

_WORD = re.compile(r"[a-z0-9]+(?:['’][a-z]+)?|[\u3400-\u9fff]+")
_MAX_TAG_WORDS = 4
_MAX_TAG_CHARACTERS = 6


def labels_in(query: str, taxonomy: Taxonomy) -> tuple[LabelKey, ...]:
    """The moods, occasions and topics whose name in either language occurs in the query, in the taxonomy's order."""
    text = query.casefold()
    found = [LabelKey("moods", mood.slug) for mood in _named(text, taxonomy.moods)]
    found += [LabelKey("occasions", occasion.slug) for occasion in _named(text, taxonomy.occasions)]
    found += [
        LabelKey("topics", slug)
        for topic in _named(text, taxonomy.topics)
        for slug in dict.fromkeys([topic.slug, *(leaf.slug for leaf in taxonomy.leaves_of(topic.slug))])
    ]
    return tuple(dict.fromkeys(found))


def tag_candidates(query: str) -> tuple[str, ...]:
    """Every run of the query's words that might be a stored tag: up to four words, or two to six Chinese characters."""
    words = _WORD.findall(query.casefold())
    runs = []
    for size in range(1, _MAX_TAG_WORDS + 1):
        runs += [" ".join(words[at : at + size]) for at in range(len(words) - size + 1)]
    for word in words:
        if not word.isascii():
            for size in range(2, _MAX_TAG_CHARACTERS + 1):
                runs += [word[at : at + size] for at in range(len(word) - size + 1)]
            runs += list(word) if len(word) == 1 else []
    return tuple(dict.fromkeys(runs))


def _named(text: str, entries: Iterable[Entry]) -> list[Entry]:
    return [entry for entry in entries if _says(text, entry.en) or _says(text, entry.zh)]


def _says(text: str, name: str) -> bool:
    name = name.casefold()
    if not name.isascii():
        return name in text
    return re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", text) is not None
