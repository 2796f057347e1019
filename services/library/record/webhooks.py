"""Endpoints that are told of events, and the deliveries to them: who sends one, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from services.library.errors import LibraryError
from services.library.jsonable import storable_text
from services.library.record.database import Database
from services.library.record.outbox import DeliveryState, WebhookEvent
from services.library.record.webhook_tables import DeliveryRow, WebhookRow

_PENDING = DeliveryState.PENDING.value


class UnknownWebhook(LibraryError):
    """There is no such endpoint or delivery."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """An endpoint. `disabled` says why nothing is sent there any more, None where it is."""

    name: str
    url: str
    secret: str
    events: tuple[WebhookEvent, ...]
    disabled: str | None
    created_at: datetime
    pending: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one endpoint. `token` is its sender's, who alone may say how it ended; "" in lists."""

    id: int
    message_id: str
    webhook: str
    video_id: str
    event: WebhookEvent
    body: str
    state: DeliveryState
    attempts: int
    not_before: datetime
    last_error: str | None
    created_at: datetime
    ended_at: datetime | None
    token: str = ""


class Webhooks(Database):
    """The part of the record that tells others what happened."""

    def put_webhook(self, name: str, url: str, secret: str, events: Sequence[WebhookEvent]) -> Webhook:
        """Add an endpoint, or change one, which is enabled again; what waits for it stays."""
        first = {"name": name, "url": url, "secret": secret, "events": [], "created_at": self._clock()}
        with self._write() as session:
            session.execute(self._insert(WebhookRow).values(**first).on_conflict_do_nothing())
            row = session.get_one(WebhookRow, name, with_for_update=True)
            row.url, row.secret, row.events = storable_text(url), secret, [event.value for event in events]
            row.disabled = None
            session.flush()
            return _webhook(row, 0, 0)

    def webhook(self, name: str) -> Webhook | None:
        """The endpoint of this name."""
        with self._read() as session:
            row = session.get(WebhookRow, name)
            return None if row is None else _webhook(row, *_counts(session, name))

    def webhooks(self) -> list[Webhook]:
        """All endpoints by name, with how much waits and how much was given up."""
        with self._read() as session:
            rows = session.scalars(select(WebhookRow).order_by(WebhookRow.name)).all()
            return [_webhook(row, *_counts(session, row.name)) for row in rows]

    def remove_webhook(self, name: str) -> None:
        """Forget an endpoint and everything that was to be sent there. Raises `UnknownWebhook`."""
        with self._write() as session:
            row = session.get(WebhookRow, name)
            if row is None:
                raise UnknownWebhook(f"There is no webhook {name!r}.")
            session.delete(row)

    def disable_webhook(self, name: str, why: str) -> None:
        """Send nothing there until it is put anew."""
        with self._write() as session:
            row = session.get(WebhookRow, name)
            if row is not None:
                row.disabled = storable_text(why)

    def deliveries(
        self, *, webhook: str | None = None, state: DeliveryState | None = None, limit: int = 100
    ) -> list[Delivery]:
        """Newest first."""
        query = select(DeliveryRow).order_by(DeliveryRow.id.desc()).limit(limit)
        if webhook is not None:
            query = query.where(DeliveryRow.webhook == webhook)
        if state is not None:
            query = query.where(DeliveryRow.state == state.value)
        with self._read() as session:
            return [_delivery(row) for row in session.scalars(query)]

    def webhooks_due(self) -> list[str]:
        """Names of the endpoints to which something can be sent now."""
        now = self._clock()
        waiting = exists().where(
            DeliveryRow.webhook == WebhookRow.name, DeliveryRow.state == _PENDING, DeliveryRow.not_before <= now
        )
        query = select(WebhookRow.name).where(WebhookRow.disabled.is_(None), waiting).order_by(WebhookRow.name)
        with self._read() as session:
            return list(session.scalars(query))

    def claim_delivery(self, webhook: str, *, lease_s: float) -> Delivery | None:
        """The oldest delivery to the endpoint that may go now, leased to the caller; None when there is none.

        One that is about a video with an earlier one pending has to wait for that. The attempt counts from here on:
        a message that kills its senders must not be sent for ever.
        """
        now, earlier = self._clock(), aliased(DeliveryRow)
        before = exists().where(
            earlier.webhook == DeliveryRow.webhook,
            earlier.video_id == DeliveryRow.video_id,
            earlier.state == _PENDING,
            earlier.id < DeliveryRow.id,
        )
        query = (
            select(DeliveryRow)
            .where(
                DeliveryRow.webhook == webhook,
                DeliveryRow.state == _PENDING,
                DeliveryRow.not_before <= now,
                or_(DeliveryRow.lease_token.is_(None), DeliveryRow.lease_expires_at <= now),
                ~before,
            )
            .order_by(DeliveryRow.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        with self._write() as session:
            row = session.scalars(query).one_or_none()
            if row is None:
                return None
            row.lease_token, row.lease_expires_at = uuid4().hex, now + timedelta(seconds=lease_s)
            row.attempts += 1
            session.flush()
            return _delivery(row, row.lease_token)

    def delivered(self, delivery: Delivery) -> bool:
        """The endpoint took it. False when the lease was lost."""
        return self._settle_delivery(
            delivery, state=DeliveryState.DELIVERED.value, ended_at=self._clock(), last_error=None
        )

    def deliver_later(self, delivery: Delivery, error: str, not_before: datetime) -> bool:
        """It did not go through; again at `not_before`. False when the lease was lost."""
        return self._settle_delivery(delivery, not_before=not_before, last_error=storable_text(error))

    def give_delivery_up(self, delivery: Delivery, error: str) -> bool:
        """It is dead, and shown as such. False when the lease was lost."""
        state = DeliveryState.DEAD.value
        return self._settle_delivery(delivery, state=state, ended_at=self._clock(), last_error=storable_text(error))

    def retry_deliveries(self, *, webhook: str | None = None, delivery_id: int | None = None) -> int:
        """Send dead deliveries again, with no attempt counted: one, an endpoint's, or all; how many."""
        which = [DeliveryRow.state == DeliveryState.DEAD.value]
        if webhook is not None:
            which.append(DeliveryRow.webhook == webhook)
        if delivery_id is not None:
            which.append(DeliveryRow.id == delivery_id)
        again = (
            update(DeliveryRow)
            .where(and_(*which))
            .values(state=_PENDING, attempts=0, not_before=self._clock(), ended_at=None)
            .returning(DeliveryRow.id)
            .execution_options(synchronize_session=False)
        )
        with self._write() as session:
            return len(session.scalars(again).all())

    def forget_deliveries(self, *, before: datetime) -> None:
        """Delete what ended before then."""
        with self._write() as session:
            session.execute(delete(DeliveryRow).where(DeliveryRow.state != _PENDING, DeliveryRow.ended_at < before))

    def _settle_delivery(self, delivery: Delivery, **changes: object) -> bool:
        ended = (
            update(DeliveryRow)
            .where(DeliveryRow.id == delivery.id, DeliveryRow.lease_token == delivery.token)
            .values(lease_token=None, lease_expires_at=None, **changes)
            .returning(DeliveryRow.id)
            .execution_options(synchronize_session=False)
        )
        with self._write() as session:
            return session.scalar(ended) is not None


def _counts(session: Session, webhook: str) -> tuple[int, int]:
    counted = session.execute(
        select(DeliveryRow.state, func.count())
        .where(DeliveryRow.webhook == webhook, DeliveryRow.state != DeliveryState.DELIVERED.value)
        .group_by(DeliveryRow.state)
    ).all()
    found = {row[0]: int(row[1]) for row in counted}
    return found.get(_PENDING, 0), found.get(DeliveryState.DEAD.value, 0)


def _webhook(row: WebhookRow, pending: int, dead: int) -> Webhook:
    events = tuple(WebhookEvent(event) for event in row.events)
    return Webhook(row.name, row.url, row.secret, events, row.disabled, row.created_at, pending, dead)


def _delivery(row: DeliveryRow, token: str = "") -> Delivery:
    return Delivery(
        id=row.id, message_id=row.message_id, webhook=row.webhook, video_id=row.video_id,
        event=WebhookEvent(row.event), body=row.body, state=DeliveryState(row.state), attempts=row.attempts,
        not_before=row.not_before, last_error=row.last_error, created_at=row.created_at, ended_at=row.ended_at,
        token=token,
    )  # fmt: skip
