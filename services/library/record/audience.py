"""What the recommender asks of the record in batches: documents, new videos and their audience, what was done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Float, case, column, func, select, values

from services.library.jsonable import storable_text
from services.library.record.database import Database
from services.library.record.event_rows import batches, hour_of
from services.library.record.event_tables import EventCountRow, EventRow, ImpressionBatchRow, ImpressionRow
from services.library.record.events import EventKind, ShownReason
from services.library.record.tables import UtcDateTime, VideoRow
from services.library.understanding import VideoState

_ACTS = [kind.value for kind in EventKind if kind is not EventKind.IMPRESSION]


@dataclass(frozen=True, slots=True)
class Plays:
    """How often a video was started and how often watched through."""

    started: int = 0
    watched: int = 0


@dataclass(frozen=True, slots=True)
class TakenUp:
    """How much a video is taken up: `score` is the decayed, weighed sum of events, `counts` plain numbers of them."""

    score: float
    counts: Mapping[EventKind, int]


@dataclass(frozen=True, slots=True)
class ShownItem:
    """One impression of a video, without saying whose: when, in which answer, where, why, and in what context."""

    request_id: str
    at: datetime
    policy: str
    variant: str
    position: int
    score: float
    contributions: Mapping[str, float]
    reasons: tuple[ShownReason, ...]
    context: Mapping[str, str | int | float | bool | None]


class Audience(Database):
    """The part of `RecordPort` that the recommender reads in batches."""

    def newest_ready(self, *, limit: int, since: datetime | None = None) -> dict[str, datetime]:
        """Ids of ready videos and when they became known, newest first."""
        query = select(VideoRow.id, VideoRow.created_at).where(VideoRow.state == VideoState.READY.value)
        if since is not None:
            query = query.where(VideoRow.created_at >= since)
        with self._read() as session:
            rows = session.execute(query.order_by(VideoRow.created_at.desc(), VideoRow.id).limit(limit))
            return {row.id: row.created_at for row in rows}

    def taken_up(
        self,
        *,
        since: datetime,
        now: datetime,
        half_life_h: float,
        weights: Mapping[EventKind, float],
        audience: str | None = None,
        limit: int,
    ) -> dict[str, TakenUp]:
        """The videos whose events since then add up to most, above 0, most first; of one audience or of all together.

        Added up by the database, hour by hour: handing the counts over takes ten times as long, and holds up
        whatever else runs in this process.
        """
        row, first = EventCountRow, hour_of(since)
        hours = [first + timedelta(hours=number) for number in range(int((now - first) / timedelta(hours=1)) + 2)]
        ages = [max(0.0, (now - hour) / timedelta(hours=1)) for hour in hours]
        decay = (
            values(column("hour", UtcDateTime), column("remains", Float), name="decay")
            .data([(hour, 0.5 ** (age / half_life_h)) for hour, age in zip(hours, ages, strict=True)])
            .cte()
        )
        weight = case({kind.value: weight for kind, weight in weights.items()}, value=row.kind, else_=0.0)
        score = func.sum(row.count * decay.c.remains * weight)
        of_these = [row.hour >= first, row.kind.in_([kind.value for kind in weights])]
        if audience is not None:
            of_these.append(row.audience == storable_text(audience).strip())
        most = (
            select(row.video_id, score)
            .join(decay, decay.c.hour == row.hour)
            .where(*of_these)
            .group_by(row.video_id)
            .having(score > 0)
            .order_by(score.desc(), row.video_id)
            .limit(limit)
        )
        with self._reading() as connection:
            scores = {video_id: float(value) for video_id, value in connection.execute(most)}
            counts: dict[str, dict[EventKind, int]] = {video_id: {} for video_id in scores}
            for some in batches(list(scores)):
                numbers = (
                    select(row.video_id, row.kind, func.sum(row.count))
                    .where(*of_these, row.video_id.in_(some))
                    .group_by(row.video_id, row.kind)
                )
                for video_id, kind, number in connection.execute(numbers):
                    counts[video_id][EventKind(kind)] = int(number)
        return {video_id: TakenUp(value, counts[video_id]) for video_id, value in scores.items()}

    def plays(self, video_ids: Iterable[str], *, watched_ratio: float) -> dict[str, Plays]:
        """How often each video was started, and watched to `watched_ratio` of its length; zeros included.

        A play whose watch time nobody reported is not counted.
        """
        wanted = sorted(set(video_ids))
        found = dict.fromkeys(wanted, Plays())
        watched = func.sum(case((EventRow.watch_ratio >= watched_ratio, 1), else_=0))
        with self._read() as session:
            for some in batches(wanted):
                query = (
                    select(EventRow.video_id, func.count(), watched)
                    .where(EventRow.video_id.in_(some), EventRow.kind == EventKind.PLAY.value)
                    .where(EventRow.watch_ratio.is_not(None))
                    .group_by(EventRow.video_id)
                )
                for video_id, started, through in session.execute(query):
                    found[video_id] = Plays(int(started), int(through))
        return found

    def acted_on(self, user_id: str, video_ids: Iterable[str]) -> set[str]:
        """Those of the videos that the viewer ever acted on; being shown one is no act."""
        user = storable_text(user_id).strip()
        found: set[str] = set()
        with self._read() as session:
            for some in batches(sorted(set(video_ids))):
                query = (
                    select(EventRow.video_id)
                    .where(EventRow.user_id == user, EventRow.video_id.in_(some), EventRow.kind.in_(_ACTS))
                    .distinct()
                )
                found.update(one for one in session.scalars(query) if one is not None)
        return found

    def shown_to_anyone(self, video_id: str, *, limit: int) -> list[ShownItem]:
        """The latest impressions of a video, newest first."""
        query = (
            select(ImpressionRow, ImpressionBatchRow)
            .join(ImpressionBatchRow, ImpressionBatchRow.request_id == ImpressionRow.request_id)
            .where(ImpressionRow.video_id == video_id)
            .order_by(ImpressionBatchRow.at.desc(), ImpressionRow.request_id)
            .limit(limit)
        )
        with self._read() as session:
            return [
                ShownItem(
                    batch.request_id,
                    batch.at,
                    batch.policy,
                    batch.variant,
                    item.position,
                    item.score,
                    item.contributions,
                    tuple(
                        ShownReason(
                            **{
                                **reason,
                                **{name: tuple(reason[name]) for name in ("evidence", "labels", "events")},
                            }
                        )
                        for reason in item.reasons
                    ),
                    batch.context,
                )
                for item, batch in session.execute(query)
            ]
