"""What an endpoint must be like, and its secret."""

from __future__ import annotations

import base64
import binascii
import secrets

from services.intake.addresses import check_url
from services.intake.errors import InvalidSubmission
from services.settings import Settings

PREFIX = "whsec_"
_BYTES = range(24, 65)
"""How long a secret may be, bytes (Standard Webhooks, "Signature scheme")."""


def new_secret() -> str:
    """A secret of 256 random bits, written as Standard Webhooks wants it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def checked_secret(text: str) -> str:
    """A secret that a caller brought along. Raises `InvalidSubmission`."""
    try:
        size = len(base64.b64decode(text.removeprefix(PREFIX), validate=True))
    except binascii.Error:
        size = 0
    if not text.startswith(PREFIX) or size not in _BYTES:
        raise InvalidSubmission(
            f"The secret is not {PREFIX} and the base64 of {_BYTES.start} to {_BYTES.stop - 1} bytes.",
            remedy="Leave it out, and one is made.",
        )
    return text


def check_webhook_url(settings: Settings, url: str) -> str:
    """The URL, where messages may be sent to it: the rules are those for fetching.

    Raises `InvalidSubmission`, `SourceForbidden`, `SourceUnavailable`, as `check_url`.
    """
    return check_url(url, settings.allowed_hosts).url
