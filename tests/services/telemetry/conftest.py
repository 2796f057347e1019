"""Logs of the process as a list of JSON lines, and logging as it was afterwards."""

from __future__ import annotations

import io
import json
import logging
import socket
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from models.profile import load_profile
from models.runtime import Runtime
from services.api import Service, Sweeping, create_app
from services.cli.bridge import InProcessTransport
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.settings import Settings
from services.telemetry.logs import OURS, set_up_logging

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """An empty library that needs no model; one a file of tests."""
    with Library.open(
        Settings(data_dir=tmp_path_factory.mktemp("seen")), IndexDims(text=8, visual=8, sound=8)
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
def api(library: Library) -> Iterator[httpx.Client]:
    """A client of the API over it."""
    runtime = Runtime(load_profile("lite"), library.settings.models_dir)
    app = create_app(Service(library, runtime, Sweeping()))
    with httpx.Client(transport=InProcessTransport(app), base_url="http://127.0.0.1") as http:
        yield http
    runtime.close()


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
