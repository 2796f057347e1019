"""What a language model wrote is kept only where the evidence says it."""

from __future__ import annotations

import pytest

from services.library.understanding import Evidence, EvidenceKind
from workers.stages.grounding import content_words, is_grounded, supported_share, supporting


def line(id_: str, text: str) -> Evidence:
    return Evidence(id=id_, kind=EvidenceKind(id_[0]), start=0, end=1, text=text)


EVIDENCE = [
    line("M1", "Street noodles at midnight"),
    line("S1", "The broth has been boiling for eight hours."),
    line("T1", "沸羊羊大人英明神武"),
    line("F1", "restaurant (餐馆)"),
]


@pytest.mark.parametrize(
    "sentence",
    [
        "Street noodles with a broth that boiled for eight hours.",
        "沸羊羊大人英明神武。",
        "沸羊羊大人英明神武的餐館。",
    ],
)
def test_a_sentence_in_the_evidence_s_words_is_kept_whatever_their_endings_or_script(sentence: str) -> None:
    assert is_grounded(sentence, EVIDENCE)


@pytest.mark.parametrize(
    "sentence",
    [
        "A simple lesson on starting a tennis game.",
        "Watch it to practise your tennis skills.",
        "这是一段关于网球比赛的教学。",
        "It is a video that you can watch.",
        "S1 says that the broth has been boiling for eight hours.",
    ],
)
def test_an_invented_empty_or_self_referring_sentence_is_refused(sentence: str) -> None:
    assert not is_grounded(sentence, EVIDENCE)


def test_words_of_different_lines_put_together_are_a_claim_that_nobody_made() -> None:
    seen = [line("F1", "koala (考拉)"), line("F2", "beach (海滩)")]
    assert not is_grounded("A koala jumps over a beach.", seen)
    assert not is_grounded("Koala beach.", seen)
    assert not is_grounded("Watch it to see how street noodles and broth are made at midnight.", EVIDENCE)


def test_guesses_and_sounds_hold_no_sentence() -> None:
    unsure = [line("F1", "perhaps feather boa (羽毛围巾)"), line("A1", "fast music, loud")]
    assert not is_grounded("Fast music, loud.", unsure)
    assert not is_grounded("A feather boa.", unsure)
    assert is_grounded("A feather boa.", [line("F1", "feather boa (羽毛围巾)")])


def test_plain_words_claim_nothing() -> None:
    assert content_words("Watch it if you like this video") == []
    assert content_words("喜欢的人可以看看") == []


def test_the_share_counts_claims_not_letters() -> None:
    assert supported_share("noodles broth tennis racket", [one.text for one in EVIDENCE]) == pytest.approx(0.5)


def test_a_tag_is_found_in_the_lines_that_hold_it_not_in_the_one_the_model_named() -> None:
    assert supporting("broth", EVIDENCE) == ("S1",)
    assert supporting("street noodles", EVIDENCE) == ("M1",)
    assert supporting("餐馆", EVIDENCE) == ("F1",)
    assert supporting("tennis", EVIDENCE) == ()
