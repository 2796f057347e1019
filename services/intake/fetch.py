"""Fetch a URL in pieces, from the checked address only, with every redirect checked again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpx

from services.intake.addresses import Target, check_url
from services.intake.errors import SourceForbidden, SourceNotFound, SourceUnavailable
from services.intake.spool import CHUNK_BYTES, too_large


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How long (seconds) and how far (redirects) a fetch may go."""

    connect_s: float = 10.0
    read_s: float = 30.0
    total_s: float = 900.0
    redirects: int = 3


@contextmanager
def fetch(
    url: str, *, allowed_hosts: Sequence[str], max_bytes: int, limits: FetchLimits | None = None
) -> Iterator[Iterator[bytes]]:
    """The body of `url` as pieces of bytes. What kind of content it is, the decoder judges.

    Proxies of the environment are not used: the connection goes to the address that was checked.

    Raises:
        InvalidSubmission, SourceForbidden: see `check_url`; also for every redirect, and for too many of them.
        SourceNotFound: the server answers that there is nothing to be had (4xx).
        SourceUnavailable: the server fails, is slow, or breaks off; worth another try.
        UploadTooLarge: the server announces more than `max_bytes` (the reader of the pieces counts as well).
    """
    limits = limits or FetchLimits()
    deadline = time.monotonic() + limits.total_s
    timeout = httpx.Timeout(limits.read_s, connect=limits.connect_s)
    with httpx.Client(timeout=timeout, trust_env=False, follow_redirects=False) as client:
        for _ in range(limits.redirects + 1):
            target = check_url(url, allowed_hosts)
            with _naming_failures(target), closing(_get(client, target)) as response:
                if response.is_redirect:
                    url = urljoin(url, response.headers["location"])
                    continue
                _check_answer(target, response, max_bytes)
                yield _pieces(target, response, deadline)
                return
    raise SourceForbidden(
        f"{display(url)}: more than {limits.redirects} redirects.", remedy="Send the address of the file itself."
    )


def display(url: str) -> str:
    """A URL as it may be stored and shown: without query and fragment, which often hold signatures."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))


def _get(client: httpx.Client, target: Target) -> httpx.Response:
    headers = {"Accept-Encoding": "identity"}
    return client.send(pinned_request(client, target, "GET", headers=headers), stream=True)


def pinned_request(
    client: httpx.Client, target: Target, method: str, *, headers: Mapping[str, str], content: bytes | None = None
) -> httpx.Request:
    """A request to the checked address, but for the host's name, whose certificate is verified."""
    address = f"[{target.address}]" if target.address.version == 6 else str(target.address)
    parts = urlsplit(target.url)
    return client.build_request(
        method,
        urlunsplit((target.scheme, f"{address}:{target.port}", parts.path or "/", parts.query, "")),
        content=content,
        headers={"Host": parts.netloc, "User-Agent": "reelwise", **headers},
        extensions={"sni_hostname": target.host},
    )


@contextmanager
def _naming_failures(target: Target) -> Iterator[None]:
    try:
        yield
    except httpx.TimeoutException as error:
        raise SourceUnavailable(f"{display(target.url)}: the server is too slow.", remedy="Try again later.") from error
    except httpx.HTTPError as error:
        raise SourceUnavailable(f"{display(target.url)}: {error}.", remedy="Try again later.") from error


def _check_answer(target: Target, response: httpx.Response, max_bytes: int) -> None:
    status = response.status_code
    if status == 429 or status >= 500:
        raise SourceUnavailable(f"{display(target.url)}: the server answered {status}.", remedy="Try again later.")
    if status != 200:
        raise SourceNotFound(f"{display(target.url)}: the server answered {status}.", remedy="Check the URL.")
    announced = response.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > max_bytes:
        raise too_large(display(target.url), max_bytes)


def _pieces(target: Target, response: httpx.Response, deadline: float) -> Iterator[bytes]:
    for piece in response.iter_bytes(CHUNK_BYTES):
        if time.monotonic() > deadline:
            raise SourceUnavailable(f"{display(target.url)}: the download takes too long.", remedy="Try again later.")
        yield piece
