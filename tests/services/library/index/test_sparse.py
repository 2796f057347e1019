from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from services.library.index.sparse import encode_document, encode_query, term_id, tokens


def score(query: str, document: str) -> float:
    asked, weights = encode_query(query), encode_document(document)
    by_id = dict(zip(weights.indices, weights.values, strict=True))
    return sum(by_id.get(index, 0.0) for index in asked.indices)


def test_chinese_is_cut_into_words_and_long_words_into_parts():
    assert tokens("今天做红烧牛肉面的教程") == ["今天", "做", "红烧", "牛肉", "牛肉面", "教程"]


def test_english_is_lower_cased_and_stripped_of_accents_and_stopwords():
    assert tokens("The Café isn't OPEN: 4K-video #cats") == ["cafe", "isnt", "open", "4k", "video", "cats"]


def test_traditional_and_full_width_writing_find_simplified_and_plain():
    assert score("貓咪 軟體 ＤＩＹ", "猫咪软件 diy") == pytest.approx(score("猫咪 软件 diy", "猫咪软件 diy"))
    assert score("貓咪", "猫咪软件") > 0


def test_one_character_finds_the_word_it_is_in_but_the_word_itself_counts_more():
    assert 0 < score("猫", "猫咪在睡觉") < score("猫咪", "猫咪在睡觉")


def test_mixed_script_keeps_both():
    assert tokens("vlog日常アニメ한국어") == ["vlog", "日常", "アニ", "ニメ", "한국어"]


def test_repeating_a_word_helps_less_each_time_and_never_past_the_limit():
    once, twice, often = (score("cat", "cat " * times) for times in (1, 2, 500))
    assert 0 < twice - once < once
    assert often < 2.2


def test_a_long_document_is_held_back():
    assert score("cat", "cat " + "other words here " * 200) < score("cat", "cat video")


def test_ids_are_ascending_unique_32_bit_and_nothing_gives_nothing():
    vector = encode_document("A dog 狗 runs, and the dog 狗 jumps over 100 fences " * 3)
    assert list(vector.indices) == sorted(set(vector.indices))
    assert 0 <= vector.indices[0] <= vector.indices[-1] < 2**32
    assert len(vector.values) == len(vector.indices)
    assert np.isfinite(vector.values).all()
    for empty in ("", "的 the ，。!", "🐱"):
        assert encode_document(empty).indices == encode_query(empty).indices == ()


def test_term_ids_are_the_same_in_every_process():
    program = "from services.library.index.sparse import term_id; print(term_id('猫咪'))"
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert int(other.stdout) == term_id("猫咪")
