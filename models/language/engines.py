"""The language engines there are. Imports are inside: a role that is not used costs nothing."""

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
    TorchOptions,
    takes,
)


class LlamaCppOptions(EngineOptions):
    """`slots` requests are decoded together; `context` tokens are shared among them."""

    context: int = Field(default=4096, ge=256)
    slots: int = Field(default=1, ge=1)


class OpenAiOptions(EngineOptions):
    """`model` is its name at the server, `revision` whatever tells its weights from others of that name.

    The key comes from the environment variable `key_variable`; `REELWISE_LANGUAGE_BASE_URL` goes before `base_url`.
    `json_schema`: "auto" falls back to asking for JSON in words where the server refuses or ignores a schema,
    "required" makes a refusal an error, "off" never sends one. An answer that does not fit is sent back `repairs`
    times. `thinking` "off" asks the chat template to leave thoughts out (vLLM, SGLang, llama.cpp). Images have at most
    `image_side` pixels a side and `images_mib` MiB together. Times are seconds; `deadline_s` is for all tries.
    """

    neutral: ClassVar[frozenset[str]] = frozenset(
        {
            "base_url", "key_variable", "connect_s", "read_s", "deadline_s", "retries", "concurrency", "answer_mib",
            "images_mib", "max_tokens_field",
        }
    )  # fmt: skip

    model: str = Field(min_length=1)
    revision: str = ""
    base_url: str = "http://127.0.0.1:8000/v1"
    key_variable: str = Field(default="REELWISE_LANGUAGE_API_KEY", pattern="^[A-Z][A-Z0-9_]*$")
    json_schema: Literal["auto", "required", "off"] = "auto"
    repairs: int = Field(default=2, ge=0, le=5)
    temperature: float = Field(default=0.0, ge=0.0, le=2.0)
    thinking: Literal["default", "off"] = "default"
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    image_side: int = Field(default=768, ge=64)
    image_quality: int = Field(default=85, ge=1, le=95)
    images_mib: float = Field(default=16.0, gt=0)
    connect_s: float = Field(default=5.0, gt=0)
    read_s: float = Field(default=120.0, gt=0)
    deadline_s: float = Field(default=300.0, gt=0)
    retries: int = Field(default=4, ge=0)
    concurrency: int = Field(default=8, ge=1)
    answer_mib: float = Field(default=4.0, gt=0)


class TransformersChatOptions(TorchOptions):
    """Prompt and answer have at most `context` tokens together, images at most `image_side` pixels a side.

    One request is decoded at a time. On a GPU prefer `dtype` bfloat16 for models trained in it, such as Qwen's.
    """

    batch: Literal[1] = 1
    context: int = Field(default=8192, ge=256)
    image_side: int = Field(default=768, ge=32)


def _llama(inputs: BuildInputs[LlamaCppOptions]) -> Any:
    from models.language.xllamacpp import LlamaCpp

    return LlamaCpp(
        inputs.weights_file("*.gguf"),
        inputs.identity,
        context=inputs.options.context,
        slots=inputs.options.slots,
        threads=inputs.threads,
    )


def _transformers(inputs: BuildInputs[TransformersChatOptions]) -> Any:
    from models.language.transformers_chat import TransformersChat

    return TransformersChat(inputs.weights(), inputs.identity, inputs.options, threads=inputs.threads)


def _openai(inputs: BuildInputs[OpenAiOptions]) -> Any:
    from models.language.openai_chat import OpenAiChat

    return OpenAiChat(inputs.options, inputs.identity)


def _probe_openai(options: OpenAiOptions) -> str:
    from models.language.openai_chat import probe

    return probe(options)


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
    "transformers": EngineSpec(
        version=1,
        options=TransformersChatOptions,
        build=_transformers,
        lanes=frozenset({EngineLane.DESCRIBE}),
        # Files hold bfloat16: twice that on the CPU. The allowance is a guess: no model of real size was run.
        memory=takes(cpu=2.0, gpu=1.0, working_gib=2.0),
        tested=Tested.TINY,
        modules=("transformers", "torch", "llguidance"),
        install="reelwise[standard]",
        weights=(
            KnownWeights("qwen3-4b-instruct-2507", "Apache-2.0", hub="Qwen/Qwen3-4B-Instruct-2507"),
            KnownWeights("qwen3-vl-8b-instruct", "Apache-2.0", hub="Qwen/Qwen3-VL-8B-Instruct"),
        ),
        sees=True,
    ),
    "openai": EngineSpec(
        version=1,
        options=OpenAiOptions,
        build=_openai,
        lanes=frozenset({EngineLane.DESCRIBE}),
        # The model's memory is the server's; this is for pictures and answers on their way.
        memory=takes(cpu=1.0, gpu=None, working_gib=0.1),
        tested=Tested.REAL,
        modules=("httpx",),
        install="httpx",
        sees=True,
        named_by="model",
        probe=_probe_openai,
    ),
}
