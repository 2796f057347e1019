"""Closed choices rest on evidence, and say nothing where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from models.sound.base import SoundProfile
from services.library.blobs import BlobStore
from services.library.taxonomy.loader import load_taxonomy
from services.library.understanding import Evidence, EvidenceKind
from workers.stages.choices import Choice, choose_moods, choose_occasions, choose_topics, published
from workers.stages.taxonomy_space import taxonomy_space

NO_FRAMES = np.zeros((0, 384), np.float32)


def line(id_: str, text: str) -> Evidence:
    return Evidence(id=id_, kind=EvidenceKind(id_[0]), start=0, end=1, text=text)


def sound(**changes) -> SoundProfile:
    plain = {"speech_ratio": 0.0, "music_ratio": 0.0, "silence_ratio": 0.0, "tempo_bpm": None, "energy": 0.5}
    return SoundProfile(**(plain | changes), vector=(1.0,), words="")


@pytest.mark.models
@pytest.mark.parametrize(
    ("text", "parent"),
    [
        ("Today I cook beef noodles at home, first the broth, then the recipe for the sauce.", "food"),
        ("这只小猫在沙发上睡着了，猫咪太可爱了", "pets"),
        ("NASA launches a rocket and the astronauts dock at the space station.", "science"),
    ],
)
def test_the_topic_of_words_is_found_in_either_language_and_cites_them(runtime, tmp_path, text, parent) -> None:
    taxonomy, lines = load_taxonomy(), [line("S1", text)]
    space = taxonomy_space(runtime, BlobStore(f"file://{tmp_path}"))
    topics = published(choose_topics(taxonomy, space, lines, runtime.text.embed_passages([text]), NO_FRAMES))
    assert topics
    assert taxonomy.topic(topics[0].slug).parent == parent
    assert topics[0].evidence == ("S1",)


@pytest.mark.models
@pytest.mark.parametrize(
    ("caption", "parent"),
    [
        ("谁不爱撸猫呢 我家主子又睡着了", "pets"),
        ("今天的晚饭 红烧肉配米饭", "food"),
        ("三分球绝杀 这场球太精彩了", "sports"),
        ("婴儿辅食怎么做 宝妈看过来", "family"),
    ],
)
def test_a_colloquial_chinese_caption_is_nearest_to_its_topic(runtime, tmp_path, caption, parent) -> None:
    space = taxonomy_space(runtime, BlobStore(f"file://{tmp_path}"))
    nearest = int(space.by_text(runtime.text.embed_passages([caption]))[0].argmax())
    assert load_taxonomy().leaves[nearest].parent == parent


@pytest.mark.models
def test_without_words_or_frames_there_is_no_topic(runtime, tmp_path) -> None:
    space = taxonomy_space(runtime, BlobStore(f"file://{tmp_path}"))
    heard = [line("A1", "slow music")]
    assert choose_topics(load_taxonomy(), space, [], NO_FRAMES, NO_FRAMES) == ()
    assert choose_topics(load_taxonomy(), space, heard, runtime.text.embed_passages(["slow music"]), NO_FRAMES) == ()


def test_a_mood_follows_from_the_topic_and_cites_its_evidence() -> None:
    taxonomy = load_taxonomy()
    moods = choose_moods(taxonomy, [Choice("cats", 0.9, ("F1",))], None, [line("A1", "no sound track")])
    assert moods[0].slug == taxonomy.topic("cats").moods[0]
    assert moods[0].evidence == ("F1",)


def test_loud_fast_music_speaks_for_lively_moods() -> None:
    taxonomy, topics, heard = load_taxonomy(), [Choice("live-concert", 0.6, ("F1",))], [line("A1", "music")]
    loud = choose_moods(taxonomy, topics, sound(tempo_bpm=160.0, energy=0.9), heard)
    quiet = choose_moods(taxonomy, topics, sound(tempo_bpm=60.0, energy=0.1), heard)
    assert "exciting" in {mood.slug for mood in loud}
    strength = {mood.slug: mood.confidence for mood in quiet}
    assert strength.get("exciting", 0.0) < {mood.slug: mood.confidence for mood in loud}["exciting"]


def test_silence_without_a_topic_is_calm_and_speech_without_one_is_nothing() -> None:
    taxonomy, heard = load_taxonomy(), [line("A1", "silence")]
    assert [mood.slug for mood in choose_moods(taxonomy, [], sound(silence_ratio=1.0, energy=0.0), heard)] == ["calm"]
    assert choose_moods(taxonomy, [], sound(speech_ratio=0.8), heard) == ()


def test_an_occasion_needs_a_fitting_topic_or_mood_and_a_fitting_length() -> None:
    taxonomy = load_taxonomy()
    topics, moods = [Choice("cats", 0.9, ("F1",))], [Choice("cute", 0.8, ("F1",))]
    short = choose_occasions(taxonomy, topics, moods, sound(), 20.0)
    long = choose_occasions(taxonomy, topics, moods, sound(), 1700.0)
    assert "break" in {occasion.slug for occasion in short}
    assert "break" not in {occasion.slug for occasion in long}
    assert all(occasion.evidence == ("F1",) for occasion in short)
    assert choose_occasions(taxonomy, [], [], sound(), 20.0) == ()
