"""Does the evidence say it? Lexical rules that decide which of a language model's words are kept.

A sentence is kept when nearly all its content words occur in the evidence (English words up to their endings, Chinese
text by pairs of characters), and when most neighbours among them occur in one line: words of different lines put
together make a claim that nobody made ("a koala jumps over the beach" from "koala" and "beach"). Guesses and sounds
do not count. The rule is strict on purpose: a true sentence that uses other words than the evidence is lost, and
replaced by one composed from the evidence; a false one rarely passes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib.resources import files
from itertools import pairwise

import zhconv

from services.library.understanding import Evidence
from workers.stages.frame_labels import is_guess

MIN_SUPPORTED = 0.8
"""Least share of a sentence's content words that the evidence must hold."""

MIN_TOGETHER = 0.6
"""Least share of neighbouring content words that one line must hold together."""

_LATIN = re.compile(r"[a-z0-9à-öø-ÿ]+(?:['’][a-z]+)?")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_CITATION = re.compile(r"\b[STCFAM][1-9]\d?\b")

# Words that join or address, and claim nothing about the video.
PLAIN = frozenset(files("workers.stages").joinpath("plain_words.txt").read_text(encoding="utf-8").split())
_PLAIN_HAN = re.compile(
    r"(可以|喜欢|想要|想|看看|看|的人|人们|大家|一下|一个|这个|视频|短片|这段|适合|里面|里|有|和|与|在|是|了|的|地|得|就|也|都|着|过|吧|吗|呢|你|我|他|她|它|们|把|被|给|对|从|到|为|会|能|很)+"
)


def content_words(text: str) -> list[str]:
    """What a text claims: its words without those that claim nothing; Chinese as pairs of neighbouring characters."""
    simple = zhconv.convert(text, "zh-cn").casefold()
    words = [word.removesuffix("'s").removesuffix("’s") for word in _LATIN.findall(simple)]
    found = [word for word in words if word not in PLAIN]
    for run in _HAN.findall(simple):
        for part in _PLAIN_HAN.sub(" ", run).split():
            found += [part[i : i + 2] for i in range(len(part) - 1)] or [part]
    return found


def supported_share(sentence: str, evidence: Iterable[str]) -> float:
    """Share in [0, 1] of the sentence's content words that occur in the evidence; 0 for a sentence without any."""
    claims = content_words(sentence)
    if not claims:
        return 0.0
    known = {word for text in evidence for word in content_words(text)}
    joined = " ".join(zhconv.convert(text, "zh-cn").casefold() for text in evidence)
    return sum(_known(word, known, joined) for word in claims) / len(claims)


def is_grounded(sentence: str, evidence: Sequence[Evidence]) -> bool:
    """Whether a sentence may be published: supported, its words together, and not about the evidence's numbering."""
    if _CITATION.search(sentence):
        return False
    firm = [line.text for line in firm_lines(evidence)]
    return supported_share(sentence, firm) >= MIN_SUPPORTED and together_share(sentence, firm) >= MIN_TOGETHER


def firm_lines(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The lines that can carry a claim in words: no guesses, and not how the sound is described."""
    return [line for line in evidence if not line.is_manner and not is_guess(line)]


def together_share(sentence: str, evidence: Sequence[str]) -> float:
    """Share in [0, 1] of the sentence's neighbouring content words that one line holds both of; 1 for a single word."""
    lines = [(set(content_words(text)), zhconv.convert(text, "zh-cn").casefold()) for text in evidence]
    found_in = [
        {number for number, (known, joined) in enumerate(lines) if _known(word, known, joined)}
        for word in content_words(sentence)
    ]
    pairs = list(pairwise(found_in))
    return sum(bool(first & second) for first, second in pairs) / len(pairs) if pairs else 1.0


def supporting(tag: str, evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """Ids of the lines that hold all words of a tag, in order."""
    return tuple(line.id for line in evidence if supported_share(tag, [line.text]) == 1.0)


def _known(word: str, known: set[str], joined: str) -> bool:
    if word in known:
        return True
    if not word.isascii():
        return word in joined
    stem = word[: max(4, len(word) - 3)]
    return len(word) >= 4 and any(other.startswith(stem) and abs(len(other) - len(word)) <= 3 for other in known)
