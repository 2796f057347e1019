"""When a lane may be taken up, as SQL."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_

from services.library.record.tables import VideoRow
from services.library.understanding import VideoState

OPEN = (VideoState.QUEUED.value, VideoState.PROCESSING.value)
"""The states in which a video has a next lane."""


def claimable(now: datetime) -> ColumnElement[bool]:
    """The video is on its way, waits for no later time, and nobody's lease is alive."""
    return and_(
        VideoRow.state.in_(OPEN),
        or_(VideoRow.not_before.is_(None), VideoRow.not_before <= now),
        or_(VideoRow.lease_token.is_(None), VideoRow.lease_expires_at <= now),
    )
