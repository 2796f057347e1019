"""What the routes about accounts take and answer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field, SecretStr, StringConstraints

from services.api.schemas import Body
from services.library.record.accounts import Account, ApiKey, Role

Name = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")]


class SignInBody(Body):
    """Name and password of an account."""

    name: str = Field(max_length=200)
    password: SecretStr = Field(max_length=4_000)


class SessionView(BaseModel):
    """Who the caller is. `csrf` is sent back as `X-CSRF-Token` with every change, null where none is needed.

    `via`: `local` (nobody signs in here), `process` (the command line of this machine), `key` or `session`.
    """

    signed_in: bool
    name: str | None
    role: Role | None
    via: Literal["local", "process", "key", "session"] | None
    csrf: str | None


class PasswordBody(Body):
    """A new password of one's own; the old one proves who asks."""

    old: SecretStr
    new: SecretStr


class AccountBody(Body):
    """A new account. Without a password it can only use keys."""

    name: Name
    role: Role
    password: SecretStr | None = None


class AccountChange(Body):
    """What is to change; the rest stays."""

    role: Role | None = None
    disabled: bool | None = None
    password: SecretStr | None = None


class KeyBody(Body):
    """A new key."""

    note: str = Field("", max_length=200, description="What it is for.")


class AccountView(BaseModel):
    """An account. No hash and no secret is ever shown."""

    name: str
    role: Role
    has_password: bool
    disabled: bool
    created_at: AwareDatetime

    @classmethod
    def of(cls, account: Account) -> AccountView:
        """The public side."""
        return cls(
            name=account.name,
            role=account.role,
            has_password=account.has_password,
            disabled=account.disabled,
            created_at=account.created_at,
        )


class KeyView(BaseModel):
    """A key by its prefix."""

    prefix: str
    account: str
    note: str
    created_at: AwareDatetime
    last_used_at: AwareDatetime | None
    revoked_at: AwareDatetime | None

    @classmethod
    def of(cls, key: ApiKey) -> KeyView:
        """The public side."""
        return cls(
            prefix=key.prefix,
            account=key.account,
            note=key.note,
            created_at=key.created_at,
            last_used_at=key.last_used_at,
            revoked_at=key.revoked_at,
        )


class NewKey(KeyView):
    """A key with its text, which is shown this once."""

    key: str


class AccountsAnswer(BaseModel):
    """All accounts."""

    accounts: tuple[AccountView, ...]


class KeysAnswer(BaseModel):
    """All keys."""

    keys: tuple[KeyView, ...]


class EndedAnswer(BaseModel):
    """How many browsers were signed out."""

    ended: int
