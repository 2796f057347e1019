"""Error rates of transcripts: Levenshtein distance over words, or over characters where words are not spaced."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import jiwer

from benchmarks.metrics.words import folded

BY_CHARACTER = frozenset({"zh", "ja"})
"""Languages that are counted by character (CER); all others are counted by word (WER)."""

_EN = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
_EN_TENS = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_FR = (
    "zéro",
    "un",
    "deux",
    "trois",
    "quatre",
    "cinq",
    "six",
    "sept",
    "huit",
    "neuf",
    "dix",
    "onze",
    "douze",
    "treize",
    "quatorze",
    "quinze",
    "seize",
    "dix-sept",
    "dix-huit",
    "dix-neuf",
    "vingt",
)
_ZH = "零一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Errors:
    """`wrong` insertions, deletions and substitutions against `total` words or characters that were said."""

    wrong: int
    total: int

    @property
    def rate(self) -> float:
        """Above 1 where more was invented than said."""
        return self.wrong / self.total


def errors(said: str, heard: str, language: str) -> Errors:
    """Compare two transcripts after `normal`. Raises `ValueError` where nothing was said."""
    said, heard = normal(said, language), normal(heard, language)
    if not said:
        raise ValueError("the reference holds no words, so there is no rate")
    if language in BY_CHARACTER:
        # Characters parted by spaces are words to jiwer, and counted the same way.
        said, heard = " ".join(said.replace(" ", "")), " ".join(heard.replace(" ", ""))
    found = jiwer.process_words(said, heard)
    return Errors(
        wrong=found.substitutions + found.deletions + found.insertions,
        total=found.hits + found.substitutions + found.deletions,
    )


def pooled(found: Sequence[Errors]) -> Errors:
    """All together: long recordings count for more."""
    return Errors(sum(one.wrong for one in found), sum(one.total for one in found))


def normal(text: str, language: str) -> str:
    """Lower case, simplified characters, no punctuation, plain numbers in words, single spaces.

    Numbers are spelled below a thousand in English, up to twenty in French, digit by digit in Chinese; others stay.

    >>> normal("1, 2 — THREE: it's 42!", "en")
    'one two three its forty two'
    """
    text = re.sub(r"['’]", "", folded(text))
    text = re.sub(r"[\W_]+", " ", text)
    text = re.sub(r"\d+", lambda number: f" {_spelled(number[0], language)} ", text)
    return " ".join(text.split())


def _spelled(digits: str, language: str) -> str:
    number = int(digits)
    if language == "en" and number < 1000:
        return _english(number)
    if language == "fr" and number < len(_FR):
        return _FR[number].replace("-", " ")
    if language == "zh":
        return "".join(_ZH[int(digit)] for digit in digits)
    return digits


def _english(number: int) -> str:
    if number < len(_EN):
        return _EN[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _EN_TENS[tens] + (f" {_EN[ones]}" if ones else "")
    hundreds, rest = divmod(number, 100)
    return f"{_EN[hundreds]} hundred" + (f" {_english(rest)}" if rest else "")
