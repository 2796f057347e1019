"""llama.cpp in process (xllamacpp): a GGUF model on the CPU, held to a JSON schema while it decodes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import EngineUnavailable, ModelError
from models.identity import ModelIdentity
from models.language.base import Completion
from models.language.chat import AnswerInvalid, read_answer, turns
from models.metering import count_tokens


class LlamaCpp:
    """Greedy decoding, so the same evidence gives the same words. The prompt's common prefix stays in the KV cache.

    `slots` requests are decoded together; `context` tokens are shared among them.
    """

    def __init__(
        self, gguf: Path, identity: ModelIdentity, *, context: int = 4096, slots: int = 1, threads: int = 0
    ) -> None:
        try:
            import xllamacpp
        except ImportError as error:
            raise EngineUnavailable("xllamacpp is not installed; run: pip install xllamacpp") from error
        params = xllamacpp.CommonParams()
        params.model.path = str(gguf)
        params.n_ctx = context
        params.n_parallel = slots
        params.verbosity = -1
        count = threads or os.cpu_count() or 1
        params.cpuparams.n_threads = count
        params.cpuparams_batch.n_threads = count
        self._context = context // slots
        self._server = xllamacpp.Server(params)
        self._identity = identity

    @property
    def identity(self) -> ModelIdentity:
        """Which weights, and what changes their output."""
        return self._identity

    def complete(
        self,
        *,
        system: str,
        user: str,
        schema: Mapping[str, Any],
        max_tokens: int,
        examples: Sequence[tuple[str, str]] = (),
        images: Sequence[NDArray[np.uint8]] = (),
    ) -> Completion:
        """Answer as JSON. Raises `ModelError` where the prompt is too long, or the answer is cut off or invalid."""
        if images:
            raise ModelError(f"{self._identity.name} reads no images; choose a vision-language engine in the profile")
        request = {
            "messages": turns(system, examples, user),
            "max_tokens": max_tokens,
            "temperature": 0,
            "cache_prompt": True,
            "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": dict(schema)}},
        }
        try:
            answer = self._server.handle_chat_completions(request)
        except ValueError as error:
            raise ModelError(f"{self._identity.name} cannot take the request: {error}") from error
        if "choices" not in answer:
            raise ModelError(self._refusal(answer))
        choice, usage = answer["choices"][0], answer["usage"]
        count_tokens(int(usage["prompt_tokens"]), int(usage["completion_tokens"]))
        if choice.get("finish_reason") == "length":
            raise ModelError(self._cut(usage, max_tokens))
        try:
            value = read_answer(choice["message"]["content"], schema)
        except AnswerInvalid as error:
            raise ModelError(f"{self._identity.name} gave no usable answer: {error}") from error
        return Completion(value, int(usage["prompt_tokens"]), int(usage["completion_tokens"]))

    def _refusal(self, answer: Mapping[str, Any]) -> str:
        found = answer.get("error", answer)
        if isinstance(found, Mapping) and found.get("type") == "exceed_context_size_error":
            return (
                f"the prompt of {found['n_prompt_tokens']} tokens does not fit {self._identity.name}'s context of "
                f"{self._context}; shorten it, or raise the profile's option context (it is shared among slots)"
            )
        return f"{self._identity.name} refused the request: {found}"

    def _cut(self, usage: Mapping[str, Any], max_tokens: int) -> str:
        if int(usage["completion_tokens"]) < max_tokens:
            return (
                f"the answer of {self._identity.name} did not fit its context of {self._context} tokens after a prompt "
                f"of {usage['prompt_tokens']}; shorten the prompt, or raise the profile's option context"
            )
        return f"{self._identity.name} did not finish within {max_tokens} tokens; raise max_tokens"
