"""The FastAPI application: guards, handlers, documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

from services.api.errors import install_error_handlers, unexpected
from services.api.gate import Gate
from services.api.guards import BodyLimit, SameSite
from services.api.metrics import metrics_of
from services.api.readiness import probes_of
from services.api.routes import (
    accounts,
    costs,
    events,
    media,
    recommendations,
    review,
    review_desk,
    review_figures,
    search,
    system,
    users,
    videos,
    webhooks,
)
from services.api.service import Service
from services.api.version import version
from services.console.app import install_console
from services.telemetry.http import Watch

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig

FORM_OVERHEAD_BYTES = 64 * 1024**2
"""What a form may be larger than its video: subtitle files and fields."""

JSON_BYTES = 4 * 1024**2
"""Largest JSON body: a thousand events are far smaller."""

_DESCRIPTION = """
Reelwise watches short videos so that a recommender does not have to guess.

Hand in a video with `POST /v1/videos`; ask `GET /v1/videos/{id}` until its `state` is final; read
`GET /v1/videos/{id}/understanding`. Then search, report what viewers do, and ask for recommendations.

An id may be shortened to a unique beginning of at least six digits. Every answer that is not a success has the body
`{"error": {"code", "message", "remedy"}}`; one that is worth another try has the header `Retry-After`.
"""

_TAGS = [
    {"name": "videos", "description": "Hand videos in and read what was understood of them."},
    {"name": "media", "description": "The file itself, in ranges; its poster and its frames."},
    {"name": "search", "description": "Find videos and moments by meaning, pictures, words and labels."},
    {"name": "recommendations", "description": "Report what viewers did; get picks with reasons."},
    {"name": "profiles", "description": "What is known of a viewer: read, correct, take along, erase."},
    {"name": "review", "description": "The editors' queue, their decisions, and what comes of them."},
    {"name": "accounts", "description": "Sign-in, accounts and API keys."},
    {"name": "vocabulary", "description": "The taxonomy and the document's schema."},
    {"name": "webhooks", "description": "Tell others what became of videos."},
    {"name": "costs", "description": "What understanding videos took, and its price."},
    {"name": "health", "description": "For load balancers and people."},
]


_NOT_FASTAPIS_OWN: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""FastAPI's own spans hold paths and queries, which name viewers and say what they look for; `Watch` makes ours."""


def create_app(service: Service, *, secret: str | None = None) -> FastAPI:
    """The API over one library. The caller owns the service and closes its parts after the app has ended.

    `secret`: whoever sends it as a bearer token is an admin; the command line of this machine does.
    """
    settings = service.library.settings
    app = FastAPI(
        title="Reelwise", version=version(), description=_DESCRIPTION, openapi_tags=_TAGS, telemetry=_NOT_FASTAPIS_OWN
    )
    app.state.service = service
    app.state.metrics = metrics_of(service)
    app.state.probes = probes_of(service)
    install_error_handlers(app)
    for routes in (
        videos,
        media,
        search,
        events,
        recommendations,
        users,
        review,
        review_desk,
        review_figures,
        accounts,
        costs,
        webhooks,
        system,
    ):
        app.include_router(routes.router)
    install_console(app)
    app.add_middleware(BodyLimit, form_bytes=settings.max_upload_bytes + FORM_OVERHEAD_BYTES, json_bytes=JSON_BYTES)
    app.add_middleware(Gate, settings=settings, record=service.library.record, secret=secret)
    app.add_middleware(SameSite)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=trusted_hosts(settings.host))
    app.add_middleware(Watch, on_error=unexpected)
    return app


def trusted_hosts(host: str) -> list[str]:
    """Names that a request may call this server by: this machine's own and the configured one.

    A page elsewhere whose name is made to point at this machine is thereby refused. Listening on every address, a
    server cannot know its names: the operator chose that, and puts a proxy with names in front.
    """
    if host in ("0.0.0.0", "::"):  # noqa: S104 (compared, not bound)
        return ["*"]
    return list(dict.fromkeys(["127.0.0.1", "localhost", host]))
