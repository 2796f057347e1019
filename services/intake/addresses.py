"""Which URL may be fetched, and from which address: the guard against server-side request forgery."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from services.intake.errors import InvalidSubmission, SourceForbidden, SourceUnavailable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that passed every check, and the one address that was checked, which is where to connect."""

    url: str
    scheme: str
    host: str
    port: int
    address: Address


def check_url(url: str, allowed_hosts: Sequence[str]) -> Target:
    """The target of a URL whose scheme, host and every address are allowed.

    A host must be listed. All addresses that it resolves to must be public, unless the host that is listed is itself
    an address or `localhost`: then the operator named the machine, and a name server cannot change it.

    Raises:
        InvalidSubmission: not a complete http(s) URL, or one that carries credentials.
        SourceForbidden: the host is not listed or leads to an address that is not public.
        SourceUnavailable: the host's name cannot be resolved now.
    """
    scheme, host, port = _parse(url)
    if host not in {_normal(allowed) for allowed in allowed_hosts}:
        raise SourceForbidden(
            f"The host {host!r} is not allowed.", remedy="Add it to REELWISE_ALLOWED_HOSTS, or upload the file."
        )
    addresses = resolve(host, port)
    if not _names_a_machine(host):
        hidden = next((address for address in addresses if not is_public(address)), None)
        if hidden is not None:
            raise SourceForbidden(
                f"The host {host!r} leads to {hidden}, which is not a public address.",
                remedy="To fetch from a private machine, put its address itself in REELWISE_ALLOWED_HOSTS and the URL.",
            )
    return Target(url, scheme, host, port, addresses[0])


def resolve(host: str, port: int) -> tuple[Address, ...]:
    """Every address of a host, in the resolver's order, at least one."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise SourceUnavailable(
            f"The host {host!r} cannot be resolved: {error}.", remedy="Check the name, or try again later."
        ) from error
    addresses = tuple(dict.fromkeys(ipaddress.ip_address(str(entry[4][0]).split("%")[0]) for entry in found))
    if not addresses:
        raise SourceUnavailable(f"The host {host!r} has no address.", remedy="Check the name.")
    return addresses


def is_public(address: Address) -> bool:
    """Whether an address is one of the open internet; an IPv4 address inside an IPv6 one counts as itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _parse(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme.lower(), _normal(parts.hostname or ""), parts.port
    except ValueError as error:
        raise InvalidSubmission(f"{url!r} is not a URL: {error}.", remedy="Send a complete http(s) URL.") from error
    if scheme not in _PORTS or not host:
        raise InvalidSubmission(f"{url!r} is not an http or https URL.", remedy="Send a complete http(s) URL.")
    if parts.username is not None or parts.password is not None:
        raise InvalidSubmission(
            "The URL carries a user name or password.", remedy="Send a URL without them; they would be stored."
        )
    return scheme, host, _PORTS[scheme] if port is None else port


def _normal(host: str) -> str:
    return host.strip().strip("[]").rstrip(".").lower()


def _names_a_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
