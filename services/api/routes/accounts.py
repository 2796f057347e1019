"""Signing in, accounts and keys."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from services.accounts import COOKIE, Principal, SignInRefused, make_key, sign_in, valid_password
from services.accounts.keys import hashed
from services.accounts.sign_in import Limits
from services.api.account_schemas import (
    AccountBody,
    AccountChange,
    AccountsAnswer,
    AccountView,
    EndedAnswer,
    KeyBody,
    KeysAnswer,
    KeyView,
    NewKey,
    PasswordBody,
    SessionView,
    SignInBody,
)
from services.api.caller import CallerOf, MaybeCaller
from services.api.errors import error_responses
from services.api.lookup import ServiceOf
from services.settings import Settings

router = APIRouter(prefix="/v1", tags=["accounts"])

_Name = Annotated[str, Path(max_length=64, description="Name of an account.")]


@router.get("/session", summary="Who am I")
def show_session(caller: MaybeCaller) -> SessionView:
    """The caller's account, and the token that a console session sends with every change."""
    return _view(caller)


@router.post("/session", summary="Sign in", responses=error_responses(401, 422, 429))
def start_session(service: ServiceOf, request: Request, response: Response, body: SignInBody) -> SessionView:
    """Start a console session: a cookie that scripts cannot read. API keys need no session."""
    address = request.client.host if request.client else "unknown"
    settings = service.library.settings
    started = sign_in(
        service.library.record,
        body.name,
        body.password.get_secret_value(),
        address=address,
        limits=limits(settings),
    )
    response.set_cookie(
        COOKIE,
        started.token,
        max_age=round(settings.session_s),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        path="/",
    )
    return _view(Principal(started.account.name, started.account.role, "session", started.csrf))


@router.delete("/session", status_code=204, summary="Sign out", responses=error_responses(401, 403))
def end_session(service: ServiceOf, request: Request) -> Response:
    """End this session."""
    token = request.cookies.get(COOKIE)
    if token:
        service.library.record.end_session(hashed(token))
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path="/")
    return response


@router.delete("/sessions", summary="Sign out everywhere", responses=error_responses(401, 403))
def end_my_sessions(service: ServiceOf, caller: CallerOf) -> EndedAnswer:
    """End every console session of the caller's account."""
    if caller.via in ("local", "process"):
        return EndedAnswer(ended=0)
    return EndedAnswer(ended=service.library.record.end_sessions(caller.name))


@router.put("/session/password", status_code=204, summary="Change my password", responses=error_responses(401, 422))
def change_password(service: ServiceOf, request: Request, caller: CallerOf, body: PasswordBody) -> Response:
    """Set a new password and end all sessions of the account, this one too."""
    if caller.via not in ("session", "key"):
        raise SignInRefused("There is no account behind this request.", remedy="Sign in first.")
    record = service.library.record
    address = request.client.host if request.client else "unknown"
    sign_in(record, caller.name, body.old.get_secret_value(), address=address, limits=limits(service.library.settings))
    record.change_account(caller.name, password_hash=valid_password(body.new.get_secret_value()))
    return Response(status_code=204)


@router.get("/accounts", summary="List accounts")
def list_accounts(service: ServiceOf) -> AccountsAnswer:
    """All accounts, by name."""
    return AccountsAnswer(accounts=tuple(AccountView.of(one) for one in service.library.record.accounts()))


@router.post("/accounts", status_code=201, summary="Add an account", responses=error_responses(409, 422))
def add_account(service: ServiceOf, body: AccountBody) -> AccountView:
    """The first account turns sign-in on, unless REELWISE_AUTH says otherwise."""
    password = None if body.password is None else valid_password(body.password.get_secret_value())
    return AccountView.of(service.library.record.add_account(body.name, body.role, password))


@router.patch("/accounts/{name}", summary="Change an account", responses=error_responses(404, 409, 422))
def change_account(service: ServiceOf, name: _Name, body: AccountChange) -> AccountView:
    """Change role or password, disable or enable. Disabling and a new password sign the account out everywhere."""
    password = None if body.password is None else valid_password(body.password.get_secret_value())
    record = service.library.record
    return AccountView.of(record.change_account(name, role=body.role, disabled=body.disabled, password_hash=password))


@router.delete("/accounts/{name}/sessions", summary="Sign an account out everywhere", responses=error_responses(404))
def end_sessions(service: ServiceOf, name: _Name) -> EndedAnswer:
    """End every console session of an account."""
    return EndedAnswer(ended=service.library.record.end_sessions(name))


@router.get("/keys", summary="List API keys")
def list_keys(service: ServiceOf) -> KeysAnswer:
    """All keys, revoked ones too, by their prefixes."""
    return KeysAnswer(keys=tuple(KeyView.of(key) for key in service.library.record.api_keys()))


@router.post("/accounts/{name}/keys", status_code=201, summary="Make an API key", responses=error_responses(404, 422))
def add_key(service: ServiceOf, name: _Name, body: KeyBody) -> NewKey:
    """The key's text is in this answer and nowhere else."""
    key, text = make_key(service.library.record, name, body.note)
    return NewKey(**KeyView.of(key).model_dump(), key=text)


@router.delete("/keys/{prefix}", summary="Revoke an API key", responses=error_responses(404))
def revoke_key(service: ServiceOf, prefix: Annotated[str, Path(max_length=16)]) -> KeyView:
    """The key is refused from now on."""
    return KeyView.of(service.library.record.revoke_key(prefix))


def limits(settings: Settings) -> Limits:
    """How often a sign-in may fail, and how long a session lasts."""
    return Limits(settings.sign_in_failures, settings.sign_in_window_s, settings.session_s)


def _view(caller: Principal | None) -> SessionView:
    if caller is None:
        return SessionView(signed_in=False, name=None, role=None, via=None, csrf=None)
    return SessionView(signed_in=True, name=caller.name, role=caller.role, via=caller.via, csrf=caller.csrf)
