"""Puts the console's pages, data and files on the API's application."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from services.console import data, pages
from services.console.assets import STATIC

_FOREVER = "public, max-age=31536000, immutable"


class _Files(StaticFiles):
    """Static files whose address begins with a digest of all of them: a changed file has another address."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file without the digest, to be kept for good."""
        response = await super().get_response(path.partition("/")[2], scope)
        response.headers["Cache-Control"] = _FOREVER
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def install_console(app: FastAPI) -> None:
    """Add the console under /console/, and send people who open the bare address there."""

    @app.get("/", include_in_schema=False)
    def home() -> RedirectResponse:
        return RedirectResponse("/console/")

    @app.get("/console", include_in_schema=False)
    def console() -> RedirectResponse:
        return RedirectResponse("/console/")

    app.mount("/console/static", _Files(directory=STATIC), name="console-static")
    app.include_router(data.router)
    app.include_router(pages.router)
    app.include_router(pages.sign_in_router)
