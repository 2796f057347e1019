from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest
import zhconv

import models.speech.faster_whisper as engine_module
from models.runtime import Runtime
from models.speech.base import SAMPLE_RATE, Transcript
from models.speech.engines import FasterWhisperOptions
from models.speech.faster_whisper import FasterWhisper
from models.speech.languages import LanguagePrior
from models.weights.fetch import path_of
from services.settings import Settings

pytestmark = pytest.mark.models
TIME = np.arange(6 * SAMPLE_RATE) / SAMPLE_RATE


def music() -> np.ndarray:
    notes = [
        np.sin(2 * np.pi * hertz * TIME[:8000]) * np.exp(-3 * TIME[:8000]) for hertz in (262, 330, 392, 523, 392, 330)
    ]
    return np.tile(np.concatenate(notes), 2)


NOT_SPEECH = {
    "nothing": np.zeros(0),
    "one sample": np.ones(1),
    "silence": np.zeros(5 * SAMPLE_RATE),
    "white noise": np.random.default_rng(0).standard_normal(5 * SAMPLE_RATE) * 0.1,
    "a low tone": 0.3 * np.sin(2 * np.pi * 150 * TIME),
    "a high tone": 0.3 * np.sin(2 * np.pi * 1000 * TIME),
    "made-up music": 0.2 * music(),
}


MANDARIN = "media/speech/aishell-BAC009S0724W0121.wav"
"""A person's voice: how Whisper hears a synthetic one in Mandarin is another thing on every processor."""


def assert_times_run_forward(transcript: Transcript, audio: np.ndarray) -> None:
    times = [time for part in transcript.segments for word in part.words for time in (word.start, word.end)]
    assert times
    assert times == sorted(times)
    assert times[0] >= 0.0
    assert times[-1] <= len(audio) / SAMPLE_RATE


def test_an_english_sentence_is_written_down_with_times(runtime: Runtime, spoken: Callable[..., np.ndarray]) -> None:
    audio = spoken("The weather is beautiful today. Let us walk to the river.")
    transcript = runtime.speech.transcribe(audio)
    assert transcript.language == "en"
    assert {"weather", "beautiful", "today", "river"} <= set(transcript.text.lower().replace(".", " ").split())
    assert sum(end - start for start, end in transcript.voiced) > 2.0
    assert_times_run_forward(transcript, audio)


@pytest.mark.shared
def test_a_mandarin_sentence_is_written_in_simplified_characters(
    runtime: Runtime, shared: Path, listened: Callable[[Path], np.ndarray]
) -> None:
    audio = listened(shared / MANDARIN)
    transcript = runtime.speech.transcribe(audio, prior=LanguagePrior(hint="zh-CN"))
    assert transcript.language == "zh"
    assert "广州市" in transcript.text
    assert zhconv.convert(transcript.text, "zh-cn") == transcript.text
    assert_times_run_forward(transcript, audio)


@pytest.mark.shared
def test_traditional_characters_become_simplified_in_text_and_words(
    runtime: Runtime, shared: Path, listened: Callable[[Path], np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Which script Whisper picks is chance; a prompt in traditional characters makes it pick those.
    model: Any = runtime.speech
    real_options, real_segments = engine_module._options, model._model.generate_segments
    heard: list[str] = []

    def in_traditional(*given: Any, **named: Any) -> Any:
        return replace(real_options(*given, **named), initial_prompt="請用繁體中文：廣州市的房地產協會。")

    def noted(*given: Any) -> Any:
        for item in real_segments(*given):
            heard.append(item.text)
            yield item

    monkeypatch.setattr(engine_module, "_options", in_traditional)
    monkeypatch.setattr(model._model, "generate_segments", noted)
    audio = listened(shared / MANDARIN)
    transcript = model.transcribe(audio, prior=LanguagePrior(hint="zh"))
    assert any(zhconv.convert(text, "zh-cn") != text for text in heard)
    words = "".join(word.text for part in transcript.segments for word in part.words)
    # The prompt may cost so much confidence that the sentence is only noted; that is written down alike.
    written = transcript.text + words + "".join(transcript.notes)
    assert "广州" in written
    assert zhconv.convert(written, "zh-cn") == written


@pytest.mark.parametrize("name", NOT_SPEECH)
def test_without_a_voice_nothing_is_written_and_whisper_does_not_run(
    name: str, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def must_not_run(*_: Any, **__: Any) -> None:
        raise AssertionError("Whisper was run on a sound without a voice")

    engine: Any = runtime.speech
    monkeypatch.setattr(engine._model, "encode", must_not_run)
    transcript = engine.transcribe(NOT_SPEECH[name].astype(np.float32))
    assert transcript == Transcript(None, 0.0, (), ())


def test_an_unknown_language_hint_leaves_the_language_to_be_heard(
    runtime: Runtime, spoken: Callable[..., np.ndarray]
) -> None:
    assert (
        runtime.speech.transcribe(spoken("Good morning everybody."), prior=LanguagePrior(hint="tlh")).language == "en"
    )


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "language", "words"),
    [
        ("jfk.flac", "en", ("fellow Americans", "your country")),
        ("chinese.flac", "zh", ("自己的脚",)),
        ("aishell-BAC009S0724W0121.wav", "zh", ("广州", "协会分析")),
        ("french.aiff", "fr", ("dictée",)),
    ],
)
def test_recorded_speech_is_written_down_in_its_language(
    file: str,
    language: str,
    words: tuple[str, ...],
    runtime: Runtime,
    shared: Path,
    listened: Callable[[Path], np.ndarray],
) -> None:
    audio = listened(shared / "media/speech" / file)
    transcript = runtime.speech.transcribe(audio)
    assert transcript.language == language
    assert [word for word in words if word not in transcript.text] == []
    assert_times_run_forward(transcript, audio)


@pytest.mark.shared
def test_speech_on_both_sides_of_a_long_silence_is_found_at_its_times_and_nothing_in_between(
    runtime: Runtime, shared: Path, listened: Callable[[Path], np.ndarray]
) -> None:
    speech = listened(shared / "media/speech/jfk.flac")
    silence = np.random.default_rng(0).standard_normal(40 * SAMPLE_RATE).astype(np.float32) * 1e-3
    audio = np.concatenate([speech, silence, speech])
    transcript = runtime.speech.transcribe(audio)
    assert transcript.text.lower().count("fellow americans") == 2
    assert [part for part in transcript.segments if 13 < (part.start + part.end) / 2 < 50] == []
    assert_times_run_forward(transcript, audio)


@pytest.mark.shared
def test_a_recording_is_in_its_language_whatever_hint_and_title_say(
    runtime: Runtime, shared: Path, listened: Callable[[Path], np.ndarray]
) -> None:
    audio = listened(shared / "media/speech/jfk.flac")
    assert runtime.speech.transcribe(audio, prior=LanguagePrior(script="zh", hint="zh")).language == "en"


def test_the_window_is_encoded_once(
    runtime: Runtime, spoken: Callable[..., np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    model: Any = runtime.speech
    real, runs = model._model.encode, []

    def counting(features: np.ndarray) -> Any:
        runs.append(1)
        return real(features)

    monkeypatch.setattr(model._model, "encode", counting)
    assert model.transcribe(spoken("The weather is beautiful today.")).text
    assert len(runs) == 1


def test_long_speech_decoded_in_batches_says_what_it_says_in_sequence(
    runtime: Runtime, spoken: Callable[..., np.ndarray]
) -> None:
    pause = np.zeros(SAMPLE_RATE, np.float32)
    said = [
        "The weather is beautiful today.", "Let us walk to the river and look at the boats.",
        "My sister bakes bread every morning.", "The museum opens at nine in the summer.",
        "He plays football with his friends after school.", "This train goes to London.",
    ]  # fmt: skip
    audio = np.concatenate([part for sentence in said * 2 for part in (spoken(sentence), pause)])
    in_sequence: Any = runtime.speech
    assert len(audio) > 35 * SAMPLE_RATE
    folder = path_of("whisper-base-ct2", Settings().models_dir)
    batched = FasterWhisper(folder, runtime.speech.identity, FasterWhisperOptions(batch=2, batch_from_s=30))
    here, there = batched.transcribe(audio), in_sequence.transcribe(audio)
    assert jiwer.wer(there.text.lower(), here.text.lower()) < 0.2
    assert len(here.segments) >= 10
    assert_times_run_forward(here, audio)
