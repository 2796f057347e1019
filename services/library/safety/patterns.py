"""Finding the patterns of the rules in a line: whole English words, Chinese words, and words that stand together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.library.safety.readings import normal

_TOGETHER = " + "
_WITHIN = r"[^.!?。!?\n]{0,40}?"
"""Words that belong together lie within 40 characters and one sentence."""

_LETTER = r"[a-z0-9_\u00c0-\u024f]"  # not \w, for which a Chinese character next to an English word is a letter


@dataclass(frozen=True, slots=True)
class Match:
    """Where a pattern was found in a reading of a line, the text there, and the slugs it belongs to."""

    start: int
    end: int
    text: str
    slugs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Finder:
    """One expression over all single patterns: of those that begin at a place the longest wins.

    Harmless phrases take part, so that what lies in one is not found; `together` are patterns of several words. The
    expression has no groups, because they would cost more than everything else: whose a match is, is looked up in
    `owners` by its text, or by the longest of `stems` (patterns with an open ending) that it begins with.
    """

    expression: re.Pattern[str]
    owners: Mapping[str, frozenset[str]]
    stems: Mapping[str, frozenset[str]]
    together: tuple[tuple[re.Pattern[str], frozenset[str]], ...]

    @classmethod
    def build(
        cls,
        *,
        english: Iterable[tuple[str, str]],
        chinese: Iterable[tuple[str, str]],
        harmless_english: Sequence[str] = (),
        harmless_chinese: Sequence[str] = (),
    ) -> Finder:
        """A finder of (pattern, slug) pairs of both languages that leaves harmless phrases alone."""
        owners: dict[tuple[str, bool], set[str]] = {}
        for spoken, is_english in ((english, True), (chinese, False)):
            for pattern, slug in spoken:
                owners.setdefault((_key(normal(pattern), is_english), is_english), set()).add(slug)
        # A harmless phrase belongs to no category, even where a category lists the same words.
        for phrases, is_english in ((harmless_english, True), (harmless_chinese, False)):
            owners.update({(_key(normal(phrase), is_english), is_english): set() for phrase in phrases})
        single = sorted((key for key in owners if _TOGETHER not in key[0]), key=lambda key: (-len(_bare(key[0])), key))
        words = [_word(pattern) for pattern, is_english in single if is_english]
        characters = [re.escape(pattern) for pattern, is_english in single if not is_english]
        either = [f"(?:{'|'.join(characters)})"] * bool(characters)
        either += [f"(?<!{_LETTER})(?:{'|'.join(words)})(?!{_LETTER})"] * bool(words)
        return cls(
            re.compile("|".join(either) or r"(?!)"),
            {key[0]: frozenset(owners[key]) for key in single if not key[0].endswith("*")},
            {_bare(key[0]): frozenset(owners[key]) for key in single if key[0].endswith("*")},
            tuple((_joined(*key), frozenset(slugs)) for key, slugs in owners.items() if _TOGETHER in key[0]),
        )

    def find(self, reading: str) -> list[Match]:
        """Every match in a reading (see `readings`), left to right, then those of words that stand together."""
        found, masked = [], reading
        for match in self.expression.finditer(reading):
            slugs = self._owners(match[0])
            if slugs:
                found.append(Match(match.start(), match.end(), match[0], slugs))
            else:
                masked = masked[: match.start()] + " " * (match.end() - match.start()) + masked[match.end() :]
        for expression, slugs in self.together:
            if hit := expression.search(masked):
                found.append(Match(hit.start(), hit.end(), hit[0], slugs))
        return found

    def starred(self, word: str) -> Iterator[tuple[str, frozenset[str]]]:
        """Patterns of one word that `word` may stand for, a `*` or `#` in it being any letter."""
        shape = re.compile(re.sub(r"[*#]", "[a-z]", word))
        for known, slugs in (*self.owners.items(), *self.stems.items()):
            if slugs and shape.fullmatch(known):
                yield known, slugs

    def _owners(self, text: str) -> frozenset[str]:
        for key in (text, _key(text, True)):
            if key in self.owners:
                return self.owners[key]
        key = _key(text, True)
        return next((self.stems[key[:end]] for end in range(len(key), 0, -1) if key[:end] in self.stems), frozenset())


def _key(pattern: str, is_english: bool) -> str:
    """English words are the same with hyphens and with any spaces between them."""
    return re.sub(r"(?<!\+)[\s-]+(?!\+)", " ", pattern) if is_english else pattern


def _bare(pattern: str) -> str:
    return pattern.rstrip("*")


def _word(pattern: str) -> str:
    body = r"[\s-]+".join(re.escape(word) for word in _bare(pattern).split(" "))
    return f"{body}{_LETTER}*" if pattern.endswith("*") else body


def _joined(pattern: str, is_english: bool) -> re.Pattern[str]:
    """The parts of a pattern in the order given or the other way round."""
    parts = [
        f"(?<!{_LETTER}){_word(part)}(?!{_LETTER})" if is_english else re.escape(part)
        for part in pattern.split(_TOGETHER)
    ]
    return re.compile(f"{_WITHIN.join(parts)}|{_WITHIN.join(reversed(parts))}")
