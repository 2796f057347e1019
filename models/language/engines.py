"""The language engines there are. Imports are inside: a role that is not used costs nothing."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from models.engine_spec import BuildInputs, EngineLane, EngineOptions, EngineSpec, KnownWeights, Tested, takes


class LlamaCppOptions(EngineOptions):
    """`slots` requests are decoded together; `context` tokens are shared among them."""

    context: int = Field(default=4096, ge=256)
    slots: int = Field(default=1, ge=1)


def _llama(inputs: BuildInputs[LlamaCppOptions]) -> Any:
    from models.language.xllamacpp import LlamaCpp

    return LlamaCpp(
        inputs.weights_file("*.gguf"),
        inputs.identity,
        context=inputs.options.context,
        slots=inputs.options.slots,
        threads=inputs.threads,
    )


LANGUAGE_ENGINES: dict[str, EngineSpec[Any]] = {
    "llama.cpp": EngineSpec(
        version=1,
        options=LlamaCppOptions,
        build=_llama,
        lanes=frozenset({EngineLane.DESCRIBE}),
        memory=takes(cpu=1.0, gpu=None, working_gib=0.5),
        tested=Tested.REAL,
        modules=("xllamacpp",),
        install="xllamacpp",
        weights=(KnownWeights("qwen2.5-coder-0.5b-instruct-q4_k_m", "Apache-2.0", 491_400_064),),
    ),
}
