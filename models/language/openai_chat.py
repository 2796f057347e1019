"""Any OpenAI-compatible server: vLLM, SGLang, llama.cpp's server, Ollama, a cloud."""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

import numpy as np
from numpy.typing import NDArray

from models.errors import EndpointMisconfigured, ModelError, RequestRefused
from models.identity import ModelIdentity
from models.language.base import Completion
from models.language.chat import AnswerInvalid, asked_again, read_answer, told_schema, turns
from models.language.endpoint import Endpoint, EndpointLimits
from models.language.pictures import jpeg_url
from models.metering import count_tokens

if TYPE_CHECKING:
    from models.language.engines import OpenAiOptions

logger = logging.getLogger(__name__)

BASE_URL_VARIABLE = "REELWISE_LANGUAGE_BASE_URL"
"""Where the server is, over what the profile says: the same profile serves on every machine."""

_SEES_NOTHING = re.compile(
    r"mmproj|not a multimodal|image input is not supported|not support (images?|vision|multimodal)|at most \d+ image",
    re.I,
)
"""How servers say that their model takes no pictures, or fewer."""

_MAY_BE_THE_SCHEMA = frozenset({400, 415, 422, 500, 501})


class OpenAiChat:
    """Asks a server for chat completions held to a JSON schema, with frames as JPEG data URLs.

    A server that cannot decode to a schema is told the schema in words; an answer that does not fit is sent back with
    what is wrong, `repairs` times. `Completion.notes` and the log say when that is so.
    """

    def __init__(self, options: OpenAiOptions, identity: ModelIdentity, *, endpoint: Endpoint | None = None) -> None:
        self._options = options
        self._identity = identity
        self._endpoint = endpoint or endpoint_of(options)
        self._checked = False
        self._check_lock = threading.Lock()
        self._decodes = options.json_schema != "off"
        self._tells = options.json_schema == "off"

    @property
    def identity(self) -> ModelIdentity:
        """Which model, by its name at the server, and what changes its output."""
        return self._identity

    def check(self) -> None:
        """Raise `EndpointMisconfigured` unless the server has the model, and `ModelUnavailable` if it is away."""
        with self._check_lock:
            if not self._checked:
                check_model(self._endpoint, self._options.model)
                self._checked = True

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
        """Answer as JSON; images come after the user's text."""
        self.check()
        told = turns(system, examples, user)
        if images:
            told[-1]["content"] = [{"type": "text", "text": told[-1]["content"]}, *self._pictures(images)]
        answered: list[dict[str, Any]] = []
        prompt_tokens = completion_tokens = 0
        for left in range(self._options.repairs, -1, -1):
            try:
                answer = self._ask(told, answered, system, schema, max_tokens)
            except RequestRefused as refused:
                if images and _SEES_NOTHING.search(str(refused)):
                    raise EndpointMisconfigured(
                        f"{refused}. {len(images)} images were sent: serve a vision-language model that takes so many, "
                        "or lower the profile's asking.images"
                    ) from refused
                raise
            used = _tokens(answer, "prompt_tokens"), _tokens(answer, "completion_tokens")
            count_tokens(*used)
            prompt_tokens, completion_tokens = prompt_tokens + used[0], completion_tokens + used[1]
            text = self._text(answer, max_tokens)
            try:
                value = read_answer(text, schema)
            except AnswerInvalid as fault:
                if not left:
                    raise ModelError(f"{self._name} gave no usable answer: {fault}{self._hint(answer)}") from fault
                self._not_held(f"an answer did not fit it: {fault}")
                answered += asked_again(text, fault)
                continue
            return Completion(value, prompt_tokens, completion_tokens, self._notes(len(answered) // 2))
        raise AssertionError("the last try returns or raises")

    @property
    def _name(self) -> str:
        return f"{self._options.model} at {self._endpoint.url}"

    def _ask(
        self,
        told: Sequence[Mapping[str, Any]],
        answered: Sequence[Mapping[str, Any]],
        system: str,
        schema: Mapping[str, Any],
        max_tokens: int,
    ) -> Mapping[str, Any]:
        def request(*, decodes: bool) -> dict[str, Any]:
            first = {**told[0], "content": told_schema(system, schema)} if self._tells or not decodes else told[0]
            asked: dict[str, Any] = {
                "model": self._options.model,
                "messages": [first, *told[1:], *answered],
                "temperature": self._options.temperature,
                self._options.max_tokens_field: max_tokens,
            }
            if decodes:
                named = {"name": "answer", "strict": True, "schema": dict(schema)}
                asked["response_format"] = {"type": "json_schema", "json_schema": named}
            if self._options.thinking == "off":
                asked["chat_template_kwargs"] = {"enable_thinking": False}
            return asked

        if not self._decodes:
            return self._endpoint.chat(request(decodes=False))
        try:
            return self._endpoint.chat(request(decodes=True))
        except RequestRefused as refused:
            if self._options.json_schema != "auto" or refused.status not in _MAY_BE_THE_SCHEMA:
                raise
            # Servers word it in many ways; whether the schema was the trouble shows when it is left out.
            answer = self._endpoint.chat(request(decodes=False))
            self._decodes = False
            self._not_held(f"it refuses requests with one ({refused})")
            return answer

    def _pictures(self, images: Sequence[NDArray[np.uint8]]) -> list[dict[str, Any]]:
        options = self._options
        urls = [jpeg_url(image, side=options.image_side, quality=options.image_quality) for image in images]
        size = sum(map(len, urls)) / 1024**2
        if size > options.images_mib:
            raise ModelError(
                f"{len(urls)} images of {size:.1f} MiB are more than images_mib allows ({options.images_mib:g}); lower "
                "the options image_side or image_quality or the profile's asking.images, or raise images_mib"
            )
        return [{"type": "image_url", "image_url": {"url": url}} for url in urls]

    def _text(self, answer: Mapping[str, Any], max_tokens: int) -> str:
        choice, message = _choice(answer)
        ended = choice.get("finish_reason")
        if ended == "length":
            raise ModelError(
                f"{self._name} did not finish within {max_tokens} tokens, or its context is full"
                f"{self._hint(answer) or '; shorten the prompt or raise the context length of the server'}"
            )
        if ended == "content_filter":
            raise ModelError(f"{self._name} refused to answer: its content filter stopped it")
        if refusal := message.get("refusal"):
            raise ModelError(f"{self._name} refused to answer: {refusal}")
        content = message.get("content")
        return content if isinstance(content, str) else ""

    @staticmethod
    def _hint(answer: Mapping[str, Any]) -> str:
        _, message = _choice(answer)
        thought = message.get("reasoning_content") or message.get("reasoning") or "<think>" in str(message)
        return "; it spent its tokens on thinking: set the option thinking to off" if thought else ""

    def _not_held(self, why: str) -> None:
        if not self._tells:
            self._tells = True
            logger.warning("%s does not hold answers to a JSON schema: %s", self._name, why)

    def _notes(self, repaired: int) -> tuple[str, ...]:
        if not self._tells:
            return ()
        said = f"{self._options.model} is not held to the JSON schema by its server; its answer was checked"
        again = {0: "", 1: ", and asked for once more"}.get(repaired, f", and asked for again {repaired} times")
        return (said + again,)


def _choice(answer: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The first choice of an answer and its message; empty where the server sent something else."""
    choices = answer.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    message = choice.get("message")
    return choice, message if isinstance(message, dict) else {}


def _tokens(answer: Mapping[str, Any], name: str) -> int:
    """A count of the answer's usage; 0 where the server does not count."""
    usage = answer.get("usage")
    count = usage.get(name) if isinstance(usage, dict) else None
    return count if isinstance(count, int) else 0


def endpoint_of(options: OpenAiOptions, limits: EndpointLimits | None = None) -> Endpoint:
    """The server that the options name, or the environment."""
    url = os.environ.get(BASE_URL_VARIABLE) or options.base_url
    parts = _parts(url)
    if (
        parts is None
        or parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.username
        or parts.password
        or parts.query
    ):
        raise EndpointMisconfigured(
            f"the base URL of the language model must look like http://host:8000/v1, without a user or a query; set "
            f"{BASE_URL_VARIABLE} or the option base_url (a key belongs into {options.key_variable})"
        )
    usual = EndpointLimits(
        connect_s=options.connect_s,
        read_s=options.read_s,
        deadline_s=options.deadline_s,
        retries=options.retries,
        concurrency=options.concurrency,
        answer_bytes=round(options.answer_mib * 1024**2),
    )
    whole = url.rstrip("/") if parts.path.strip("/") else f"{url.rstrip('/')}/v1"
    return Endpoint(whole, options.key_variable, limits or usual)


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        return parts if parts.port is None or parts.port else None
    except ValueError:  # a port that is no number, half an IPv6 address
        return None


def check_model(endpoint: Endpoint, model: str) -> None:
    """Raise `EndpointMisconfigured`, naming the models that are there, unless `model` is among them."""
    there = endpoint.models()
    if there is None:
        logger.info("%s has no list of models, so whether it has %s shows when it is asked", endpoint.url, model)
    elif model not in there:
        named = ", ".join(there[:10]) + (f" and {len(there) - 10} more" if len(there) > 10 else "")
        raise EndpointMisconfigured(
            f"{endpoint.url} has no model {model!r}; it has {named or 'none'}. Set the profile's option model to one "
            "of these, or start the server with this name (vLLM: --served-model-name, llama.cpp: --alias)"
        )


def probe(options: OpenAiOptions) -> str:
    """Ask the server once, without patience, whether it has the model; what it answers, in a sentence.

    Raises `ModelUnavailable` and `EndpointMisconfigured`.
    """
    quick = EndpointLimits(connect_s=min(3.0, options.connect_s), read_s=5.0, deadline_s=8.0, retries=0)
    endpoint = endpoint_of(options, quick)
    check_model(endpoint, options.model)
    return f"{endpoint.url} answers and has {options.model}"
