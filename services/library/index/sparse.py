"""Lexical sparse vectors: BM25 with a tokenizer for Chinese and English.

A document's weights are BM25's saturated term frequencies (Robertson & Zaragoza 2009); the inverse document frequency
is the index's part (Qdrant's IDF modifier), so the dot product of a query and a document is their BM25 score.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import jieba
import zhconv

from services.library.index.port import SparseVector
from services.library.once import once

K1 = 1.2
"""How fast repeating a word stops to matter."""

B = 0.6
"""How much a long document is held back."""

AVERAGE_TOKENS = 120.0
"""Tokens of a usual document (title, summary, tags, a minute of speech)."""

CHARACTER_WEIGHT = 0.25
"""What a character inside a Chinese word counts beside the word, so that 猫 still finds 猫咪."""

_HAN = r"\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_KANA = r"\u3041-\u30ff\u31f0-\u31ff"
_RUN = re.compile(rf"(?P<han>[{_HAN}]+)|(?P<kana>[{_KANA}]+)|(?P<word>(?:(?![{_HAN}{_KANA}_])\w)+)")

_STOPWORDS = (
    "a an and are as at be been but by did do does for from had has have he her his how i if in into is it its me my "
    "no not of on or our she so that the their them then there they this to up us was we were what when which who why "
    "will with you your im dont "
    "的 了 和 是 在 我 你 他 她 它 们 我们 你们 他们 这 那 这个 那个 就 都 也 还 而 与 及 或 着 把 被 让 给 对 从 到 "
    "吧 呢 吗 啊 呀 哦 嗯 一个 上 里 很 又 会 要 有 没有 不 说 去 什么 怎么"
)
STOPWORDS = frozenset(_STOPWORDS.split())


@once
def _segmenter() -> Any:
    """jieba with its own dictionary, built in 0.6 s.

    Not by jieba's `initialize`, which would read a cache from the shared temporary folder with `marshal`: whoever
    can write there could feed us anything.
    """
    jieba.setLogLevel(logging.WARNING)
    segmenter = jieba.Tokenizer()
    segmenter.FREQ, segmenter.total = segmenter.gen_pfdict(segmenter.get_dict_file())
    segmenter.initialized = True
    return segmenter


def tokens(text: str) -> list[str]:
    """The words that count, in order: Chinese simplified and cut (long words also in parts), Latin without accents."""
    return [token for token, _ in _tokens(text)]


def _tokens(text: str) -> Iterator[tuple[str, bool]]:
    """(token, whether it is a Chinese word whose characters count as well)."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("’", "")
    for run in _RUN.finditer(zhconv.convert(plain, "zh-cn")):
        if run["han"]:
            found = [(word, True) for word in _segmenter().cut_for_search(run["han"])]
        elif run["kana"]:
            kana = run["kana"]
            found = [(kana[at : at + 2], False) for at in range(max(1, len(kana) - 1))]
        else:
            found = [(_without_accents(run["word"]), False)]
        yield from ((token, han) for token, han in found if token and token not in STOPWORDS)


def _without_accents(word: str) -> str:
    if word.isascii() or not unicodedata.name(word[0], "").startswith("LATIN"):
        return word
    return "".join(char for char in unicodedata.normalize("NFKD", word) if not unicodedata.combining(char))


def term_id(token: str) -> int:
    """The token's unsigned 32-bit id: the same on every machine and in every version."""
    return int.from_bytes(blake2b(token.encode(), digest_size=4).digest(), "little")


def encode_document(text: str) -> SparseVector:
    """BM25 document weights; empty when no word counts."""
    frequency: dict[str, float] = defaultdict(float)
    length = 0
    for token, han in _tokens(text):
        frequency[token] += 1.0
        length += 1
        if han and len(token) > 1:
            for character in token:
                if character not in STOPWORDS:
                    frequency[character] += CHARACTER_WEIGHT
    norm = K1 * (1.0 - B + B * length / AVERAGE_TOKENS)
    return _vector({token: count * (K1 + 1.0) / (count + norm) for token, count in frequency.items()})


def encode_query(text: str) -> SparseVector:
    """One for every different word; empty when no word counts."""
    return _vector(dict.fromkeys(tokens(text), 1.0))


def _vector(weights: dict[str, float]) -> SparseVector:
    by_id: dict[int, float] = defaultdict(float)
    for token, weight in weights.items():
        by_id[term_id(token)] += weight
    indices = sorted(by_id)
    return SparseVector(tuple(indices), tuple(by_id[index] for index in indices))
