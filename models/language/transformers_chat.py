"""Chat models in process by `transformers`: text models, and those that see, held to a JSON schema while they decode.

The schema becomes a grammar whose allowed next tokens are computed at each step (llguidance); everything else is ruled
out before the likeliest is taken.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import EngineUnavailable, ModelError
from models.identity import ModelIdentity
from models.language.base import Completion
from models.language.chat import AnswerInvalid, read_answer, turns
from models.language.engines import TransformersChatOptions
from models.language.pictures import shrunk
from models.metering import count_tokens
from models.torch_loading import check_folder, load_model, load_part, torch_device, torch_dtype

try:
    import llguidance
    import llguidance.hf
    import llguidance.torch
    import torch
    from transformers import (
        AutoConfig,
        AutoModelForCausalLM,
        AutoModelForImageTextToText,
        AutoProcessor,
        AutoTokenizer,
        LogitsProcessor,
    )
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING
except ImportError as error:
    raise EngineUnavailable("transformers or llguidance is missing; run: pip install 'reelwise[standard]'") from error


class TransformersChat:
    """Greedy decoding, one request at a time. Thinking is left out where the chat template knows how.

    Whether it sees, the architecture says: one that transformers knows for images and text is given frames.
    """

    def __init__(
        self, folder: Path, identity: ModelIdentity, options: TransformersChatOptions, *, threads: int = 0
    ) -> None:
        if threads:
            torch.set_num_threads(threads)
        check_folder(folder)
        self._identity, self._options = identity, options
        self._device = torch_device(options.device)
        dtype = torch_dtype(options, self._device)
        self._sees = type(load_part(AutoConfig, folder, "configuration")) in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING
        try:
            self._chat = load_part(AutoProcessor if self._sees else AutoTokenizer, folder, "chat processor")
        except ImportError as error:
            raise EngineUnavailable(
                f"the processor of {folder} needs a package that is not here: {error}; pip install torchvision, in the "
                "release that goes with the PyTorch that is installed, or serve the model by the engine openai"
            ) from error
        if not self._chat.chat_template:
            raise ModelError(f"{folder} has no chat template: choose an instruction-tuned model")
        tokenizer = self._chat.tokenizer if self._sees else self._chat
        self._model = load_model(
            AutoModelForImageTextToText if self._sees else AutoModelForCausalLM, folder, dtype, self._device
        )
        self._ends = _ends(self._model, tokenizer)
        try:
            self._grammar_tokens = llguidance.hf.from_tokenizer(tokenizer, eos_token=self._ends)
        except ValueError as error:
            raise ModelError(f"{folder} cannot be held to a JSON schema: its tokenizer {error}") from error
        self._tokenizer = tokenizer
        self._lock = threading.Lock()

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
        name = self._identity.name
        if images and not self._sees:
            raise ModelError(f"{name} reads no images: set the profile's asking.images to 0, or choose one that does")
        mask = _SchemaMask(self._grammar_tokens, schema)
        with self._lock, torch.inference_mode():
            inputs = self._inputs(turns(system, examples, user), images)
            length = int(inputs["input_ids"].shape[1])
            if length + max_tokens > self._options.context:
                raise ModelError(
                    f"the prompt of {length} tokens and an answer of up to {max_tokens} do not fit {name}'s context of "
                    f"{self._options.context}; shorten it, show fewer or smaller images, or raise the option context"
                )
            made = self._model.generate(
                **inputs, max_new_tokens=max_tokens, do_sample=False, num_beams=1, temperature=None, top_p=None,
                top_k=None, eos_token_id=self._ends, pad_token_id=self._ends[0], logits_processor=[mask],
            )[0, length:].tolist()  # fmt: skip
        count_tokens(length, len(made))
        if mask.fault:
            raise ModelError(f"{name} cannot be held to this JSON schema: {mask.fault}")
        if not made or made[-1] not in self._ends:
            raise ModelError(f"{name} did not finish within {max_tokens} tokens; raise max_tokens")
        text = self._tokenizer.decode(made[:-1], skip_special_tokens=True, clean_up_tokenization_spaces=False)
        try:
            value = read_answer(text, schema)
        except AnswerInvalid as error:
            raise ModelError(f"{name} gave no usable answer: {error}") from error
        return Completion(value, length, len(made))

    def _inputs(self, messages: list[dict[str, Any]], images: Sequence[NDArray[np.uint8]]) -> Mapping[str, Any]:
        if self._sees:
            # Processors want every turn in parts as soon as one of them has pictures.
            for message in messages:
                message["content"] = [{"type": "text", "text": message["content"]}]
            pictures = [shrunk(image, self._options.image_side) for image in images]
            messages[-1]["content"] = [
                *({"type": "image", "image": picture} for picture in pictures),
                *messages[-1]["content"],
            ]
        thinks = "enable_thinking" in str(self._chat.chat_template)
        try:
            inputs = self._chat.apply_chat_template(
                messages,
                add_generation_prompt=True,
                tokenize=True,
                return_dict=True,
                return_tensors="pt",
                **({"enable_thinking": False} if thinks else {}),
            )
        except (ValueError, TypeError, RuntimeError) as error:
            raise ModelError(f"{self._identity.name}'s chat template cannot take the request: {error}") from error
        return {
            key: value.to(self._device, self._model.dtype) if value.is_floating_point() else value.to(self._device)
            for key, value in inputs.items()
            if isinstance(value, torch.Tensor)
        }


class _SchemaMask(LogitsProcessor):
    """Rules out each next token that the schema does not allow; for one sequence, from its first new token on."""

    def __init__(self, tokens: Any, schema: Mapping[str, Any]) -> None:
        # No spaces between tokens of JSON: they cost time and say nothing.
        grammar = llguidance.LLMatcher.grammar_from_json_schema(
            json.dumps(dict(schema)), overrides={"whitespace_flexible": False}
        )
        self._matcher = llguidance.LLMatcher(tokens, grammar, log_level=0)
        if self._matcher.is_error():
            raise ModelError(f"this JSON schema cannot be decoded to: {self._matcher.get_error()}")
        self._mask = llguidance.torch.allocate_token_bitmask(1, tokens.vocab_size)
        self._begun = False

    @property
    def fault(self) -> str:
        """What went wrong in the grammar, if something did."""
        return str(self._matcher.get_error()) if self._matcher.is_error() else ""

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Logits of shape (1, vocabulary), with those of forbidden tokens at minus infinity."""
        if self._begun:
            self._matcher.consume_token(int(input_ids[0, -1]))
        self._begun = True
        llguidance.torch.fill_next_token_bitmask(self._matcher, self._mask, 0)
        llguidance.torch.apply_token_bitmask_inplace(scores, self._mask.to(scores.device))
        return scores


def _ends(model: Any, tokenizer: Any) -> list[int]:
    """Ids of the tokens that end an answer."""
    named = model.generation_config.eos_token_id
    found = named if isinstance(named, list) else [named]
    ends = [int(one) for one in (*found, tokenizer.eos_token_id) if one is not None]
    if not ends:
        raise ModelError("neither the model nor its tokenizer names a token that ends an answer")
    return list(dict.fromkeys(ends))
