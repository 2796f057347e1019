"""Composed sentences say what was found and nothing else, in both languages."""

from __future__ import annotations

from models.sound.base import SoundProfile
from services.library.taxonomy.loader import load_taxonomy
from services.library.understanding import Evidence, EvidenceKind
from workers.stages.compose import Findings, compose_reason, compose_summary
from workers.stages.frame_labels import SeenLabel


def line(id_: str, text: str) -> Evidence:
    return Evidence(id=id_, kind=EvidenceKind(id_[0]), start=0, end=1, text=text)


def findings(**changes) -> Findings:
    empty = {"evidence": (), "seen": (), "sound": None, "duration_s": 12.0, "topics": (), "moods": (), "occasions": ()}
    return Findings(**(empty | changes))


def profile(**changes) -> SoundProfile:
    quiet = {"speech_ratio": 0.0, "music_ratio": 0.0, "silence_ratio": 0.0, "tempo_bpm": None, "energy": 0.5}
    return SoundProfile(**(quiet | changes), vector=(1.0,), words="")


def test_a_summary_lists_what_is_seen_said_written_and_heard() -> None:
    summary = compose_summary(
        findings(
            evidence=(line("S1", "Look at this cat"), line("T1", "万人敬仰")),
            seen=(SeenLabel("cat", "猫", 0, 1, 0.8, 3),),
            sound=profile(speech_ratio=0.7),
        )
    )
    assert summary.en == "Shows cat; somebody says “Look at this cat”; on screen it says “万人敬仰”; mostly speech."
    assert summary.zh == "画面里有猫；有人说：“Look at this cat”；画面上写着：“万人敬仰”；以说话为主。"


def test_captions_are_not_passed_off_as_speech() -> None:
    summary = compose_summary(findings(evidence=(line("C1", "骑自行车上班"), line("S1", "something else"))))
    assert summary.en == "The captions say “骑自行车上班”."


def test_a_guess_is_called_one() -> None:
    summary = compose_summary(findings(seen=(SeenLabel("bubble", "泡泡", 0, 1, 0.1, 1, guess=True),)))
    assert summary.en == "Perhaps shows bubble."
    assert summary.zh == "画面里可能有泡泡。"


def test_where_nothing_was_found_it_says_so() -> None:
    assert compose_summary(findings()).en == "A video in which nothing could be recognised."


def test_a_reason_names_mood_topic_occasion_and_length() -> None:
    taxonomy = load_taxonomy()
    why = compose_reason(
        findings(
            topics=[taxonomy.topic("cats")], moods=[taxonomy.mood("cute")], occasions=[taxonomy.occasion("bedtime")]
        )
    )
    assert why.en == "Good for bedtime: cute: cats, 12 s."
    assert why.zh == "适合睡前：萌：猫，12秒。"


def test_a_long_quote_is_cut_at_a_word_and_shows_it() -> None:
    summary = compose_summary(findings(evidence=(line("S1", "word " * 60),)))
    assert summary.en.endswith("word…”.")
