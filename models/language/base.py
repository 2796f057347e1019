"""Language: a chat and a JSON schema in, JSON out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from models.identity import ModelIdentity


@dataclass(frozen=True, slots=True)
class Completion:
    """`value` is the parsed JSON object, valid against the schema that was asked for.

    Tokens are those of all the tries it took. `notes` say, in words for people, how it came about where that matters.
    """

    value: Mapping[str, Any]
    prompt_tokens: int
    completion_tokens: int
    notes: tuple[str, ...] = ()


class LanguageEngine(Protocol):
    """Answers in JSON that the schema allows. Raises `ModelError` when it cannot.

    Of these, `ModelUnavailable` says that the same question may be answered later, and `EndpointMisconfigured` that no
    question will be until somebody has changed something.
    """

    @property
    def identity(self) -> ModelIdentity:
        """Which weights and code, and what changes their output."""
        ...

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
        """`examples` are earlier turns (user text, JSON answer) that show what is wanted."""
        ...
