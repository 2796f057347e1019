"""How large a sequence model is: what training and requests must agree on."""

from __future__ import annotations

from dataclasses import dataclass

LENGTH = 50
"""Most videos of a viewer's past that are looked at, the latest."""

SPREAD = 10.0
"""Unit vectors are stretched by this: their single numbers are a twentieth, and a linear layer expects about 1."""


@dataclass(frozen=True, slots=True)
class SequenceShape:
    """`dim`: numbers of a content vector; `width`: of a state and of a video within. Dropout is of training alone."""

    dim: int
    width: int = 64
    layers: int = 1
    heads: int = 2
    dropout: float = 0.3
