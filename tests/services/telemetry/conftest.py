"""Logs of the process as a list of JSON lines, and logging as it was afterwards."""

from __future__ import annotations

import io
import json
import logging
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from services.settings import Settings
from services.telemetry.logs import OURS, set_up_logging

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def log_to() -> Iterator[Callable[..., io.StringIO]]:
    """`log_to(log_format="text")` sends logs to the stream that it returns."""
    names = ("", *OURS, "uvicorn.access")
    before = {
        name: (log.level, list(log.handlers), log.propagate, log.disabled)
        for name in names
        for log in [logging.getLogger(name or None)]
    }

    def set_up(**settings: Any) -> io.StringIO:
        stream = io.StringIO()
        set_up_logging(Settings(**settings), stream=stream)
        return stream

    yield set_up
    logging.captureWarnings(False)
    for name, (level, handlers, propagate, disabled) in before.items():
        log = logging.getLogger(name or None)
        log.level, log.handlers, log.propagate, log.disabled = level, handlers, propagate, disabled
        logging.getLogger().manager._clear_cache()  # type: ignore[attr-defined]


@pytest.fixture
def lines(log_to: Callable[..., io.StringIO]) -> Lines:
    """`lines()`: what was logged until now, as JSON."""
    stream = log_to(log_format="json", log_level="debug")
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def free_port() -> Callable[[], int]:
    """`free_port()`: a loopback port that nothing listens on."""

    def find() -> int:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return int(free.getsockname()[1])

    return find
