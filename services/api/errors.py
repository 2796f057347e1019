"""Every failure leaves the API in one shape: `{"error": {"code", "message", "remedy"}}`."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from models.errors import ModelError
from services.intake.errors import ServiceError
from services.library.errors import AmbiguousId, InvalidValue, LibraryError, UnknownVideo
from services.library.record.accounts import AccountExists, LastAdmin, UnknownAccount
from services.library.record.desk import UnknownBulk
from services.library.record.review_claims import Claimed, NotQueued
from services.library.record.reviews import NothingToReview
from services.library.record.rules import RuleExists, UnknownRule, VersionTaken
from services.library.record.webhooks import UnknownWebhook

log = logging.getLogger(__name__)


class ErrorBody(BaseModel):
    """`code` is stable, for programs; `message` is for people; `remedy` says what to do."""

    code: str = Field(examples=["unknown_video"])
    message: str = Field(examples=["There is no video 'abc123'."])
    remedy: str = Field(examples=["GET /v1/videos lists the videos there are."])


class ErrorDocument(BaseModel):
    """The body of every answer that is not a success."""

    error: ErrorBody


class UnknownVideoId(ServiceError):
    """No video has this id."""

    code = "unknown_video"
    status = 404


class AmbiguousVideoId(ServiceError):
    """More than one video's id begins like this."""

    code = "ambiguous_video"
    status = 409


class NotReady(ServiceError):
    """The video is still on its way through the lanes."""

    code = "not_ready"
    status = 409
    retryable = True


class NotFinal(ServiceError):
    """Only a video whose work has ended can be sent through again."""

    code = "not_final"
    status = 409
    retryable = True


class UnsupportedContent(ServiceError):
    """The body is neither JSON nor a form."""

    code = "unsupported_content"
    status = 415


class InvalidRequest(ServiceError):
    """A field of the request is missing or wrong."""

    code = "invalid_request"
    status = 422


class ModelsUnavailable(ServiceError):
    """A model that this request needs cannot be loaded."""

    code = "models_unavailable"
    status = 503


def error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` entry of a route that may answer these statuses with an error."""
    return {status: {"model": ErrorDocument} for status in statuses}


def install_error_handlers(app: FastAPI) -> None:
    """Map every exception to the one shape."""
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(ModelError, _model_error)
    app.add_exception_handler(LibraryError, _library_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(Exception, unexpected)


def answer(status: int, code: str, message: str, remedy: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """An error in the one shape."""
    body = ErrorDocument(error=ErrorBody(code=code, message=message, remedy=remedy))
    return JSONResponse(body.model_dump(), status_code=status, headers=headers)


def describe_validation(errors: Sequence[Any]) -> str:
    """Pydantic's complaints as one readable line."""
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc'] if part not in ('body', 'query', 'path'))}: {item['msg']}".lstrip(
            ": "
        )
        for item in errors
    )


def _service_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ServiceError)
    headers = {"Retry-After": str(math.ceil(error.retry_after_s))} if error.retryable else None
    return answer(error.status, error.code, error.message, error.remedy, headers)


def _model_error(request: Request, error: Exception) -> JSONResponse:
    log.error("%s: %s", _route_of(request), error)
    code = ModelsUnavailable.code
    return answer(
        ModelsUnavailable.status, code, str(error), "`reelwise doctor` shows what is missing and how to get it."
    )


_LIBRARY_STATUS: dict[type[LibraryError], tuple[int, str]] = {
    UnknownVideo: (404, UnknownVideoId.code),
    AmbiguousId: (409, AmbiguousVideoId.code),
    InvalidValue: (422, InvalidRequest.code),
    UnknownAccount: (404, "unknown_account"),
    AccountExists: (409, "account_exists"),
    LastAdmin: (409, "last_admin"),
    NothingToReview: (409, "nothing_to_review"),
    NotQueued: (404, "not_queued"),
    Claimed: (409, "claimed"),
    UnknownRule: (404, "unknown_rule"),
    RuleExists: (409, "rule_exists"),
    VersionTaken: (409, "version_taken"),
    UnknownWebhook: (404, "unknown_webhook"),
    UnknownBulk: (404, "unknown_bulk"),
}


def _library_error(request: Request, error: Exception) -> JSONResponse:
    for kind, (status, code) in _LIBRARY_STATUS.items():
        if isinstance(error, kind):
            known = kind in (UnknownVideo, AmbiguousId, InvalidValue)
            remedy = "GET /v1/videos lists the videos there are." if known else "See /docs for the API."
            return answer(status, code, str(error), remedy)
    log.error("%s: %s", _route_of(request), error)
    remedy = "GET /readyz says which part is out of reach; try again when it is back."
    return answer(503, "library_unavailable", str(error), remedy, {"Retry-After": "5"})


def _validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return answer(422, InvalidRequest.code, describe_validation(error.errors()), "See /docs for what is expected.")


def _http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
    headers = dict(error.headers) if error.headers else None
    message = f"{request.method} {request.url.path}: {error.detail}."
    return answer(error.status_code, code, message, "See /docs for the API.", headers)


def unexpected(request: Request, error: Exception) -> JSONResponse:
    """The answer to an error that is a mistake of ours; the log has it whole."""
    log.error("%s failed", _route_of(request), exc_info=error)
    return answer(500, "internal", "Something failed inside Reelwise.", "The server's log says what; please report it.")


def _route_of(request: Request) -> str:
    """Method and route, not the path: a path can hold a viewer's id, which belongs in no log."""
    return f"{request.method} {getattr(request.scope.get('route'), 'path', '(no route)')}"
