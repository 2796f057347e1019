"""API keys: `rw_<prefix>_<secret>`. Shown once; the record keeps the prefix and the sha256 of the whole.

The secret has 256 random bits, so a plain hash cannot be searched; passwords, which people choose, get argon2.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

from services.library.record.accounts import Account, Accounts, ApiKey

_TOUCH = timedelta(minutes=1)
"""How exact "last used" is: one write a minute and key, not one a request."""


def hashed(secret: str) -> str:
    """The sha256 that is stored of a random secret, as hex digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def make_key(record: Accounts, account: str, note: str = "") -> tuple[ApiKey, str]:
    """A new key and its text, which is not stored anywhere. Raises `UnknownAccount`."""
    prefix = secrets.token_hex(6)
    text = f"rw_{prefix}_{secrets.token_urlsafe(32)}"
    return record.add_key(account, prefix, hashed(text), note), text


def account_of_key(record: Accounts, text: str) -> Account | None:
    """The account that a key belongs to, None for a wrong, revoked or disabled one."""
    parts = text.split("_", 2)
    if len(parts) != 3 or parts[0] != "rw":
        return None
    found = record.key(parts[1])
    if found is None:
        return None
    account, secret_hash, last_used = found
    if not hmac.compare_digest(secret_hash, hashed(text)):
        return None
    if last_used is None or datetime.now(UTC) - last_used > _TOUCH:
        record.touch_key(parts[1])
    return account
