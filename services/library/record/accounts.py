"""Accounts, keys and sessions as the record keeps them: names and hashes, no secret in the clear."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from services.library.errors import LibraryError
from services.library.record.account_tables import AccountRow, ApiKeyRow, SessionRow, SignInFailureRow
from services.library.record.database import Database


class Role(StrEnum):
    """What an account is for. An admin may do everything that the others may."""

    UPLOADER = "uploader"
    RECOMMENDER = "recommender"
    EDITOR = "editor"
    ADMIN = "admin"


class UnknownAccount(LibraryError):
    """There is no such account, key or session."""


class AccountExists(LibraryError):
    """An account of this name exists."""


class LastAdmin(LibraryError):
    """The change would leave nobody who can make accounts."""


@dataclass(frozen=True, slots=True)
class Account:
    """A person or a program."""

    id: int
    name: str
    role: Role
    has_password: bool
    disabled: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret."""

    prefix: str
    account: str
    note: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConsoleSession:
    """A signed-in browser. `csrf` goes into a header of every request that changes something."""

    account: Account
    csrf: str
    expires_at: datetime


class Accounts(Database):
    """The part of the record that knows who may do what."""

    def add_account(self, name: str, role: Role, password_hash: str | None = None) -> Account:
        """Make an account. Raises `AccountExists`."""
        with self._write() as session:
            if session.scalar(select(AccountRow.id).where(AccountRow.name == name)) is not None:
                raise AccountExists(f"There is an account {name!r} already: choose another name, or change that one.")
            row = AccountRow(name=name, role=role.value, password_hash=password_hash, created_at=self._clock())
            session.add(row)
            session.flush()
            return _account(row)

    def accounts(self) -> list[Account]:
        """All of them, by name."""
        with self._read() as session:
            return [_account(row) for row in session.scalars(select(AccountRow).order_by(AccountRow.name))]

    def has_accounts(self) -> bool:
        """Whether anybody was ever given an account."""
        with self._read() as session:
            return session.scalar(select(AccountRow.id).limit(1)) is not None

    def account(self, name: str) -> tuple[Account, str | None] | None:
        """The account and its password hash, None when there is none of this name."""
        with self._read() as session:
            row = session.scalar(select(AccountRow).where(AccountRow.name == name))
            return None if row is None else (_account(row), row.password_hash)

    def change_account(
        self,
        name: str,
        *,
        role: Role | None = None,
        disabled: bool | None = None,
        password_hash: str | None = None,
    ) -> Account:
        """Change what is given. Disabling and a new password end the account's sessions.

        Raises `UnknownAccount`, and `LastAdmin` where no admin would be left.
        """
        with self._write() as session:
            row = _named(session, name)
            was_admin = row.role == Role.ADMIN.value and row.disabled_at is None
            if role is not None:
                row.role = role.value
            if disabled is not None:
                row.disabled_at = self._clock() if disabled else None
            if password_hash is not None:
                row.password_hash = password_hash
            if disabled or password_hash is not None:
                session.execute(delete(SessionRow).where(SessionRow.account_id == row.id))
            session.flush()
            if was_admin and not session.scalar(
                select(func.count())
                .select_from(AccountRow)
                .where(AccountRow.role == Role.ADMIN.value, AccountRow.disabled_at.is_(None))
            ):
                raise LastAdmin(f"{name!r} is the last admin: make another one first.")
            return _account(row)

    def upgrade_hash(self, account_id: int, password_hash: str) -> None:
        """Store the same password under newer parameters."""
        with self._write() as session:
            session.execute(update(AccountRow).where(AccountRow.id == account_id).values(password_hash=password_hash))

    def add_key(self, name: str, prefix: str, secret_hash: str, note: str) -> ApiKey:
        """Store a key's hash. Raises `UnknownAccount`."""
        with self._write() as session:
            account = _named(session, name)
            row = ApiKeyRow(
                prefix=prefix, account_id=account.id, secret_hash=secret_hash, note=note, created_at=self._clock()
            )
            session.add(row)
            session.flush()
            return _key(row, account.name)

    def api_keys(self, name: str | None = None) -> list[ApiKey]:
        """Keys of an account, or of everybody, newest first."""
        query = (
            select(ApiKeyRow, AccountRow.name)
            .join(AccountRow, AccountRow.id == ApiKeyRow.account_id)
            .order_by(ApiKeyRow.created_at.desc(), ApiKeyRow.prefix)
        )
        if name is not None:
            query = query.where(AccountRow.name == name)
        with self._read() as session:
            return [_key(row, account) for row, account in session.execute(query)]

    def key(self, prefix: str) -> tuple[Account, str, datetime | None] | None:
        """(account, sha256 of the key, last use) of a key that counts; None where it, or its account, does not."""
        query = (
            select(ApiKeyRow, AccountRow)
            .join(AccountRow, AccountRow.id == ApiKeyRow.account_id)
            .where(ApiKeyRow.prefix == prefix, ApiKeyRow.revoked_at.is_(None), AccountRow.disabled_at.is_(None))
        )
        with self._read() as session:
            found = session.execute(query).one_or_none()
            return None if found is None else (_account(found[1]), found[0].secret_hash, found[0].last_used_at)

    def touch_key(self, prefix: str) -> None:
        """The key was used now."""
        with self._write() as session:
            session.execute(update(ApiKeyRow).where(ApiKeyRow.prefix == prefix).values(last_used_at=self._clock()))

    def revoke_key(self, prefix: str) -> ApiKey:
        """End a key; ending it twice changes nothing. Raises `UnknownAccount`."""
        with self._write() as session:
            row = session.get(ApiKeyRow, prefix)
            if row is None:
                raise UnknownAccount(f"There is no key {prefix!r}: `reelwise accounts list` shows the keys.")
            row.revoked_at = row.revoked_at or self._clock()
            account = session.get(AccountRow, row.account_id)
            assert account is not None
            return _key(row, account.name)

    def add_session(self, account_id: int, token_hash: str, csrf: str, expires_at: datetime) -> None:
        """Remember a browser; sessions that ended are forgotten on the way."""
        now = self._clock()
        with self._write() as session:
            session.execute(delete(SessionRow).where(SessionRow.expires_at <= now))
            session.add(
                SessionRow(
                    token_hash=token_hash, account_id=account_id, csrf=csrf, created_at=now, expires_at=expires_at
                )
            )

    def session(self, token_hash: str) -> ConsoleSession | None:
        """The session of a cookie, None when it ended or its account is disabled."""
        query = (
            select(SessionRow, AccountRow)
            .join(AccountRow, AccountRow.id == SessionRow.account_id)
            .where(
                SessionRow.token_hash == token_hash,
                SessionRow.expires_at > self._clock(),
                AccountRow.disabled_at.is_(None),
            )
        )
        with self._read() as session:
            found = session.execute(query).one_or_none()
            return None if found is None else ConsoleSession(_account(found[1]), found[0].csrf, found[0].expires_at)

    def end_session(self, token_hash: str) -> None:
        """Sign one browser out."""
        with self._write() as session:
            session.execute(delete(SessionRow).where(SessionRow.token_hash == token_hash))

    def end_sessions(self, name: str) -> int:
        """Sign an account out everywhere; how many browsers. Raises `UnknownAccount`."""
        with self._write() as session:
            ended = delete(SessionRow).where(SessionRow.account_id == _named(session, name).id)
            return len(session.scalars(ended.returning(SessionRow.token_hash)).all())

    def count_failures(self, counted: str, since: datetime) -> int:
        """How often signing in failed since then; older failures are forgotten."""
        with self._write() as session:
            session.execute(delete(SignInFailureRow).where(SignInFailureRow.at < since))
            query = select(func.count()).select_from(SignInFailureRow).where(SignInFailureRow.counted == counted)
            return int(session.scalar(query) or 0)

    def add_failure(self, *counted: str) -> None:
        """Signing in failed."""
        with self._write() as session:
            session.add_all(SignInFailureRow(counted=one, at=self._clock()) for one in counted)

    def forget_failures(self, counted: str) -> None:
        """Signing in succeeded."""
        with self._write() as session:
            session.execute(delete(SignInFailureRow).where(SignInFailureRow.counted == counted))


def _named(session: Session, name: str) -> AccountRow:
    row = session.scalar(select(AccountRow).where(AccountRow.name == name).with_for_update())
    if row is None:
        raise UnknownAccount(f"There is no account {name!r}: `reelwise accounts list` shows who there is.")
    return row


def _account(row: AccountRow) -> Account:
    return Account(
        row.id, row.name, Role(row.role), row.password_hash is not None, row.disabled_at is not None, row.created_at
    )


def _key(row: ApiKeyRow, account: str) -> ApiKey:
    return ApiKey(row.prefix, account, row.note, row.created_at, row.last_used_at, row.revoked_at)
