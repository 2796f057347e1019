"""The outbox: an event is written in the transaction that makes it true, so none is lost and none is made up."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, insert, select
from sqlalchemy.orm import Session

from services.library.record.tables import VideoRow, table_of
from services.library.record.webhook_tables import DeliveryRow, WebhookRow
from services.library.understanding import VideoState


class WebhookEvent(StrEnum):
    """What an endpoint can be told of."""

    READY = "video.ready"
    FAILED = "video.failed"
    REJECTED = "video.rejected"
    UPDATED = "video.updated"


class DeliveryState(StrEnum):
    """`dead`: tried as often as is allowed, or the endpoint is gone."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


_OF_STATE = {
    VideoState.READY: WebhookEvent.READY,
    VideoState.FAILED: WebhookEvent.FAILED,
    VideoState.REJECTED: WebhookEvent.REJECTED,
}


def tell_end(session: Session | Connection, row: VideoRow | Row[Any], now: datetime) -> None:
    """The video, whose row says so already, came to its end."""
    _tell(session, row, _OF_STATE[VideoState(row.state)], now)


def tell_updated(session: Session | Connection, row: VideoRow | Row[Any], now: datetime) -> None:
    """What readers see of a ready video has changed."""
    _tell(session, row, WebhookEvent.UPDATED, now)


def _tell(session: Session | Connection, row: VideoRow | Row[Any], event: WebhookEvent, now: datetime) -> None:
    wanted = [name for name, events in session.execute(_HOOKS) if event.value in events]
    if not wanted:
        return
    here = f"/v1/videos/{row.id}"
    body = {
        "type": event.value,
        "timestamp": now.isoformat().replace("+00:00", "Z"),
        "data": {
            "id": row.id,
            "state": row.state,
            "reason": row.reason,
            "uploader": row.uploader,
            "links": {"self": here, "understanding": f"{here}/understanding"},
        },
    }
    delivery = {
        "video_id": row.id,
        "event": event.value,
        "body": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        "state": DeliveryState.PENDING.value,
        "attempts": 0,
        "not_before": now,
        "created_at": now,
    }
    session.execute(
        insert(table_of(DeliveryRow)),
        [{**delivery, "message_id": f"msg_{uuid4().hex}", "webhook": name} for name in wanted],
    )


_HOOKS = select(WebhookRow.__table__.c.name, WebhookRow.__table__.c.events).where(
    WebhookRow.__table__.c.disabled.is_(None)
)
