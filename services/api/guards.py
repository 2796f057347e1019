"""What every request must pass before a handler sees it: size, and no orders from other web sites."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.errors import answer
from services.intake.errors import UploadTooLarge

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class BodyLimit:
    """Stops reading a body that grows over its limit, announced or not. Limits are bytes."""

    def __init__(self, app: ASGIApp, *, form_bytes: int, json_bytes: int) -> None:
        self.app = app
        self.form_bytes = form_bytes
        self.json_bytes = json_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what is received."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_form = headers.get("content-type", "").startswith("multipart/form-data")
        limit = self.form_bytes if is_form else self.json_bytes
        too_large = UploadTooLarge(
            f"The request is larger than {limit:,} bytes.",
            remedy="Send less, or raise REELWISE_MAX_UPLOAD_BYTES if it is a video.",
        )
        announced = headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > limit:
            response = answer(too_large.status, too_large.code, too_large.message, too_large.remedy)
            await response(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise too_large
            return message

        await self.app(scope, counted, send)


class SameSite:
    """Refuses a change that a page of another web site asks for.

    Until an account is made the API asks for no log-in and listens on this machine, so a browser's `Origin` is the one
    sign that a stranger's page is behind a form post. Programs send no such header.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look at the origin of a change."""
        if scope["type"] == "http" and scope["method"] not in _SAFE_METHODS:
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            if origin is not None and urlsplit(origin).netloc != headers.get("host"):
                response = answer(
                    403, "cross_site", f"Requests from {origin} are refused.", "Call the API from its own pages."
                )
                await response(scope, receive, send)
                return
        await self.app(scope, receive, send)
