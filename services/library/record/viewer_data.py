"""What else is kept of viewers: what they were shown, how they corrected their profile; export and erasure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from functools import cached_property
from typing import Any, cast

from sqlalchemy import Insert, Table, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import ReturningInsert

from services.library.errors import InvalidValue
from services.library.jsonable import storable_json, storable_text
from services.library.record.event_rows import batches, event_of, hourly
from services.library.record.event_tables import (
    EventCountRow,
    EventRow,
    ImpressionBatchRow,
    ImpressionRow,
    ProfileEditRow,
)
from services.library.record.events import (
    EditKind,
    Erased,
    Event,
    Impression,
    ImpressionBatch,
    ProfileEdit,
    ShownReason,
)
from services.library.record.viewers import Viewers

_SHOWN = tuple(field.name for field in fields(ShownReason))

_PAGE = 1000
"""Rows that an export reads at a time."""


class ViewerData(Viewers):
    """The part of `RecordPort` that remembers impressions and edits, and hands over or erases a viewer's data."""

    def put_impressions(self, batch: ImpressionBatch) -> None:
        """Store what an answer showed. Idempotent: the first batch of a request id stays.

        Raises `InvalidValue` for a batch that holds what JSON or the columns cannot, or a video that is not there.
        """
        user_id = storable_text(batch.user_id).strip()
        first = {
            "request_id": batch.request_id, "user_id": user_id, "at": batch.at, "policy": batch.policy,
            "variant": batch.variant, "context": storable_json(batch.context, "context"),
        }  # fmt: skip
        rows = [
            {
                "request_id": batch.request_id, "position": item.position, "video_id": item.video_id,
                "score": storable_json(item.score, "score"),
                "contributions": storable_json(item.contributions, "contributions"),
                "reasons": storable_json([_plain(reason) for reason in item.reasons], "reasons"),
            }
            for item in batch.items
        ]  # fmt: skip
        if len({item.position for item in batch.items}) != len(batch.items):
            raise InvalidValue("Two items of the answer have the same position: count them from 0.")
        try:
            with self._noting() as connection:
                batches_of, items_of = self._notes
                if connection.scalar(batches_of, first) is not None and rows:
                    connection.execute(items_of, rows)
        except IntegrityError as error:
            wanted = {item.video_id for item in batch.items}
            with self._read() as session:
                unknown = wanted - self._known_videos(session, wanted)
            if not unknown:
                raise
            raise InvalidValue(f"The answer shows videos that are not in the record: {sorted(unknown)[:3]}.") from error

    @cached_property
    def _notes(self) -> tuple[ReturningInsert[Any], Insert]:
        """Statements for an answer and for its items, built once: that costs more than running them."""
        answers, items = cast(Table, ImpressionBatchRow.__table__), cast(Table, ImpressionRow.__table__)
        first = self._insert(answers).on_conflict_do_nothing()
        return first.returning(answers.c.request_id), self._insert(items)

    def impressions(self, request_id: str) -> ImpressionBatch | None:
        """What the answer with this id showed, in its order."""
        with self._read() as session:
            row = session.get(ImpressionBatchRow, storable_text(request_id))
            if row is None:
                return None
            query = (
                select(ImpressionRow).where(ImpressionRow.request_id == row.request_id).order_by(ImpressionRow.position)
            )
            return _batch(row, session.scalars(query).all())

    def impression_counts(self, video_ids: Iterable[str]) -> dict[str, int]:
        """How often the recommender showed each of the videos, zeros included."""
        wanted = sorted(set(video_ids))
        counts = dict.fromkeys(wanted, 0)
        with self._read() as session:
            for some in batches(wanted):
                query = (
                    select(ImpressionRow.video_id, func.count())
                    .where(ImpressionRow.video_id.in_(some))
                    .group_by(ImpressionRow.video_id)
                )
                counts |= {video_id: int(count) for video_id, count in session.execute(query)}
        return counts

    def profile_edits(self, user_id: str) -> list[ProfileEdit]:
        """A viewer's edits, oldest first, expired ones included."""
        query = (
            select(ProfileEditRow)
            .where(ProfileEditRow.user_id == storable_text(user_id).strip())
            .order_by(ProfileEditRow.at, ProfileEditRow.id)
        )
        with self._read() as session:
            return [_edit(row) for row in session.scalars(query)]

    def add_profile_edits(self, edits: Sequence[ProfileEdit], *, instead_of: Iterable[str] = ()) -> None:
        """Store edits, and delete those with the ids `instead_of` of the same users, in one transaction."""
        old = list(instead_of)
        users = sorted({storable_text(edit.user_id).strip() for edit in edits})
        rows = [
            {
                "id": edit.id, "user_id": storable_text(edit.user_id).strip(), "kind": edit.kind.value,
                "field": edit.field, "value": storable_text(edit.value),
                "weight": storable_json(edit.weight, "weight"), "at": edit.at, "expires_at": edit.expires_at,
                "text": None if edit.text is None else storable_text(edit.text),
            }
            for edit in edits
        ]  # fmt: skip
        with self._write() as session:
            for ids in batches(old):
                session.execute(
                    delete(ProfileEditRow).where(ProfileEditRow.id.in_(ids), ProfileEditRow.user_id.in_(users))
                )
            for some in batches(rows):
                session.execute(self._insert(ProfileEditRow).values(some))

    def remove_profile_edit(self, user_id: str, edit_id: str) -> bool:
        """Delete one edit; False when the viewer has none of this id."""
        user = storable_text(user_id).strip()
        with self._write() as session:
            query = delete(ProfileEditRow).where(ProfileEditRow.id == edit_id, ProfileEditRow.user_id == user)
            return session.scalar(query.returning(ProfileEditRow.id)) is not None

    def export_user(self, user_id: str) -> Iterator[ProfileEdit | Event | ImpressionBatch]:
        """Everything kept of a viewer, as it was stored: edits, events, impressions. Reads a page at a time."""
        user = storable_text(user_id).strip()
        yield from self.profile_edits(user)
        last = -1
        while True:
            query = select(EventRow).where(EventRow.user_id == user, EventRow.number > last)
            with self._read() as session:
                rows = session.scalars(query.order_by(EventRow.number).limit(_PAGE)).all()
            yield from (event_of(row) for row in rows)
            if len(rows) < _PAGE:
                break
            last = rows[-1].number
        ids = select(ImpressionBatchRow.request_id).where(ImpressionBatchRow.user_id == user)
        with self._read() as session:
            requests = session.scalars(ids.order_by(ImpressionBatchRow.at, ImpressionBatchRow.request_id)).all()
        for request_id in requests:
            batch = self.impressions(request_id)
            if batch is not None:
                yield batch

    def erase_user(self, user_id: str) -> Erased:
        """Delete everything kept of a viewer, and take their events out of the hourly counts."""
        user = storable_text(user_id).strip()
        with self._write() as session:
            mine = select(EventRow.video_id, EventRow.kind, EventRow.at, EventRow.audience)
            rows = session.execute(mine.where(EventRow.user_id == user).execution_options(yield_per=_PAGE))
            counts = hourly((video, kind, at, audience) for video, kind, at, audience in rows)
            self.count_hours(session, Counter({key: -count for key, count in counts.items()}))
            if counts:
                hours = [hour for _, _, hour, _ in counts]
                within = (EventCountRow.hour >= min(hours), EventCountRow.hour <= max(hours))
                session.execute(delete(EventCountRow).where(EventCountRow.count <= 0, *within))
            shown = select(ImpressionBatchRow.request_id).where(ImpressionBatchRow.user_id == user)
            session.execute(delete(ImpressionRow).where(ImpressionRow.request_id.in_(shown)))
            gone = [
                session.execute(delete(table).where(table.user_id == user)).rowcount  # type: ignore[attr-defined]
                for table in (EventRow, ImpressionBatchRow, ProfileEditRow)
            ]
        return Erased(*gone)


def _batch(row: ImpressionBatchRow, items: Sequence[ImpressionRow]) -> ImpressionBatch:
    return ImpressionBatch(
        request_id=row.request_id, user_id=row.user_id, at=row.at, policy=row.policy, variant=row.variant,
        context=row.context,
        items=tuple(
            Impression(
                position=item.position, video_id=item.video_id, score=item.score, contributions=item.contributions,
                reasons=tuple(_reason(reason) for reason in item.reasons),
            )
            for item in items
        ),
    )  # fmt: skip


def _plain(reason: ShownReason) -> dict[str, Any]:
    return {name: getattr(reason, name) for name in _SHOWN}


def _reason(stored: dict[str, Any]) -> ShownReason:
    lists = {name: tuple(stored[name]) for name in ("evidence", "labels", "events")}
    return ShownReason(**{**stored, **lists})


def _edit(row: ProfileEditRow) -> ProfileEdit:
    return ProfileEdit(
        id=row.id, user_id=row.user_id, kind=EditKind(row.kind), field=row.field, value=row.value, weight=row.weight,
        at=row.at, expires_at=row.expires_at, text=row.text,
    )  # fmt: skip
