import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.identity import ModelIdentity
from models.sound.librosa_profile import LibrosaProfile
from models.speech.base import SAMPLE_RATE

SECONDS = 10
TIME = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
NOISE = np.random.default_rng(0).standard_normal(len(TIME))


@pytest.fixture(scope="module")
def engine() -> LibrosaProfile:
    return LibrosaProfile(ModelIdentity("librosa-profile", "signal", "1"))


def clicks(per_minute: float) -> np.ndarray:
    """Bursts of noise, 25 ms long, at a steady pace."""
    since = TIME % (60 / per_minute)
    return np.where(since < 0.025, NOISE * np.exp(-since / 0.005), 0.0).astype(np.float32) * 0.5


def chords() -> np.ndarray:
    """Four held chords that swell and fade: music without a beat."""
    quarter = TIME[: len(TIME) // 4]
    fade = np.sqrt(np.sin(np.pi * quarter / quarter[-1]).clip(0))
    roots = ((220, 277, 330), (196, 247, 294), (175, 220, 262), (165, 208, 247))
    return np.concatenate(
        [fade * sum(np.sin(2 * np.pi * hertz * quarter) for hertz in chord) * 0.1 for chord in roots]
    ).astype(np.float32)


def test_silence_is_called_silence(engine: LibrosaProfile) -> None:
    profile = engine.listen(np.zeros(5 * SAMPLE_RATE, np.float32))
    assert (profile.silence_ratio, profile.music_ratio, profile.speech_ratio, profile.energy) == (1.0, 0.0, 0.0, 0.0)
    assert profile.tempo_bpm is None
    assert profile.words == "silence"


def test_noise_is_neither_music_nor_speech_nor_silence(engine: LibrosaProfile) -> None:
    profile = engine.listen((0.1 * NOISE).astype(np.float32))
    assert (profile.music_ratio, profile.speech_ratio, profile.silence_ratio, profile.tempo_bpm) == (0, 0, 0, None)


@pytest.mark.parametrize("hertz", [60, 150, 440, 1000])
def test_a_steady_tone_is_no_music_and_has_no_beat(hertz: int, engine: LibrosaProfile) -> None:
    profile = engine.listen((0.3 * np.sin(2 * np.pi * hertz * TIME)).astype(np.float32))
    assert (profile.music_ratio, profile.tempo_bpm) == (0.0, None)


@pytest.mark.parametrize("per_minute", [80, 100, 120, 150])
def test_clicks_have_the_tempo_they_were_made_with_or_a_multiple(per_minute: int, engine: LibrosaProfile) -> None:
    tempo = engine.listen(clicks(per_minute)).tempo_bpm
    assert tempo is not None
    assert min(abs(tempo / (per_minute * factor) - 1) for factor in (0.5, 1, 2)) < 0.03


def test_held_chords_are_music_without_a_beat(engine: LibrosaProfile) -> None:
    profile = engine.listen(chords())
    assert profile.music_ratio > 0.7
    assert profile.tempo_bpm is None
    assert "music without a clear beat" in profile.words


def test_the_spans_of_a_voice_give_the_share_of_speech(engine: LibrosaProfile) -> None:
    profile = engine.listen((0.1 * NOISE).astype(np.float32), voiced=((1.0, 3.0), (5.0, 8.0)))
    assert profile.speech_ratio == pytest.approx(0.5)
    assert profile.words.startswith("mostly speech")


def test_a_spoken_sentence_is_not_music(engine: LibrosaProfile, spoken: Callable[..., np.ndarray]) -> None:
    audio = spoken("The weather is beautiful today. Let us walk to the river and feed the ducks.")
    assert engine.listen(audio, voiced=((0.0, len(audio) / SAMPLE_RATE),)).music_ratio < 0.2


@pytest.mark.parametrize("samples", [0, 1, 100, 2047, 2048, 16000])
def test_audio_of_any_length_has_a_unit_vector(samples: int, engine: LibrosaProfile) -> None:
    profile = engine.listen((0.1 * NOISE[:samples]).astype(np.float32))
    assert len(profile.vector) == engine.dim
    assert np.linalg.norm(profile.vector) == pytest.approx(1.0)
    assert 0.0 <= profile.silence_ratio <= 1.0


def test_like_sounds_lie_near_each_other(engine: LibrosaProfile) -> None:
    chord, louder, click = (
        np.array(engine.listen(audio).vector) for audio in (chords(), (chords() * 1.5).astype(np.float32), clicks(120))
    )
    assert chord @ louder > 0.95 > chord @ click


def test_the_middle_of_a_long_sound_is_read_with_its_own_voices(engine: LibrosaProfile) -> None:
    # 150 s: the middle two minutes begin at 15 s; a voice over the rest leaves only the chords there to be judged.
    audio = np.concatenate([np.zeros(15 * SAMPLE_RATE, np.float32), *[chords()] * 12, np.zeros(240_000, np.float32)])
    assert engine.listen(audio).music_ratio > 0.7
    assert engine.listen(audio, voiced=((15.0, 135.0),)).music_ratio < 0.2


def test_the_first_call_compiles_nothing(tmp_path: Path) -> None:
    code = (
        "import numpy as np\n"
        "from models.identity import ModelIdentity\n"
        "from models.sound.librosa_profile import LibrosaProfile\n"
        "LibrosaProfile(ModelIdentity('a', 'b', 'c')).listen(np.ones(32000, np.float32) * 0.1)\n"
    )
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}, cwd=Path.cwd()
    )
    assert [file.name for file in tmp_path.rglob("*.nb?")] == []
    assert time.monotonic() - started < 10
