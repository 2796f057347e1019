"""The same library and clients as the tests of the review have."""

from __future__ import annotations

from tests.services.review.conftest import client, connect, library, open_library, password_hash

__all__ = ["client", "connect", "library", "open_library", "password_hash"]
