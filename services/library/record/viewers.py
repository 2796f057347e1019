"""What viewers did: events come in cleaned and once, and are read by viewer, by video and as counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, and_, func, literal, select, tuple_, union_all
from sqlalchemy.orm import Session

from services.library.errors import InvalidValue
from services.library.jsonable import storable_text
from services.library.record.cleaning import MAX_ID_CHARACTERS, CleaningRules, fault, minute_of, normalised, over_rate
from services.library.record.database import Clock, Database, utc_now
from services.library.record.event_rows import batches, columns_of, event_of, hour_of, hourly
from services.library.record.event_tables import EventCountRow, EventQualityRow, EventRow
from services.library.record.events import (
    DroppedEvent,
    DropReason,
    Event,
    EventCount,
    EventKind,
    EventsOutcome,
    QualityCount,
)
from services.library.record.tables import VideoRow

_MINUTES_A_QUERY = 100
"""SQLite takes at most 500 parts in a compound SELECT."""

STORED, DUPLICATE = "stored", "duplicate"


class Viewers(Database):
    """The part of `RecordPort` that remembers events. `rules` say which events cannot have happened."""

    def __init__(self, engine: Engine, *, clock: Clock = utc_now, rules: CleaningRules | None = None) -> None:
        super().__init__(engine, clock=clock)
        self.rules = rules or CleaningRules()

    def add_events(self, events: Sequence[Event], *, unreadable: int = 0) -> EventsOutcome:
        """Store what is new and can have happened; the outcome names every event that was dropped, and why.

        Bad events do not hold back good ones. `unreadable` events, which the caller could not even pass on, are
        counted with the day's malformed ones.
        """
        now = self._clock()
        dropped: list[DroppedEvent] = []
        places: dict[tuple[str, str], int] = {}
        fresh: list[Event] = []

        def drop(place: int, reason: DropReason, message: str) -> None:
            dropped.append(DroppedEvent(place, storable_text(events[place].id)[:MAX_ID_CHARACTERS], reason, message))

        for place, event in enumerate(events):
            try:
                one = normalised(event)
            except InvalidValue as error:
                drop(place, DropReason.MALFORMED, str(error))
                continue
            if places.setdefault((one.user_id, one.id), place) == place:
                fresh.append(one)
        with self._write() as session:
            stored = self._stored(session, places)
            fresh = [one for one in fresh if (one.user_id, one.id) not in stored]
            known = self._known_videos(session, {one.video_id for one in fresh if one.video_id is not None})
            possible = []
            for one in fresh:
                place = places[one.user_id, one.id]
                if one.video_id is not None and one.video_id not in known:
                    drop(place, DropReason.UNKNOWN_VIDEO, f"there is no video {storable_text(one.video_id)[:64]!r}.")
                elif (wrong := fault(one, self.rules, now)) is not None:
                    drop(place, *wrong)
                else:
                    possible.append(one)
            limit = self.rules.max_per_minute
            over = over_rate(possible, self._per_minute(session, possible), limit)
            for number in over:
                place = places[possible[number].user_id, possible[number].id]
                drop(place, DropReason.BOT_RATE, f"more than {limit} events of one user within a minute.")
            new = self._insert_events(session, [one for number, one in enumerate(possible) if number not in over])
            duplicates = len(events) - len(dropped) - new
            outcome = EventsOutcome(new, duplicates, tuple(sorted(dropped, key=lambda one: one.index)))
            self._count_quality(session, outcome, unreadable, now)
        return outcome

    def events(
        self,
        user_id: str,
        *,
        limit: int = 500,
        since: datetime | None = None,
        kinds: Iterable[EventKind] | None = None,
    ) -> list[Event]:
        """A viewer's events, newest first."""
        query = select(EventRow).where(EventRow.user_id == storable_text(user_id).strip())
        return self._newest(query, limit, since, kinds)

    def events_of_video(
        self,
        video_id: str,
        *,
        limit: int = 500,
        since: datetime | None = None,
        kinds: Iterable[EventKind] | None = None,
    ) -> list[Event]:
        """A video's events, newest first."""
        return self._newest(select(EventRow).where(EventRow.video_id == video_id), limit, since, kinds)

    def event_counts(
        self, *, since: datetime, kinds: Iterable[EventKind] | None = None, audience: str | None = None
    ) -> list[EventCount]:
        """Events per video, kind and hour since then, oldest first; of one audience or of all together.

        Read from counts that are kept as events arrive, so the cost grows with videos and hours, not with events.
        """
        row = EventCountRow
        query = (
            select(row.video_id, row.kind, row.hour, func.sum(row.count))
            .where(row.hour >= hour_of(since))
            .group_by(row.hour, row.video_id, row.kind)
            .order_by(row.hour, row.video_id, row.kind)
        )
        if kinds is not None:
            query = query.where(row.kind.in_([kind.value for kind in kinds]))
        if audience is not None:
            query = query.where(row.audience == storable_text(audience).strip())
        with self._read() as session:
            return [
                EventCount(video_id, EventKind(kind), hour, int(count))
                for video_id, kind, hour, count in session.execute(query)
            ]

    def event_quality(self, *, days: int = 30) -> list[QualityCount]:
        """What became of the events that arrived in the last `days` days (UTC), newest day first."""
        first = (self._clock() - timedelta(days=days - 1)).date().isoformat()
        row = EventQualityRow
        query = select(row).where(row.day >= first).order_by(row.day.desc(), row.outcome)
        with self._read() as session:
            return [QualityCount(found.day, found.outcome, found.count) for found in session.scalars(query)]

    def _newest(self, query: Any, limit: int, since: datetime | None, kinds: Iterable[EventKind] | None) -> list[Event]:
        if since is not None:
            query = query.where(EventRow.at >= since)
        if kinds is not None:
            query = query.where(EventRow.kind.in_([kind.value for kind in kinds]))
        with self._read() as session:
            # Plain rows: making an object of the mapper's for each event costs several times as much.
            plain = query.with_only_columns(*EventRow.__table__.columns)
            rows = session.execute(plain.order_by(EventRow.at.desc(), EventRow.number.desc()).limit(limit))
            return [event_of(row) for row in rows]

    @staticmethod
    def _stored(session: Session, keys: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        found: set[tuple[str, str]] = set()
        for some in batches(sorted(keys)):
            query = select(EventRow.user_id, EventRow.id).where(tuple_(EventRow.user_id, EventRow.id).in_(some))
            found.update((user_id, ident) for user_id, ident in session.execute(query))
        return found

    @staticmethod
    def _known_videos(session: Session, video_ids: Iterable[str]) -> set[str]:
        found: set[str] = set()
        for some in batches(sorted(video_ids)):
            found.update(session.scalars(select(VideoRow.id).where(VideoRow.id.in_(some))))
        return found

    @staticmethod
    def _per_minute(session: Session, events: Sequence[Event]) -> dict[tuple[str, datetime], int]:
        """How many events the record holds of the same users in the same minutes."""
        wanted = sorted({(one.user_id, minute_of(one.at)) for one in events})
        counts: dict[tuple[str, datetime], int] = {}
        for some in batches(wanted, _MINUTES_A_QUERY):
            parts = [
                select(literal(number), func.count()).where(
                    and_(EventRow.user_id == user, EventRow.at >= minute, EventRow.at < minute + timedelta(minutes=1))
                )
                for number, (user, minute) in enumerate(some)
            ]
            counts |= {some[number]: count for number, count in session.execute(union_all(*parts))}
        return counts

    def _insert_events(self, session: Session, events: Sequence[Event]) -> int:
        """Insert; how many were new. One order for everybody, so that batches wait for each other, not deadlock."""
        new: list[Event] = []
        by_key = {(one.user_id, one.id): one for one in events}
        for some in batches([by_key[key] for key in sorted(by_key)]):
            insert = self._insert(EventRow).values([columns_of(one) for one in some]).on_conflict_do_nothing()
            new += [
                by_key[user, ident] for user, ident in session.execute(insert.returning(EventRow.user_id, EventRow.id))
            ]
        self.count_hours(session, hourly((one.video_id, one.kind.value, one.at, one.audience) for one in new))
        return len(new)

    def count_hours(self, session: Session, counts: Mapping[tuple[str, str, datetime, str], int]) -> None:
        """Add to the hourly counts; negative numbers take back."""
        rows = [
            {"video_id": video_id, "kind": kind, "hour": hour, "audience": audience, "count": counts[key]}
            for key in sorted(counts)
            for video_id, kind, hour, audience in [key]
        ]
        for some in batches(rows):
            insert = self._insert(EventCountRow).values(some)
            session.execute(
                insert.on_conflict_do_update(
                    index_elements=["video_id", "kind", "hour", "audience"],
                    set_={"count": EventCountRow.count + insert.excluded.count},
                )
            )

    def _count_quality(self, session: Session, outcome: EventsOutcome, unreadable: int, now: datetime) -> None:
        counts = Counter({STORED: outcome.stored, DUPLICATE: outcome.duplicates})
        counts.update({reason.value: count for reason, count in outcome.dropped_by_reason().items()})
        counts[DropReason.MALFORMED.value] += unreadable
        day = now.date().isoformat()
        rows = [{"day": day, "outcome": name, "count": count} for name, count in sorted(counts.items()) if count]
        if rows:
            insert = self._insert(EventQualityRow).values(rows)
            session.execute(
                insert.on_conflict_do_update(
                    index_elements=["day", "outcome"], set_={"count": EventQualityRow.count + insert.excluded.count}
                )
            )
