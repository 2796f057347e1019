"""The speech engines there are. Imports are inside: a role that is not used costs nothing."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from models.engine_spec import (
    BuildInputs,
    EngineLane,
    EngineOptions,
    EngineSpec,
    KnownWeights,
    Tested,
    TorchDevice,
    takes,
)


class FasterWhisperOptions(EngineOptions):
    """`compute_type` is CTranslate2's: int8 for the CPU, float16 for a GPU, "default" for the one of the weights.

    With a `batch` above 1, audio with `batch_from_s` seconds of speech or more is decoded so many windows at once.
    """

    neutral: ClassVar[frozenset[str]] = frozenset({"device"})

    compute_type: Literal["default", "int8", "int8_float16", "int8_float32", "float16", "bfloat16", "float32"] = "int8"
    beam_size: int = Field(default=5, ge=1)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    batch: int = Field(default=1, ge=1)
    batch_from_s: float = Field(default=120.0, ge=30.0)


class OpenAiWhisperOptions(EngineOptions):
    """`beam_size` hypotheses are kept. `dtype` "auto" computes in float16 on a GPU and in float32 on the CPU."""

    neutral: ClassVar[frozenset[str]] = frozenset({"device"})

    device: TorchDevice = "auto"
    dtype: Literal["auto", "float32", "float16"] = "auto"
    beam_size: int = Field(default=5, ge=1)


def _faster_whisper(inputs: BuildInputs[FasterWhisperOptions]) -> Any:
    from models.speech.faster_whisper import FasterWhisper

    return FasterWhisper(inputs.weights(), inputs.identity, inputs.options, cpu_threads=inputs.threads)


def _openai_whisper(inputs: BuildInputs[OpenAiWhisperOptions]) -> Any:
    from models.speech.openai_whisper import OpenAiWhisper

    return OpenAiWhisper(inputs.weights_file("*.pt"), inputs.identity, inputs.options, threads=inputs.threads)


SPEECH_ENGINES: dict[str, EngineSpec[Any]] = {
    "faster-whisper": EngineSpec(
        version=2,
        options=FasterWhisperOptions,
        build=_faster_whisper,
        lanes=frozenset({EngineLane.PERCEIVE}),
        # int8 halves a float16 file on the CPU; on a GPU the file's own type is kept.
        memory=takes(cpu=1.0, gpu=1.0, working_gib=0.6),
        tested=Tested.REAL,
        modules=("faster_whisper", "ctranslate2"),
        install="faster-whisper",
        weights=(
            KnownWeights("whisper-base-ct2", "MIT", 147_882_941),
            KnownWeights(
                "whisper-large-v3-turbo-ct2", "MIT", 1_614_000_000, hub="mobiuslabsgmbh/faster-whisper-large-v3-turbo"
            ),
        ),
    ),
    "openai-whisper": EngineSpec(
        version=1,
        options=OpenAiWhisperOptions,
        build=_openai_whisper,
        lanes=frozenset({EngineLane.PERCEIVE}),
        # Files hold float16; the package keeps float32 and casts as it goes.
        memory=takes(cpu=2.0, gpu=2.0, working_gib=1.0),
        tested=Tested.REAL,
        modules=("whisper", "torch", "faster_whisper"),
        install="reelwise[standard]",
        weights=(
            KnownWeights("whisper-large-v3-turbo", "MIT", hub="openai/whisper (its own list of checkpoints)"),
            KnownWeights("whisper-base", "MIT", hub="openai/whisper (its own list of checkpoints)"),
        ),
    ),
}
