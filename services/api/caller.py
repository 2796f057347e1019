"""The caller, for handlers that need to know who it is."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from services.accounts import Principal
from services.intake.errors import ServiceError


class NotSignedIn(ServiceError):
    """The route needs an account."""

    code = "not_signed_in"
    status = 401


def _caller(request: Request) -> Principal:
    found = getattr(request.state, "principal", None)
    if not isinstance(found, Principal):
        raise NotSignedIn("This needs an account.", remedy="Sign in at POST /v1/session.")
    return found


def _maybe(request: Request) -> Principal | None:
    found = getattr(request.state, "principal", None)
    return found if isinstance(found, Principal) else None


CallerOf = Annotated[Principal, Depends(_caller)]
MaybeCaller = Annotated[Principal | None, Depends(_maybe)]
