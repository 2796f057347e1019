"""What goes along with a message: whose request it was, and the trace that it belongs to.

A message may be lost, and the sweep of the record then tells the same lane again. The process that told it first
remembers what went along, so the second message has it too; where another process sweeps, the lanes begin a trace of
their own.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry import context as otel_context

from services.telemetry.logs import bound
from services.telemetry.tracing import extracted

REQUEST = "reelwise_request_id"
_KEYS = ("traceparent", "tracestate", REQUEST)

_KEPT = 10_000
"""Videos whose carrier a process remembers; the latest ones."""

_current: ContextVar[dict[str, str] | None] = ContextVar("carrier", default=None)
_remembered: OrderedDict[str, dict[str, str]] = OrderedDict()
_lock = threading.Lock()


def outgoing(video_id: str) -> dict[str, str]:
    """Headers for a message about a video: of the request or message that is worked on, or what went along before."""
    carrier = _current.get()
    with _lock:
        if not carrier:
            return dict(_remembered.get(video_id, {}))
        _remembered[video_id] = dict(carrier)
        _remembered.move_to_end(video_id)
        while len(_remembered) > _KEPT:
            _remembered.popitem(last=False)
    return dict(carrier)


@contextmanager
def carrying(carrier: dict[str, str]) -> Iterator[None]:
    """Messages sent inside get `carrier`, which may still be filled."""
    token = _current.set(carrier)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def received(request: object, task_id: str | None) -> Iterator[None]:
    """Work on a message: `request` is Celery's, which has the message's headers as attributes."""
    given = {key: value for key in _KEYS if isinstance(value := getattr(request, key, None), str)}
    fields = {"task_id": task_id, "request_id": given.get(REQUEST)}
    token = otel_context.attach(extracted(given))
    try:
        with carrying(given), bound(**{key: value for key, value in fields.items() if value}):
            yield
    finally:
        otel_context.detach(token)


def begun(headers: Mapping[str, str]) -> None:
    """The message that is worked on came without a trace: what it leads to joins this one."""
    carrier = _current.get()
    if carrier is not None and "traceparent" not in carrier:
        carrier.update(headers)
