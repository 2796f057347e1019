"""The gate: who is asking, and may they? It stands before every handler, mounted apps included."""

from __future__ import annotations

import hmac
import ipaddress
import re
from urllib.parse import quote

from anyio import to_thread
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from services.accounts import COOKIE, LOCAL, Principal
from services.accounts.keys import account_of_key, hashed
from services.api.errors import answer
from services.api.policy import MOUNTS, RULES, SIGN_IN_PAGE, Rule
from services.library.errors import LibraryError
from services.library.record.accounts import Accounts, Role
from services.settings import Settings

CSRF_HEADER = "x-csrf-token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_SIGN_IN = (
    "Sign in at POST /v1/session, or send `Authorization: Bearer <API key>`; `reelwise accounts key NAME` makes a key."
)


def loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def sign_in_wanted(settings: Settings, record: Accounts) -> bool:
    """Whether callers have to say who they are: by setting, by address, or since there are accounts."""
    if settings.auth != "auto":
        return settings.auth == "required"
    return not loopback(settings.host) or record.has_accounts()


class Gate:
    """Answers 401, 403 or a redirect in place of the handler, or notes the caller in `scope["state"]`."""

    def __init__(self, app: ASGIApp, *, settings: Settings, record: Accounts, secret: str | None) -> None:
        self.app = app
        self._settings = settings
        self._record = record
        self._secret = secret
        self._rules = _compiled()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Recognise the caller, look the rule up, and pass the request on or not."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refusal = await to_thread.run_sync(self._refusal, scope)
        if refusal is None:
            await self.app(scope, receive, send)
        else:
            await refusal(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        try:
            caller = self._caller(headers)
        except LibraryError as error:
            return answer(503, "library_unavailable", str(error), "GET /readyz says which part is out of reach.")
        scope.setdefault("state", {})["principal"] = caller
        method = "GET" if scope.get("method") == "HEAD" else scope.get("method", "GET")
        rule = self._rule(scope, method)
        if rule is None:
            return None  # no such route, or not by this method: the router says so
        if rule.roles is None:
            return None
        if caller is None:
            if rule.page and method == "GET":
                wanted = quote(scope["path"] + (f"?{scope['query_string'].decode()}" if scope["query_string"] else ""))
                return RedirectResponse(f"{SIGN_IN_PAGE}?next={wanted}", status_code=303)
            return answer(401, "not_signed_in", "This needs an account.", _SIGN_IN, {"WWW-Authenticate": "Bearer"})
        if caller.role not in rule.roles:
            wanted = " or ".join(sorted(rule.roles))
            return answer(
                403,
                "not_allowed",
                f"{caller.name} is {caller.role.value}; this is for {wanted}.",
                "Ask an admin for another role.",
            )
        if (
            caller.csrf is not None
            and method not in _SAFE_METHODS
            and not hmac.compare_digest(caller.csrf.encode(), headers.get(CSRF_HEADER, "").encode())
        ):
            return answer(
                403,
                "csrf",
                "The request lacks the session's token.",
                "Send `csrf` of GET /v1/session as X-CSRF-Token.",
            )
        return None

    def _caller(self, headers: Headers) -> Principal | None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            if self._secret is not None and hmac.compare_digest(self._secret.encode(), token.strip().encode()):
                return Principal(LOCAL.name, Role.ADMIN, "process")
            account = account_of_key(self._record, token.strip())
            if account is not None:
                return Principal(account.name, account.role, "key")
        elif cookie := cookie_parser(headers.get("cookie", "")).get(COOKIE):
            session = self._record.session(hashed(cookie))
            if session is not None:
                return Principal(session.account.name, session.account.role, "session", session.csrf)
        return None if sign_in_wanted(self._settings, self._record) else LOCAL

    def _rule(self, scope: Scope, method: str) -> Rule | None:
        """The rule of the route that will answer, None when none will. A route without a rule is closed to all."""
        path = scope["path"]
        for known, pattern, rule in self._rules:
            if known == method and pattern.match(path):
                return rule
        for prefix, rule in MOUNTS.items():
            if path == prefix or path.startswith(f"{prefix}/"):
                return rule
        app: FastAPI = scope["app"]
        answers = any(route.matches(scope)[0] is Match.FULL for route in app.router.routes)
        return Rule(frozenset()) if answers else None


def _compiled() -> list[tuple[str, re.Pattern[str], Rule]]:
    """The table as patterns; a template without parameters goes before one that would swallow its path."""
    ordered = sorted(RULES.items(), key=lambda entry: (entry[0][1].count("{"), entry[0]))
    return [(method, compile_path(path)[0], rule) for (method, path), rule in ordered]
