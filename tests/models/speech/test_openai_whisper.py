"""openai-whisper on the lite profile's own weights: what faster-whisper hears, in the same shape."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import jiwer
import numpy as np
import pytest
import torch

from models.errors import ModelError
from models.identity import ModelIdentity
from models.runtime import Runtime
from models.speech.base import SAMPLE_RATE, Transcript
from models.speech.engines import OpenAiWhisperOptions
from models.speech.openai_whisper import OpenAiWhisper, _NoRepeat
from models.weights.fetch import path_of
from services.settings import Settings
from tests.whisper_checkpoint import openai_checkpoint

pytestmark = pytest.mark.models
IDENTITY = ModelIdentity("openai-whisper", "whisper-base", "1")


@pytest.fixture(scope="module")
def engine(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> OpenAiWhisper:
    folder = path_of("whisper-base-ct2", Settings().models_dir)
    checkpoint = openai_checkpoint(folder, tmp_path_factory.mktemp("whisper") / "base.pt")
    return OpenAiWhisper(checkpoint, IDENTITY, OpenAiWhisperOptions())


def plain(transcript: Transcript) -> str:
    return "".join(letter for letter in transcript.text.lower() if letter.isalnum() or letter == " ")


def test_both_engines_hear_the_same_english_words_at_the_same_times(
    engine: OpenAiWhisper, runtime: Runtime, spoken: Callable[..., np.ndarray]
) -> None:
    audio = spoken("The weather is beautiful today. Let us walk to the river.")
    here, there = engine.transcribe(audio), runtime.speech.transcribe(audio)
    assert (here.language, here.voiced) == (there.language, there.voiced) == ("en", there.voiced)
    assert jiwer.wer(plain(there), plain(here)) <= 0.1
    ours, theirs = ([word for part in found.segments for word in part.words] for found in (here, there))
    starts = {word.text.strip().lower(): word.start for word in theirs}
    apart = [
        abs(word.start - starts[word.text.strip().lower()]) for word in ours if word.text.strip().lower() in starts
    ]
    assert len(apart) >= 8
    assert float(np.median(apart)) < 0.3
    assert all(0 <= word.start <= word.end <= len(audio) / SAMPLE_RATE for word in ours)


@pytest.mark.shared
@pytest.mark.parametrize("file", ["chinese.flac", "aishell-BAC009S0724W0121.wav"])
def test_both_engines_write_the_same_simplified_mandarin(
    file: str, engine: OpenAiWhisper, runtime: Runtime, shared: Path, listened: Callable[[Path], np.ndarray]
) -> None:
    audio = listened(shared / "media/speech" / file)
    here, there = engine.transcribe(audio), runtime.speech.transcribe(audio)
    assert here.language == there.language == "zh"
    assert jiwer.cer(plain(there), plain(here)) <= 0.1


def test_speech_around_a_long_silence_is_found_at_its_times(
    engine: OpenAiWhisper, spoken: Callable[..., np.ndarray]
) -> None:
    said = spoken("The weather is beautiful today.")
    audio = np.concatenate([said, np.zeros(35 * SAMPLE_RATE, np.float32), said])
    transcript = engine.transcribe(audio)
    assert transcript.text.lower().count("beautiful") == 2
    assert transcript.segments[-1].start > 35


@pytest.mark.parametrize("seconds", [0.0, 5.0])
def test_where_there_is_no_voice_nothing_is_heard(engine: OpenAiWhisper, seconds: float) -> None:
    noise = np.random.default_rng(0).standard_normal(int(seconds * SAMPLE_RATE)).astype(np.float32) * 0.1
    assert engine.transcribe(noise) == Transcript(None, 0.0, (), ())


def test_a_run_of_three_tokens_is_not_completed_a_second_time() -> None:
    logits = torch.zeros(2, 10)
    tokens = torch.tensor([[9, 1, 2, 3, 4, 1, 2], [9, 1, 2, 8, 4, 1, 2]])
    _NoRepeat(3, begin=1, end_of_text=7).apply(logits, tokens)
    assert torch.isinf(logits).nonzero().tolist() == [[0, 3]]  # 8 ends the text, and may come again


def test_a_file_that_is_no_checkpoint_is_named(tmp_path: Path) -> None:
    (tmp_path / "odd.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(ModelError, match=r"odd\.pt is no checkpoint of openai-whisper"):
        OpenAiWhisper(tmp_path / "odd.pt", IDENTITY, OpenAiWhisperOptions())


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (tmp_path / "ran",))

    torch.save({"dims": Evil(), "model_state_dict": {}}, tmp_path / "evil.pt")
    with pytest.raises(ModelError, match=r"evil\.pt is no checkpoint"):
        OpenAiWhisper(tmp_path / "evil.pt", IDENTITY, OpenAiWhisperOptions())
    assert not (tmp_path / "ran").exists()
