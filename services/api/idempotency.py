"""Requests with an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) are done once, by whichever process.

What failed is forgotten, so that the same key may try again; what succeeded is answered again from the record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import Header, Response
from pydantic import BaseModel

from services.accounts import Principal
from services.api.service import Service
from services.intake.errors import ServiceError
from services.library.record.requests import KeyInUse, KeyReused

Answer = TypeVar("Answer", bound=BaseModel)

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="Of the client's choice (a UUID): the request is done once, however often it is sent.",
    ),
]


class IdempotencyKeyReused(ServiceError):
    """The key was used for another request."""

    code = "idempotency_key_reused"
    status = 422


class RequestInProgress(ServiceError):
    """The same request is being done right now."""

    code = "request_in_progress"
    status = 409
    retryable = True


def fingerprint_of(*parts: str) -> str:
    """What tells one request from another, as 64 hex digits."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part)}:{part}".encode())
    return digest.hexdigest()


def once(
    service: Service,
    caller: Principal,
    key: str | None,
    fingerprint: Callable[[], str],
    response: Response,
    kind: type[Answer],
    act: Callable[[], Answer],
) -> Answer:
    """What `act` answers, or answered to the request that first came with the caller's key.

    Raises `IdempotencyKeyReused`, `RequestInProgress`, and what `act` raises.
    """
    if key is None:
        return act()
    record, settings = service.library.record, service.library.settings
    try:
        begun = record.begin_request(
            caller.name, key, fingerprint(), running_s=settings.lease_s, keep_s=settings.idempotency_s
        )
    except KeyReused as error:
        raise IdempotencyKeyReused(str(error), remedy="Choose a new key for every request.") from error
    except KeyInUse as error:
        raise RequestInProgress(str(error), remedy="Wait, then ask again.", retry_after_s=1) from error
    if begun.answer is not None:
        response.headers["Idempotent-Replayed"] = "true"
        return kind.model_validate(begun.answer)
    try:
        answer = act()
        record.end_request(begun.token, 200, answer.model_dump(mode="json", by_alias=True))
    except BaseException:
        record.give_request_up(begun.token)
        raise
    return answer
