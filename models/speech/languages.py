"""Which language is spoken: what was heard, weighed by what was to be expected.

On short or noisy speech Whisper's own first choice is now and then a language that is close by (German for English,
Japanese for Chinese). Its probabilities are weighed by a prior, as Bayes has it; clear speech outweighs any prior here.
On the labelled cuts of `python -m benchmarks.speech --cuts` the expected languages alone changed no decision: a hint or
a title does, and stronger odds would turn some French or Japanese into English.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

UNEXPECTED_ODDS = 0.2
"""Odds of a language that is not among the expected ones."""

SCRIPT_ODDS = 3.0
"""Odds of a language in whose script the title is written: titles are often in another language than the speech."""

HINT_ODDS = 30.0
"""Odds of the language that the uploader named: nearly always right, and no order."""

SURE = 0.9
"""Probability from which no further window is listened to."""

_SCRIPTS = (
    ("ja", "\u3040", "\u30ff"),
    ("ko", "\uac00", "\ud7af"),
    ("ru", "\u0400", "\u04ff"),
    ("ar", "\u0600", "\u06ff"),
    ("th", "\u0e00", "\u0e7f"),
    ("hi", "\u0900", "\u097f"),
    ("he", "\u0590", "\u05ff"),
    ("el", "\u0370", "\u03ff"),
    ("zh", "\u4e00", "\u9fff"),
)
_SCRIPT_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class LanguagePrior:
    """What to expect: `expected` languages (none: all alike), the language of the title's `script`, and a `hint`.

    All are ISO 639-1 codes; `hint` may be a tag such as "zh-CN".
    """

    expected: tuple[str, ...] = ("zh", "en")
    script: str | None = None
    hint: str | None = None

    def odds(self, language: str) -> float:
        """What a language's probability is multiplied with."""
        named = self.hint.replace("_", "-").split("-")[0].lower() if self.hint else None
        odds = 1.0 if not self.expected or language in (*self.expected, named, self.script) else UNEXPECTED_ODDS
        return odds * (SCRIPT_ODDS if language == self.script else 1.0) * (HINT_ODDS if language == named else 1.0)


def weighed(windows: Sequence[tuple[float, Mapping[str, float]]], prior: LanguagePrior) -> tuple[str, float]:
    """The likeliest language and its probability, from (voiced seconds, probability by language) of windows.

    Raises `ValueError` where there is no window.
    """
    if not windows:
        raise ValueError("no window was listened to")
    pooled: dict[str, float] = {}
    for seconds, probabilities in windows:
        for language, probability in probabilities.items():
            pooled[language] = pooled.get(language, 0.0) + seconds * probability
    for language in pooled:
        pooled[language] *= prior.odds(language)
    best = max(pooled, key=lambda language: pooled[language])
    return best, pooled[best] / (sum(pooled.values()) or 1.0)


def language_of_script(text: str) -> str | None:
    """The language whose script a fifth of the letters have; kana makes Han Japanese. None for Latin letters or none.

    Cyrillic counts as Russian and Arabic script as Arabic: the commonest of those who write so.
    """
    letters = [character for character in text if character.isalpha()]
    for language, first, last in _SCRIPTS:
        if letters and sum(first <= character <= last for character in letters) >= _SCRIPT_SHARE * len(letters):
            return language
    return None
