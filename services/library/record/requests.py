"""Requests that are done once: the key a client chose, what it asked, and what it was answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, select, update

from services.library.errors import LibraryError
from services.library.jsonable import storable_json, storable_text
from services.library.record.database import Database
from services.library.record.request_tables import RequestRow


class KeyReused(LibraryError):
    """The key was used for another request."""


class KeyInUse(LibraryError):
    """The request with this key is being done right now."""


@dataclass(frozen=True, slots=True)
class Begun:
    """Either the caller is to do the request, and holds `token`, or it was done, and `answer` came of it."""

    token: str
    answer: Mapping[str, Any] | None = None


class Requests(Database):
    """The part of the record that keeps a request from being done twice, over all API processes."""

    def begin_request(self, account: str, key: str, fingerprint: str, *, running_s: float, keep_s: float) -> Begun:
        """Take the key, or learn what it was answered. Keys are each account's own and forgotten after `keep_s`.

        Whoever takes it has `running_s` to answer; after that somebody else may, for the first may be dead.
        Raises `KeyReused` and `KeyInUse`.
        """
        now, token = self._clock(), uuid4().hex
        taken = {
            "fingerprint": fingerprint,
            "token": token,
            "running_until": now + timedelta(seconds=running_s),
            "expires_at": now + timedelta(seconds=keep_s),
        }
        named = {"account": storable_text(account), "key": storable_text(key)}
        with self._write() as session:
            session.execute(delete(RequestRow).where(RequestRow.expires_at <= now))
            insert = self._insert(RequestRow).values(**named, **taken).on_conflict_do_nothing()
            if session.scalar(insert.returning(RequestRow.token)) is not None:
                return Begun(token)
            query = select(RequestRow).filter_by(**named).with_for_update()
            row = session.scalars(query).one_or_none()
            if row is None:
                raise KeyInUse(f"Another request with the key {key!r} has just ended without an answer.")
            if row.fingerprint != fingerprint:
                raise KeyReused(f"The key {key!r} was used for another request.")
            if row.status is not None:
                return Begun(row.token, row.answer or {})
            if row.running_until > now:
                raise KeyInUse(f"The request with the key {key!r} is being done right now.")
            row.token, row.running_until = token, now + timedelta(seconds=running_s)
            return Begun(token)

    def end_request(self, token: str, status: int, answer: Mapping[str, Any]) -> None:
        """Keep what was answered, unless somebody else took the request over meanwhile."""
        query = (
            update(RequestRow)
            .where(RequestRow.token == token)
            .values(status=status, answer=storable_json(answer, "an answer"))
            .execution_options(synchronize_session=False)
        )
        with self._write() as session:
            session.execute(query)

    def give_request_up(self, token: str) -> None:
        """Nothing came of it: the same key may be tried again, with whatever request."""
        with self._write() as session:
            session.execute(delete(RequestRow).where(RequestRow.token == token, RequestRow.status.is_(None)))
