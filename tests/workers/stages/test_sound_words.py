"""The sound is said in words, in both languages, and as the evidence line says it."""

from __future__ import annotations

import numpy as np
import pytest

from models.identity import ModelIdentity
from models.sound.base import SoundProfile
from models.sound.librosa_profile import LibrosaProfile
from workers.stages.sound_words import sound_words


def profile(**changes) -> SoundProfile:
    plain = {"speech_ratio": 0.0, "music_ratio": 0.0, "silence_ratio": 0.0, "tempo_bpm": None, "energy": 0.5}
    return SoundProfile(**(plain | changes), vector=(1.0,), words="")


@pytest.mark.parametrize(
    ("changes", "en", "zh"),
    [
        ({"silence_ratio": 0.9}, "hardly any sound", "几乎没有声音"),
        ({"music_ratio": 0.8, "tempo_bpm": 70.0}, "slow music (70 beats a minute)", "慢节奏音乐（每分钟70拍）"),
        (
            {"music_ratio": 0.8, "tempo_bpm": 150.0, "speech_ratio": 0.2, "energy": 0.9},
            "some speech and loud fast music (150 beats a minute)",
            "有人说话、响亮的快节奏音乐（每分钟150拍）",
        ),
        ({"music_ratio": 0.8, "energy": 0.1}, "quiet music", "轻柔的音乐"),
        ({"tempo_bpm": 120.0}, "a mid-tempo beat (120 beats a minute)", "中速节拍（每分钟120拍）"),
        (
            {"noise_ratio": 0.9},
            "noise such as applause, a crowd, rain or an engine",
            "嘈杂声（掌声、人群、雨声或机器声之类）",
        ),
        ({"noise_ratio": 0.9, "speech_ratio": 0.6}, "mostly speech", "以说话为主"),
        ({}, "background sound only", "只有背景声"),
    ],
)
def test_sound_is_said_in_words(changes, en, zh) -> None:
    said = sound_words(profile(**changes))
    assert (said.en, said.zh) == (en, zh)


def test_both_speak_of_the_same_things() -> None:
    engine = LibrosaProfile(ModelIdentity("librosa-profile", "signal", "1"))
    heard = engine.listen((0.1 * np.random.default_rng(0).standard_normal(80_000)).astype(np.float32))
    assert "noise such as applause" in heard.words
    assert "noise such as applause" in sound_words(heard).en
