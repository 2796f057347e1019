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
    """`value` is the parsed JSON object, valid against the schema that was asked for."""

    value: Mapping[str, Any]
    prompt_tokens: int
    completion_tokens: int


class LanguageEngine(Protocol):
    """Answers in JSON that the schema allows. Raises `ModelError` when it cannot."""

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
