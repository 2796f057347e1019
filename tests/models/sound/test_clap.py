"""CLAP from a folder: windows of its own length and rate, the same vectors every time, names with times."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoFeatureExtractor, AutoTokenizer, ClapModel

from models.errors import ModelError, ProfileInvalid
from models.identity import ModelIdentity
from models.sound.clap import Clap
from models.sound.engines import ClapOptions
from models.sound.librosa_profile import LibrosaProfile
from models.speech.base import SAMPLE_RATE
from tests.tiny_models import tiny_clap, tiny_clip

IDENTITY = ModelIdentity("clap", "tiny", "1")
MEASURES = ("speech_ratio", "music_ratio", "silence_ratio", "tempo_bpm", "energy", "noise_ratio", "words")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {
        "unfused": tiny_clap(tmp_path_factory.mktemp("unfused")),
        "fused": tiny_clap(tmp_path_factory.mktemp("fused"), fused=True),
    }


@pytest.fixture(scope="module")
def load(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Clap]:
    cache = tmp_path_factory.mktemp("derived")

    def make(kind: str = "unfused", **options: object) -> Clap:
        given = ClapOptions.model_validate({"batch": 2} | options)
        return Clap(folders[kind], IDENTITY, given, cache=cache / kind)

    return make


def tones(seconds: float, *hertz: float) -> np.ndarray:
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (0.2 * sum(np.sin(2 * np.pi * one * time) for one in hertz)).astype(np.float32)


def melody(seconds: float) -> np.ndarray:
    notes = [tones(0.4, hertz) for hertz in (262, 330, 392, 523, 440, 349)]
    return np.tile(np.concatenate(notes), 1 + int(seconds / 2.4))[: int(seconds * SAMPLE_RATE)]


@pytest.mark.parametrize("kind", ["unfused", "fused"])
@pytest.mark.parametrize("seconds", [0.0, 0.001, 3.0, 25.0])
def test_audio_of_any_length_becomes_a_unit_vector(kind: str, seconds: float, load: Callable[..., Clap]) -> None:
    engine = load(kind)
    vector = np.array(engine.listen(tones(seconds, 440.0)).vector)
    assert vector.shape == (engine.dim,) == (24,)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("kind", ["unfused", "fused"])
def test_the_same_audio_gives_the_same_profile_again(kind: str, load: Callable[..., Clap]) -> None:
    audio = melody(25.0)
    assert load(kind).listen(audio) == load(kind).listen(audio)


@pytest.mark.parametrize("kind", ["unfused", "fused"])
def test_a_window_does_not_depend_on_those_it_is_batched_with(kind: str, load: Callable[..., Clap]) -> None:
    together, alone = load(kind, batch=4), load(kind, batch=1)
    audio = np.concatenate([tones(10, 200.0), tones(10, 3000.0), melody(10)])
    assert together.listen(audio).vector == pytest.approx(alone.listen(audio).vector, abs=1e-5)


def test_tempo_energy_and_shares_are_those_of_the_librosa_profile(load: Callable[..., Clap]) -> None:
    audio, voiced = melody(12.0), ((1.0, 3.0),)
    ours, measured = load().listen(audio, voiced=voiced), LibrosaProfile(IDENTITY).listen(audio, voiced=voiced)
    assert [getattr(ours, name) for name in MEASURES] == [getattr(measured, name) for name in MEASURES]


def test_resampling_to_48_khz_keeps_a_tone_and_adds_none(load: Callable[..., Clap]) -> None:
    engine: Any = load()
    ((start, samples),) = engine._windows(tones(4.0, 5000.0))
    assert (start, len(samples)) == (0.0, 4 * 48_000)
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / 48_000)
    assert hertz[power.argmax()] == pytest.approx(5000.0, abs=1.0)
    # The image of 5 kHz would lie at 11 kHz.
    assert power[hertz > 8000].sum() / power.sum() < 1e-8


def test_windows_follow_each_other_and_a_short_rest_is_left_out(load: Callable[..., Clap]) -> None:
    engine: Any = load()
    assert [start for start, _ in engine._windows(tones(20.5, 440.0))] == [0.0, 10.0]
    assert [start for start, _ in engine._windows(tones(21.5, 440.0))] == [0.0, 10.0, 20.0]
    spread = [start for start, _ in engine._windows(np.zeros(900 * SAMPLE_RATE, np.float32))]
    assert (len(spread), spread[0], spread[-1]) == (30, 0.0, 890.0)


def test_events_have_names_in_both_languages_and_times_inside_the_audio(
    load: Callable[..., Clap], tmp_path: Path
) -> None:
    names = tmp_path / "names.yaml"
    names.write_text("{events: [[rain, 雨声], [a dog, 狗]], music_moods: [[calm music, 平静的音乐]]}", encoding="utf-8")
    profile = load(vocabulary=str(names)).listen(melody(25.0))
    assert profile.events
    for event in profile.events:
        assert (event.name, event.name_zh) in {("rain", "雨声"), ("a dog", "狗")}
        assert 0.0 <= event.start < event.end <= 25.0
        assert 0.3 <= event.probability <= 1.0
    assert profile.events[0].text.startswith("sounds like ")
    assert [mood.name for mood in profile.music_moods] == ["calm music"]


def test_what_goes_on_over_neighbouring_windows_is_one_event(load: Callable[..., Clap], tmp_path: Path) -> None:
    names = tmp_path / "names.yaml"
    names.write_text("{events: [[rain, 雨声]], music_moods: [[calm music, 平静的音乐]]}", encoding="utf-8")
    (event,) = load(vocabulary=str(names)).listen(melody(25.0)).events
    assert (event.start, event.end, event.probability) == (0.0, 25.0, 1.0)


def test_nothing_is_heard_in_silence(load: Callable[..., Clap]) -> None:
    profile = load().listen(np.zeros(5 * SAMPLE_RATE, np.float32))
    assert (profile.words, profile.events, profile.music_moods) == ("silence", (), ())


def test_cosines_and_scale_give_the_logits_of_the_models_own_forward_pass(
    folders: dict[str, Path], load: Callable[..., Clap]
) -> None:
    engine: Any = load()
    ((_, samples),) = engine._windows(melody(8.0))
    model = ClapModel.from_pretrained(folders["unfused"]).eval()
    heard = AutoFeatureExtractor.from_pretrained(folders["unfused"])(samples, sampling_rate=48_000, return_tensors="pt")
    texts = ["rain", "a dog barks"]
    read = AutoTokenizer.from_pretrained(folders["unfused"])(texts, padding=True, return_tensors="pt")
    read.pop("token_type_ids", None)
    with torch.inference_mode():
        theirs = model(**heard, **read).logits_per_audio.numpy()
    assert engine._scale * engine._embed([samples]) @ engine.embed_texts(texts).T == pytest.approx(theirs, abs=2e-3)


def test_texts_are_embedded_alike_alone_and_in_a_batch(load: Callable[..., Clap]) -> None:
    engine, texts = load(), ["rain", "a dog barks in the street", "x"]
    vectors = engine.embed_texts(texts)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert vectors == pytest.approx(np.concatenate([engine.embed_texts([text]) for text in texts]), abs=1e-5)
    assert engine.embed_texts([]).shape == (0, 24)


def test_half_precision_gives_nearly_the_same_direction(load: Callable[..., Clap]) -> None:
    audio = melody(12.0)
    assert float(np.dot(load().listen(audio).vector, load(dtype="bfloat16").listen(audio).vector)) > 0.99


def test_a_model_of_another_kind_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="type 'clip'; the engine clap takes 'clap'"):
        Clap(tiny_clip(tmp_path), IDENTITY, ClapOptions(), cache=tmp_path)


def test_a_vocabulary_that_is_none_is_named(load: Callable[..., Clap], tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text("events: []")
    with pytest.raises(ProfileInvalid, match=r"option 'vocabulary': .*wrong\.yaml"):
        load(vocabulary=str(tmp_path / "wrong.yaml"))
