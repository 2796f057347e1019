"""Metrics of a process that has no API: a port of its own that answers `GET /metrics`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from prometheus_client import start_http_server

from services.library.errors import LibraryError
from services.settings import Settings
from services.telemetry.meters import meters, share_among_children


class MetricsPortTaken(LibraryError):
    """The port cannot be listened on."""


@contextmanager
def metrics_shown(settings: Settings, *, children: bool) -> Iterator[None]:
    """Answer on REELWISE_METRICS_PORT while the block runs, if it is set. `children`: tasks run in forked processes.

    Raises `MetricsPortTaken`.
    """
    if not settings.metrics_port:
        yield
        return
    with ExitStack() as stack:
        if children:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reelwise-metrics-")))
            registry = share_among_children(folder, _slot)
        else:
            registry = meters().registry
        host, port = settings.metrics_host, settings.metrics_port
        try:
            server, thread = start_http_server(port, host, registry=registry)
        except OSError as error:
            raise MetricsPortTaken(
                f"{host}:{port} cannot be listened on: {error.strerror}. "
                "Every process needs a REELWISE_METRICS_PORT of its own."
            ) from error
        stack.callback(thread.join)
        stack.callback(server.server_close)
        stack.callback(server.shutdown)
        yield


def _slot() -> str:
    """A child's place in the pool, which its successor takes over; the parent counts nothing."""
    from billiard import current_process

    return str(getattr(current_process(), "index", "parent"))
