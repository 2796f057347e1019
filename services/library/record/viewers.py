"""What viewers did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import select

from services.library.errors import UnknownVideo
from services.library.jsonable import storable_json, storable_text
from services.library.record.database import Database
from services.library.record.tables import InteractionRow, VideoRow
from services.library.record.types import Interaction, InteractionKind

_T = TypeVar("_T")

_BATCH = 500
"""Rows a statement: five values each stay far below every database's limit of bound values."""


class Viewers(Database):
    """The part of `RecordPort` that remembers interactions."""

    def add_interactions(self, interactions: Sequence[Interaction]) -> int:
        """How many were new; the same (user, video, kind, at) twice is one. All or none; raises `UnknownVideo`."""
        rows: dict[tuple[str, str, str, datetime], dict[str, Any]] = {}
        for one in interactions:
            user, ratio = storable_text(one.user_id), storable_json(one.watch_ratio, "watch_ratio")
            values = {"user_id": user, "video_id": one.video_id, "kind": one.kind.value, "at": one.at}
            rows.setdefault((user, one.video_id, one.kind.value, one.at), values | {"watch_ratio": ratio})
        # One order for everybody: two batches that share rows then wait for each other instead of deadlocking.
        ordered = [rows[key] for key in sorted(rows)]
        new = 0
        with self._write() as session:
            for ids in _batches(sorted({one.video_id for one in interactions})):
                known = set(session.scalars(select(VideoRow.id).where(VideoRow.id.in_(ids))))
                for video_id in ids:
                    if video_id not in known:
                        raise UnknownVideo(video_id)
            for batch in _batches(ordered):
                insert = self._insert(InteractionRow).values(batch).on_conflict_do_nothing()
                new += len(session.scalars(insert.returning(InteractionRow.id)).all())
        return new

    def interactions(self, user_id: str, *, limit: int = 500) -> list[Interaction]:
        """Newest first."""
        query = (
            select(InteractionRow)
            .where(InteractionRow.user_id == storable_text(user_id))
            .order_by(InteractionRow.at.desc(), InteractionRow.id.desc())
            .limit(limit)
        )
        with self._read() as session:
            return [
                Interaction(row.user_id, row.video_id, InteractionKind(row.kind), row.at, row.watch_ratio)
                for row in session.scalars(query)
            ]


def _batches(items: Sequence[_T]) -> Iterator[list[_T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, _BATCH)):
        yield batch
