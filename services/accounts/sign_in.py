"""Signing in to the console with a name and a password."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.accounts.keys import hashed
from services.intake.errors import ServiceError
from services.library.record.accounts import Account, Accounts

COOKIE = "reelwise_session"
MIN_PASSWORD = 10
"""Fewest characters of a password (NIST SP 800-63B asks for 8; no rules about their kind)."""
MAX_PASSWORD = 1_000

_HASHER = PasswordHasher()  # argon2id with the parameters of RFC 9106, second choice
_NOBODY = _HASHER.hash(secrets.token_urlsafe(16))
"""Checked where there is no such account, so that the time taken does not tell which names exist."""


class SignInRefused(ServiceError):
    """Name and password do not fit."""

    code = "sign_in_refused"
    status = 401


class TooManyFailures(ServiceError):
    """Signing in failed too often for this name or address."""

    code = "too_many_failures"
    status = 429
    retryable = True


class WeakPassword(ServiceError):
    """The password is too short or too long."""

    code = "weak_password"
    status = 422


@dataclass(frozen=True, slots=True)
class SignIn:
    """A new session: `token` goes into the cookie and is stored nowhere."""

    account: Account
    token: str
    csrf: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Limits:
    """Sign-in is refused after `failures` in `window_s` seconds for a name, or four times as many for an address."""

    failures: int
    window_s: float
    session_s: float


def valid_password(password: str) -> str:
    """The hash to store. Raises `WeakPassword`."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise WeakPassword(
            f"The password has {len(password)} characters.",
            remedy=f"Give {MIN_PASSWORD} to {MAX_PASSWORD}; a few words are easier to remember than signs.",
        )
    return _HASHER.hash(password)


def sign_in(record: Accounts, name: str, password: str, *, address: str, limits: Limits) -> SignIn:
    """Start a session. Raises `SignInRefused` and `TooManyFailures`; the message does not say which part was wrong."""
    since = datetime.now(UTC) - timedelta(seconds=limits.window_s)
    by_name, by_address = f"name:{name.casefold()[:100]}", f"address:{address[:100]}"
    for counted, most in ((by_name, limits.failures), (by_address, 4 * limits.failures)):
        if record.count_failures(counted, since) >= most:
            raise TooManyFailures(
                "Signing in failed too often.", remedy=f"Wait {round(limits.window_s / 60)} minutes, then try again."
            )
    found = record.account(name)
    stored = found[1] if found and found[1] and not found[0].disabled else None
    if not _fits(stored or _NOBODY, password) or stored is None or found is None:
        record.add_failure(by_name, by_address)
        raise SignInRefused("Name and password do not fit.", remedy="Try again, or ask an admin for a new password.")
    record.forget_failures(by_name)
    if _HASHER.check_needs_rehash(stored):
        record.upgrade_hash(found[0].id, _HASHER.hash(password))
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    expires = datetime.now(UTC) + timedelta(seconds=limits.session_s)
    record.add_session(found[0].id, hashed(token), csrf, expires)
    return SignIn(found[0], token, csrf, expires)


def _fits(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password[: MAX_PASSWORD + 1])
    except (VerificationError, InvalidHashError):
        return False
