"""What a piece of work costs in models: seconds in each role's engine, and tokens. A stage runs under a meter.

The meter belongs to the thread of the work (a context variable); engines count into it without knowing it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from models.profile import Role


@dataclass(slots=True)
class Meter:
    """Sums up what models did for one piece of work. `seconds` is the wall clock of calls, by role."""

    seconds: dict[Role, float] = field(default_factory=dict)
    prompt_tokens: int = 0
    completion_tokens: int = 0


_CURRENT: ContextVar[Meter | None] = ContextVar("meter", default=None)


@contextmanager
def metering() -> Iterator[Meter]:
    """Count what models do inside, in this thread."""
    meter = Meter()
    token = _CURRENT.set(meter)
    try:
        yield meter
    finally:
        _CURRENT.reset(token)


def count_seconds(role: Role, seconds: float) -> None:
    """A call into a role's engine took so long."""
    if (meter := _CURRENT.get()) is not None:
        meter.seconds[role] = meter.seconds.get(role, 0.0) + seconds


def count_tokens(prompt: int, completion: int) -> None:
    """A language model read and wrote so many tokens, whatever became of the answer."""
    if (meter := _CURRENT.get()) is not None:
        meter.prompt_tokens += prompt
        meter.completion_tokens += completion
