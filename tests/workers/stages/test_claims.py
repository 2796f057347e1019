"""What is said of a video is what its evidence says; everything else is dropped."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from models.sound.base import SoundProfile
from services.library.blobs import BlobStore
from services.library.taxonomy.loader import load_taxonomy
from services.library.understanding import Evidence
from workers.stages.choices import Choice, choose_moods, choose_occasions, choose_topics
from workers.stages.compose import Findings, compose_reason, compose_summary
from workers.stages.describe import choose_lines
from workers.stages.frame_labels import SeenLabel
from workers.stages.grounding import is_grounded, supporting
from workers.stages.prompts.load import PromptTag
from workers.stages.tags import collect_tags
from workers.stages.taxonomy_space import taxonomy_space

TAXONOMY = load_taxonomy()
QUIET = SoundProfile(0.0, 0.0, 0.9, None, 0.05, (1.0,), "hardly any sound")


def lines(**texts: str) -> list[Evidence]:
    return [Evidence(id=id_, kind=id_[0], start=0, end=1, text=text) for id_, text in texts.items()]


KITCHEN = lines(
    M1="Street noodles at midnight",
    S1="The broth has been boiling for eight hours.",
    S2="这锅汤已经熬了八个小时",
    F1="wok (炒锅)",
)


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        ("The broth boils for eight hours.", True),
        ("Midnight noodles on the street, with a broth boiled for eight hours.", True),
        ("A chef wins a national television contest.", False),
        ("The broth of S1 has been boiling for eight hours.", False),
        ("一锅汤熬了八个小时。", True),
        ("一位歌手在舞台上唱歌。", False),
        ("", False),
        ("You can watch this.", False),
    ],
)
def test_a_sentence_is_kept_when_the_evidence_says_it(sentence, kept) -> None:
    assert is_grounded(sentence, KITCHEN) is kept


def test_a_tag_is_supported_by_whichever_lines_hold_its_words() -> None:
    assert supporting("broth", KITCHEN) == ("S1",)
    assert supporting("street noodles", KITCHEN) == ("M1",)
    assert supporting("八个小时", KITCHEN) == ("S2",)
    assert supporting("dragon", KITCHEN) == ()


def collect(written: Sequence[tuple[str, str]] = (), seen: Sequence[SeenLabel] = (), hashtags: Sequence[str] = ()):
    tags = [PromptTag(tag=tag, evidence=evidence) for tag, evidence in written]
    return collect_tags(TAXONOMY, KITCHEN, tags, seen, (), (), hashtags, "writer")


def test_a_tag_that_cites_the_wrong_line_gets_the_right_one_and_an_invented_one_is_dropped() -> None:
    kept, dropped = collect([("broth", "F1"), ("dragon", "S1")])
    assert [(tag.label, tag.evidence) for tag in kept] == [("broth", ("S1",))]
    assert dropped == ("dragon",)


def test_two_signals_that_agree_are_one_surer_tag() -> None:
    wok = SeenLabel("wok", "炒锅", 0, 1, 0.5, 2)
    alone, _ = collect(seen=[wok])
    both, _ = collect([("wok", "F1")], seen=[wok])
    assert len(both) == 1
    assert both[0].confidence > alone[0].confidence
    assert both[0].source == "writer+frames"


def test_a_guess_never_becomes_a_tag() -> None:
    assert collect(seen=[SeenLabel("wok", "炒锅", 0, 1, 0.9, 2, guess=True)]) == ((), ())


def test_every_sentence_composed_holds_only_what_was_found_in_both_languages() -> None:
    topic, mood, occasion = TAXONOMY.leaves[0], TAXONOMY.moods[0], TAXONOMY.occasions[0]
    seen = [SeenLabel("wok", "炒锅", 0, 1, 0.8, 2)]
    found = Findings(KITCHEN, seen, QUIET, 12.0, [topic], [mood], [occasion])
    summary, why = compose_summary(found), compose_reason(found)
    assert "wok" in summary.en
    assert "炒锅" in summary.zh
    sources = [line.text for line in KITCHEN] + [QUIET.words, "几乎没有声音"]
    sources += [name for entry in (topic, mood, occasion) for name in (entry.en, entry.zh)]
    frame = "shows somebody says on screen it the captions say good for and or s 12 画面里有 有人说 适合 秒 字幕说 画面上写着"
    for sentence in (summary.en, summary.zh, why.en, why.zh):
        known = lines(M1=" ".join(sources), M2=frame)
        assert is_grounded(sentence, known), sentence


def test_nothing_found_is_said_to_be_nothing() -> None:
    empty = Findings((), (), None, 3.0, (), (), ())
    assert compose_summary(empty).en == "A video in which nothing could be recognised."
    assert compose_summary(empty).zh == "没有认出内容的视频。"
    assert compose_reason(empty).en == "A short clip, 3 s."
    assert compose_reason(empty).zh == "短片，3秒。"


def test_the_prompt_shows_so_many_lines_of_a_kind_spread_over_time() -> None:
    many = lines(**{f"S{number}": f"line {number}" for number in range(1, 41)})
    chosen, left_out = choose_lines(many)
    assert len(chosen) + left_out == 40
    numbers = [int(line.id[1:]) for line in chosen]
    assert numbers == sorted(numbers)
    assert numbers[0] <= 5
    assert numbers[-1] >= 36


def test_unknown_topics_mean_no_mood_and_no_occasion() -> None:
    assert choose_moods(TAXONOMY, (), None, ()) == ()
    assert choose_occasions(TAXONOMY, (), (), None, 5.0) == ()


def test_moods_and_occasions_cite_what_their_topic_cites() -> None:
    topic = Choice("pets", 0.9, ("S1", "F1"))
    moods = choose_moods(TAXONOMY, (topic,), None, KITCHEN)
    assert moods
    assert all(set(mood.evidence) <= {"S1", "F1"} for mood in moods)
    for occasion in choose_occasions(TAXONOMY, (topic,), moods, None, 20.0):
        assert set(occasion.evidence) <= {"S1", "F1"}


@pytest.mark.models
def test_a_topic_needs_evidence(runtime, warmed, tmp_path) -> None:
    space = taxonomy_space(runtime, BlobStore(f"file://{warmed(tmp_path / 'data') / 'blobs'}"))
    evidence = lines(M1="Boiling noodles and frying dumplings in the home kitchen", A1="slow music")
    vectors = runtime.text.embed_passages([line.text for line in evidence])
    none = np.zeros((0, 0), np.float32)
    chosen = choose_topics(TAXONOMY, space, evidence, vectors, none)
    assert chosen
    assert {line for choice in chosen for line in choice.evidence} == {"M1"}
    assert choose_topics(TAXONOMY, space, evidence[1:], vectors[1:], none) == ()
    assert choose_topics(TAXONOMY, space, [], vectors[:0], none) == ()
