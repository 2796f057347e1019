"""Ids are unique within a kind, and composed sentences hold nothing but what was found."""

from __future__ import annotations

from models.sound.base import SoundProfile
from services.library.taxonomy.loader import load_taxonomy
from services.library.understanding import Evidence, EvidenceKind
from workers.stages.compose import Findings, compose_reason, compose_summary
from workers.stages.evidence import _numbered
from workers.stages.frame_labels import SeenLabel
from workers.stages.grounding import content_words

QUIET = SoundProfile(0.0, 0.0, 0.9, None, 0.05, (1.0,), "hardly any sound")
# What joins the findings, and claims no more than that they were found.
JOINTS = (
    "shows somebody says on screen it the captions say good for and or s 12 hardly any sound. "
    "画面里有 有人说 适合 12秒 字幕说 画面上写着 几乎没有声音"
)


def test_numbers_count_from_one_within_a_kind_and_times_never_run_backwards() -> None:
    lines = _numbered(EvidenceKind.SPEECH, [(0.0, 1.0, "a"), (-0.2, 0.5, "b"), (3.0, 2.0, "c")])
    assert [line.id for line in lines] == ["S1", "S2", "S3"]
    assert [(line.start, line.end) for line in lines] == [(0.0, 1.0), (0.0, 0.5), (3.0, 3.0)]


def test_every_word_composed_in_either_language_was_found() -> None:
    taxonomy = load_taxonomy()
    topic, mood, occasion = taxonomy.leaves[0], taxonomy.moods[0], taxonomy.occasions[0]
    said = "The broth has been boiling for eight hours."
    evidence = [Evidence(id="S1", kind="S", start=0, end=1, text=said)]
    seen = [SeenLabel("wok", "炒锅", 0, 1, 0.8, 2)]
    found = Findings(evidence, seen, QUIET, 12.0, [topic], [mood], [occasion])
    names = [name for entry in (topic, mood, occasion) for name in (entry.en, entry.zh)]
    known = set(content_words("。 ".join([said, "wok 炒锅", JOINTS, *names])))
    for both in (compose_summary(found), compose_reason(found)):
        for sentence in (both.en, both.zh):
            assert set(content_words(sentence)) <= known, sentence
