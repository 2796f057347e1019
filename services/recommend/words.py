"""The words of a query that a line of evidence is checked for: the same tokens that the lexical index is made of."""

from __future__ import annotations

from services.library.index.sparse import tokens


def query_words(query: str) -> tuple[str, ...]:
    """The query's words without the ones that every text has, in order, each once."""
    return tuple(dict.fromkeys(tokens(query)))


def words_in(text: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `words` that occur in `text` as words, or as their plain English singular or plural."""
    said = set(tokens(text))
    return tuple(word for word in words if said & _forms(word))


def _forms(word: str) -> set[str]:
    if not word.isascii() or len(word) < 3:
        return {word}
    return {word, f"{word}s", word.removesuffix("s")}
