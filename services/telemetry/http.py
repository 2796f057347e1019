"""Watches requests: an id in and out, a span, a log line and a time for each, by route template.

A path or a query may name a viewer or say what was searched, so neither is written anywhere.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from uuid import uuid4

from opentelemetry.trace import SpanKind, Status, StatusCode
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.telemetry.carrier import REQUEST, carrying
from services.telemetry.logs import bound
from services.telemetry.meters import meters
from services.telemetry.tracing import extracted, injected, span

logger = logging.getLogger(__name__)

HEADER = "X-Request-ID"
_ID = re.compile(r"[A-Za-z0-9._\-]{1,64}")
"""Ids that are taken over; others could forge log lines or fill them."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds by machines: logged at DEBUG, and no span of their own."""


class Watch:
    """The outermost middleware, so that refusals are seen as well.

    `on_error` makes the answer to an error that nobody handled, so that it has the request's id, and the log line too.
    """

    def __init__(self, app: ASGIApp, *, on_error: Callable[[Request, Exception], Response]) -> None:
        self.app = app
        self._on_error = on_error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Watch one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get(HEADER, "")
        request_id = given if _ID.fullmatch(given) else uuid4().hex
        method = scope["method"] if scope["method"] in _METHODS else "(other)"
        started, status, begun = time.perf_counter(), 500, False

        async def answered(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        async def handled() -> None:
            try:
                await self.app(scope, receive, answered)
            except Exception as error:
                if begun:
                    raise  # half an answer is out: the connection has to end
                await self._on_error(Request(scope), error)(scope, receive, answered)

        async def told() -> None:
            try:
                await handled()
            finally:
                _tell(method, _route(scope), status, time.perf_counter() - started)

        with bound(request_id=request_id):
            if scope["path"] in _PROBES:
                await told()
                return
            attributes = {"http.request.method": method, "reelwise.request_id": request_id}
            parent = extracted({key: headers[key] for key in ("traceparent", "tracestate") if key in headers})
            with (
                span(method, attributes, kind=SpanKind.SERVER, parent=parent) as made,
                carrying({**injected(made), REQUEST: request_id}),
            ):
                try:
                    await told()
                finally:
                    route = _route(scope)
                    made.update_name(f"{method} {route}")
                    made.set_attribute("http.route", route)
                    made.set_attribute("http.response.status_code", status)
                    if status >= 500:
                        made.set_status(Status(StatusCode.ERROR))


def _tell(method: str, route: str, status: int, seconds: float) -> None:
    meters().http_seconds.labels(method, route, f"{status // 100}xx").observe(seconds)
    level = logging.DEBUG if route in _PROBES else logging.INFO
    fields = {"http_method": method, "http_route": route, "http_status": status, "seconds": round(seconds, 4)}
    with bound(**fields):
        logger.log(level, "%s %s: %d", method, route, status)


def _route(scope: Scope) -> str:
    """The template that matched; static files are one route, and so is everything that no route answers."""
    path = getattr(scope.get("route"), "path", None)
    if isinstance(path, str) and path:
        return path
    return "(static)" if scope["path"].startswith("/console/static/") else "(none)"
