"""An OpenAI-compatible server over HTTP: time limits, retries, and errors that say what to do.

Retries wait by exponential backoff with full jitter (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog,
2015), or as long as the server's `Retry-After` says.
"""

from __future__ import annotations

import json
import logging
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from models.errors import EndpointMisconfigured, ModelError, ModelUnavailable, RequestRefused

logger = logging.getLogger(__name__)

_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 8.0
_REST_S = 5.0
"""How long a server that could not be reached is left alone."""

_DAY_S = 86_400.0

_RETRIED = frozenset({408, 409, 429})
_MISCONFIGURED = {
    401: "the key in {key} is wrong or missing",
    403: "the key in {key} may not use this model",
    404: "check the option base_url (it usually ends in /v1) and the option model",
}
_SAID_CHARS = 300
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class EndpointLimits:
    """Seconds: to connect, between two pieces of an answer, and for a call with all its retries and waits.

    `retries` come after the first try; `concurrency` calls of this process run at once; `answer_bytes` is the largest
    answer that is read.
    """

    connect_s: float = 5.0
    read_s: float = 120.0
    deadline_s: float = 300.0
    retries: int = 4
    concurrency: int = 8
    answer_bytes: int = 4 * 1024**2


class Endpoint:
    """Calls one server. Safe to use from many threads.

    The key is read from the environment variable `key_variable` at each call; no error and no log shows it. `clock`,
    `sleep` and `jitter` (a number in [0, 1)) are replaced in tests.
    """

    def __init__(
        self,
        base_url: str,
        key_variable: str,
        limits: EndpointLimits,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.url = base_url
        self._key_variable = key_variable
        self._limits = limits
        self._clock, self._sleep, self._jitter = clock, sleep, jitter
        # A proxy of the environment is for addresses elsewhere.
        self._http = httpx.Client(trust_env=urlsplit(base_url).hostname not in _LOOPBACK)
        self._slots = threading.BoundedSemaphore(limits.concurrency)
        self._resting: tuple[float, str] = (0.0, "")

    def models(self) -> tuple[str, ...] | None:
        """Names of the models there, aliases included; None where the server has no list of them."""
        try:
            answer = self._call("GET", "models", None)
        except EndpointMisconfigured as error:
            if isinstance(error.__cause__, _NotFound):
                return None
            raise
        listed = [item for item in answer.get("data") or [] if isinstance(item, dict)]
        names = [name for item in listed for name in (item.get("id"), *(item.get("aliases") or [])) if name]
        return tuple(dict.fromkeys(str(name) for name in names))

    def chat(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """One chat completion.

        Raises `ModelUnavailable` where the server cannot be reached, is too busy or too slow; `EndpointMisconfigured`
        for a wrong address, model or key; `RequestRefused` where this request is at fault.
        """
        return self._call("POST", "chat/completions", request)

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None) -> Mapping[str, Any]:
        until, why = self._resting
        if (rest := until - self._clock()) > 0:
            raise ModelUnavailable(why, retry_after_s=rest)
        ends = self._clock() + self._limits.deadline_s
        with self._slot():
            return self._tries(method, path, body, ends)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._slots.acquire(timeout=self._limits.deadline_s):
            raise ModelUnavailable(
                f"{self.url}: {self._limits.concurrency} calls were under way for {self._limits.deadline_s:g} s; "
                "raise the options concurrency or deadline_s, or give the server more power"
            )
        try:
            yield
        finally:
            self._slots.release()

    def _tries(self, method: str, path: str, body: Mapping[str, Any] | None, ends: float) -> Mapping[str, Any]:
        tries = 0
        while True:
            tries += 1
            try:
                return self._once(method, path, body, ends)
            except _Trouble as trouble:
                wait = trouble.after_s
                if wait is None:
                    wait = self._jitter() * min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** (tries - 1))
                if tries <= self._limits.retries and self._clock() + wait < ends:
                    logger.info("%s %s; trying again in %.1f s", self.url, trouble, wait)
                    self._sleep(wait)
                    continue
                tried = f"{tries} tries" if tries > 1 else "1 try"
                said = f"{self.url} {trouble} (after {tried}); {trouble.remedy}"
                if trouble.rests:
                    self._resting = (self._clock() + (trouble.after_s or _REST_S), said)
                raise ModelUnavailable(said, retry_after_s=trouble.after_s) from trouble

    def _once(self, method: str, path: str, body: Mapping[str, Any] | None, ends: float) -> Mapping[str, Any]:
        left = max(0.001, ends - self._clock())
        timeout = httpx.Timeout(min(self._limits.read_s, left), connect=min(self._limits.connect_s, left))
        url = f"{self.url}/{path}"
        try:
            with self._http.stream(method, url, json=body, headers=self._headers(), timeout=timeout) as response:
                content = self._read(response, ends)
        except httpx.ConnectError as error:
            raise _Trouble(f"cannot be reached ({error})", "is the server running?") from error
        except httpx.TimeoutException as error:
            slow = "start the server, or raise the option connect_s or read_s"
            raise _Trouble(f"did not answer in time ({type(error).__name__})", slow, rests=False) from error
        except httpx.RequestError as error:
            raise _Trouble(f"broke off ({type(error).__name__}: {error})", "look into the server's log") from error
        if response.is_success:
            return _object(content)
        raise self._fault(response, self._said(content))

    def _read(self, response: httpx.Response, ends: float) -> bytes:
        content = bytearray()
        for piece in response.iter_bytes():
            content += piece
            if len(content) > self._limits.answer_bytes:
                raise ModelError(
                    f"{self.url} answered with more than {self._limits.answer_bytes:,} bytes, which is no chat answer; "
                    "check the option base_url, or raise the option answer_mib"
                )
            if self._clock() > ends:
                raise _Trouble("was still answering at the deadline", "raise the option deadline_s", rests=False)
        return bytes(content)

    def _fault(self, response: httpx.Response, said: str) -> Exception:
        status = response.status_code
        told = f"answered {status}" + (f": {said}" if said else "")
        if status in _RETRIED or (status >= 500 and status != 501 and "not supported" not in said):
            return _Trouble(told, "look into the server's log", after_s=_retry_after(response))
        if status in _MISCONFIGURED:
            error = EndpointMisconfigured(f"{self.url} {told}; {_MISCONFIGURED[status].format(key=self._key_variable)}")
            error.__cause__ = _NotFound() if status == 404 else None
            return error
        if response.is_redirect:
            return EndpointMisconfigured(
                f"{self.url} {told} and points to {response.headers.get('location', 'nowhere')}; "
                "set the option base_url to the server's own address"
            )
        return RequestRefused(f"{self.url} {told}", status=status)

    def _said(self, content: bytes) -> str:
        """The server's own words, on one line and without the key."""
        text = content.decode("utf-8", "replace")
        try:
            found = json.loads(text)
        except ValueError:
            found = text
        for name in ("error", "message", "detail"):
            if isinstance(found, dict) and name in found:
                found = found[name]
        words = " ".join(str(found).split())
        key = os.environ.get(self._key_variable, "").strip()
        words = words.replace(key, "***") if key else words
        return words if len(words) <= _SAID_CHARS else words[:_SAID_CHARS] + "…"

    def _headers(self) -> dict[str, str]:
        key = os.environ.get(self._key_variable, "").strip()
        if not key:
            return {}
        if not (key.isascii() and key.isprintable()):
            raise EndpointMisconfigured(f"the key in {self._key_variable} holds characters that no header can carry")
        return {"Authorization": f"Bearer {key}"}


class _NotFound(Exception):
    """The cause of an `EndpointMisconfigured` that was a 404."""


class _Trouble(Exception):
    """A try failed in a way that another may not. `rests`: the server had better be left alone for a while."""

    def __init__(self, what: str, remedy: str, *, after_s: float | None = None, rests: bool = True) -> None:
        super().__init__(what)
        self.remedy = remedy
        self.after_s = after_s
        self.rests = rests


def _object(content: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise _Trouble("answered with something that is no JSON object", "check the option base_url", rests=False)
    return found


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds of the header `Retry-After`, which holds seconds or a date (RFC 9110, 10.2.3); a day at most."""
    said = response.headers.get("retry-after", "").strip()
    if said.isdecimal():
        return min(float(said), _DAY_S)
    try:
        return min(max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()), _DAY_S)
    except (ValueError, TypeError):
        return None
