"""Lets whoever wants to know watch how models are called, without the models knowing who that is."""

from __future__ import annotations

from collections.abc import Callable

BatchObserver = Callable[[str, int], None]
"""Called with an engine's name and the number of inputs of one call, from any thread; must be quick and not fail."""


def _nobody(_engine: str, _size: int) -> None:
    """Nobody watches."""


_observer: BatchObserver = _nobody


def observe_batches(observer: BatchObserver) -> None:
    """Tell `observer` of every call of a model from now on, in place of the one before."""
    global _observer
    _observer = observer


def batch_called(engine: str, size: int) -> None:
    """A model is called with so many inputs at once."""
    _observer(engine, size)
