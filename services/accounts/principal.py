"""Who a request comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from services.library.record.accounts import Role

Via = Literal["local", "process", "key", "session"]
"""How a caller was recognised. `local`: nobody has to sign in here; `process`: by the secret of `run.json`."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The account behind a request. `csrf` is set for a console session only."""

    name: str
    role: Role
    via: Via
    csrf: str | None = None

    def may(self, *roles: Role) -> bool:
        """Whether the account has one of the roles; an admin has all."""
        return self.role is Role.ADMIN or self.role in roles


LOCAL = Principal("local", Role.ADMIN, "local")
"""Everyone, where sign-in is off."""
