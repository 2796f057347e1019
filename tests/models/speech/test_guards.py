import pytest

from models.speech.base import Segment
from models.speech.guards import is_hum, is_loop, is_stock_phrase, overlap, phantom_reason, without_repeats

VOICED = ((0.0, 2.0),)


def segment(text: str, start: float = 0.0, end: float = 2.0, confidence: float = 0.9) -> Segment:
    return Segment(start, end, text, (), confidence)


@pytest.mark.parametrize(
    "text",
    [
        "Thank you for watching!",
        "thanks.",
        "Please subscribe to my channel",
        "谢谢观看",
        "字幕由志愿者提供",
        "Bye bye.",
    ],
)
def test_sentences_that_subtitles_end_with_are_stock_phrases(text: str) -> None:
    assert is_stock_phrase(text)


@pytest.mark.parametrize("text", ["Thank you for the soup, grandma", "今天谢谢你来帮忙", "The music was too loud"])
def test_speech_that_shares_words_with_them_is_not(text: str) -> None:
    assert not is_stock_phrase(text)


def test_a_stock_phrase_stays_only_where_it_was_clearly_heard() -> None:
    assert phantom_reason(segment("Thank you.", confidence=0.95), VOICED) is None
    assert phantom_reason(segment("Thank you.", confidence=0.6), VOICED) == "a stock phrase that was not clearly heard"


def test_a_phrase_over_and_over_is_a_loop_and_a_refrain_is_not() -> None:
    assert is_loop("I'm going to the store " * 8)
    assert not is_loop("no no no")
    assert not is_loop("Ask not what your country can do for you, ask what you can do for your country.")
    assert phantom_reason(segment("好的好的" * 20), VOICED) == "it repeats itself"


def test_words_with_no_voice_under_them_are_dropped() -> None:
    assert phantom_reason(segment("hello there", 5.0, 7.0), VOICED) == "no voice under it"
    assert phantom_reason(segment("hello there", 1.5, 3.5), VOICED) is None


def test_doubtful_words_and_marks_without_words_are_dropped() -> None:
    assert phantom_reason(segment("Kindien out", confidence=0.2), VOICED) == "word probability 0.20 is below 0.3"
    assert phantom_reason(segment("♪ ... ♪"), VOICED) == "no words"


def test_a_segment_of_no_length_is_judged_without_dividing_by_it() -> None:
    assert phantom_reason(segment("oh", 3.0, 3.0), VOICED) == "no voice under it"


def test_overlap_adds_what_every_span_covers() -> None:
    assert overlap(1.0, 5.0, ((0.0, 2.0), (3.0, 4.0), (4.5, 9.0))) == pytest.approx(2.5)


def test_a_phrase_that_segment_after_segment_repeats_is_kept_twice() -> None:
    looping = [
        segment(text, 2.0 * at, 2.0 * at + 2) for at, text in enumerate(["Go.", "on", "On!", " on", "on", "home"])
    ]
    kept, notes = without_repeats(looping)
    assert [part.text for part in kept] == ["Go.", "on", "On!", "home"]
    assert notes == ["dropped what was heard from 6.0 s (' on'): said over and over"]


def test_a_hum_is_not_words_and_a_short_cry_is() -> None:
    assert is_hum("Mmmmmm...")
    assert not is_hum("哈哈哈")
    assert not is_hum("Whooo")
    assert phantom_reason(segment("Mmmm" * 100), VOICED) == "a hum, not words"
