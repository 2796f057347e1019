"""Tags come from every signal, and none stands without evidence."""

from __future__ import annotations

from services.library.calibration import Calibration, Curve
from services.library.taxonomy.loader import load_taxonomy
from services.library.understanding import Evidence, EvidenceKind
from workers.stages.choices import Choice
from workers.stages.frame_labels import SeenLabel
from workers.stages.prompts.load import PromptTag
from workers.stages.tags import Models, Signals, both_names, joined, tag_candidates


def line(id_: str, text: str) -> Evidence:
    return Evidence(id=id_, kind=EvidenceKind(id_[0]), start=0, end=1, text=text)


def seen(name: str, zh: str, confidence: float, *, guess: bool = False) -> SeenLabel:
    return SeenLabel(name=name, name_zh=zh, start=0, end=1, confidence=confidence, frames=3, guess=guess)


MODELS = Models(language="llm", vision="eyes", topics="text+eyes")


def collect(evidence, written=(), labels=(), topics=(), hints=(), hashtags=(), curves=None):
    signals = Signals(written, labels, topics, hints, hashtags)
    calibration = Calibration(curves=curves or {})
    candidates, dropped = tag_candidates(load_taxonomy(), evidence, signals, MODELS, calibration)
    return joined(candidates), dropped


def test_a_tag_that_no_line_holds_is_dropped_and_named() -> None:
    tags, dropped = collect([line("S1", "the broth boils")], [PromptTag(tag="tennis", evidence="S1")])
    assert tags == ()
    assert dropped == ("tennis",)


def test_a_piece_of_a_sentence_is_no_tag() -> None:
    evidence = [line("S1", "look at her singing, call me, the space telescope, 你太瘦了")]
    said = [PromptTag(tag=tag, evidence="S1") for tag in ("look at her singing", "call me", "space telescope", "瘦了")]
    tags, dropped = collect(evidence, said)
    assert [tag.label for tag in tags] == ["space telescope"]
    assert dropped == ("look at her singing", "call me", "瘦了")


def test_the_confidence_is_what_people_made_of_such_scores_and_the_score_is_kept() -> None:
    doubtful = {"words": Curve(model="llm", intercept=-0.5, slope=0.0, verdicts=20, accepted=7)}
    tags, _ = collect([line("S1", "the broth boils")], [PromptTag(tag="broth", evidence="S1")], curves=doubtful)
    assert tags[0].confidence == 0.378
    assert [(one.signal, one.model, one.score) for one in tags[0].signals] == [("words", "llm", 0.6)]


def test_a_signal_that_people_reject_gives_no_tag() -> None:
    rejected = {"words": Curve(model="llm", intercept=-2.0, slope=0.0, verdicts=20, accepted=1)}
    tags, dropped = collect([line("S1", "the broth boils")], [PromptTag(tag="broth", evidence="S1")], curves=rejected)
    assert (tags, dropped) == ((), ())


def test_a_wrong_citation_is_corrected() -> None:
    evidence = [line("S1", "the broth boils"), line("T1", "NOODLES")]
    tags, _ = collect(evidence, [PromptTag(tag="broth", evidence="T1")])
    assert [(tag.label, tag.evidence) for tag in tags] == [("broth", ("S1",))]


def test_signals_that_agree_make_one_surer_tag() -> None:
    evidence = [line("S1", "look at the cat"), line("F1", "cat (猫)")]
    alone, _ = collect(evidence, [PromptTag(tag="cat", evidence="S1")])
    both, _ = collect(evidence, [PromptTag(tag="cat", evidence="S1")], [seen("cat", "猫", 0.6)])
    assert [tag.label for tag in both] == ["cat"]
    assert both[0].confidence > alone[0].confidence
    assert both[0].label_zh == "猫"
    assert set(both[0].evidence) == {"S1", "F1"}


def test_a_guess_never_becomes_a_tag() -> None:
    tags, _ = collect([line("F1", "perhaps bubble (泡泡)")], labels=[seen("bubble", "泡泡", 0.9, guess=True)])
    assert tags == ()


def test_five_breeds_are_one_dog() -> None:
    evidence = [line("F1", "dog (狗)"), line("F2", "Pomeranian (博美犬)"), line("F3", "Pekingese (北京犬)")]
    labels = [seen("dog", "狗", 0.7), seen("Pomeranian", "博美犬", 0.4), seen("Pekingese", "北京犬", 0.4)]
    tags, _ = collect(evidence, labels=labels)
    assert [tag.label for tag in tags] == ["dog"]


def test_leaves_that_agree_name_their_first_level() -> None:
    hints = [Choice("basketball", 0.35, ("F1",)), Choice("football", 0.3, ("F2",))]
    tags, _ = collect([line("F1", "ball (球)"), line("F2", "net (网)")], hints=hints)
    assert [(tag.slug, tag.label) for tag in tags] == [("sports", "sport")]
    assert tags[0].evidence == ("F1", "F2")


def test_hashtags_are_the_uploaders_word() -> None:
    tags, _ = collect([line("M1", "#猫 #下班")], hashtags=["猫", "下班"])
    assert {tag.label_zh for tag in tags} == {"猫", "下班"}
    assert all(tag.source == "uploader" and tag.evidence == ("M1",) for tag in tags)


def test_known_words_have_both_names_and_unknown_ones_stay_as_they_are() -> None:
    assert both_names("猫") == ("cat", "猫")
    assert both_names("沸羊羊") == ("沸羊羊", "沸羊羊")
