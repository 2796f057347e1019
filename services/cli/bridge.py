"""The API without a network: an httpx transport that calls an ASGI app in this process."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI


class InProcessTransport(httpx.BaseTransport):
    """Runs an app's coroutines on an event loop in a thread of its own, so that a plain client can call it.

    No port is opened: a command that only asks its own library something should not be reachable by others.
    `httpx.Client` opens and closes its transport when it is used as a context manager, as it must be here.
    """

    def __init__(self, app: FastAPI) -> None:
        self._inner = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self._portals = start_blocking_portal()
        self._portal: BlockingPortal | None = None

    def __enter__(self) -> Self:
        self._portal = self._portals.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._portal = None
        self._portals.__exit__(exc_type, exc_value, traceback)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request, answered in full."""
        if self._portal is None:
            raise RuntimeError("use the client as a context manager")
        return self._portal.call(self._answer, request)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        return httpx.Response(response.status_code, headers=response.headers, content=await response.aread())
