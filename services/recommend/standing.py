"""What the record and the index say of all videos, renewed every few seconds behind the requests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from services.library.index.port import IndexPort
from services.library.record.database import utc_now
from services.library.record.events import EventKind
from services.library.record.store import Record
from services.recommend.cached import Renewed
from services.recommend.newcomers import NEW_DAYS, WATCHED_THROUGH, Newcomer, still_new
from services.recommend.rarity import Rarity
from services.recommend.sources.base import Trend

TREND_DAYS = 3
"""Days that trends look back."""

TREND_HALF_LIFE_H = 12.0
"""Hours after which an event counts half."""

TREND_WEIGHTS = {
    EventKind.PLAY: 1.0,
    EventKind.LIKE: 3.0,
    EventKind.FAVOURITE: 4.0,
    EventKind.COMMENT: 4.0,
    EventKind.SHARE: 5.0,
    EventKind.SKIP: -1.0,
    EventKind.NOT_INTERESTED: -4.0,
    EventKind.REPORT: -8.0,
}
"""What an event counts; a video is taken up while they add up to more than nothing."""

MAX_NEWEST = 500
MAX_NEWCOMERS = 1000
MAX_TRENDS = 2000
_MAX_AUDIENCES = 200
RARITY_TTL_S = 300.0
RECENT_TTL_S = 20.0
"""How old the lists of the newest and of newcomers may be, seconds."""

TRENDS_TTL_S = 60.0
"""How old trends may be, seconds: adding up a million events is felt by the requests beside it, and they halve in
twelve hours.
"""


class Standing:
    """Rarity of labels, trends by audience, the newest videos and the newcomers. Safe to share between threads."""

    def __init__(
        self, record: Record, index: IndexPort, *, ttl_s: float | None = None, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._record = record
        self._clock = clock
        self._recent_s, self._trends_s = (RECENT_TTL_S, TRENDS_TTL_S) if ttl_s is None else (ttl_s, ttl_s)
        self._rarity = Renewed(lambda: Rarity(index), RARITY_TTL_S if ttl_s is None else ttl_s)
        self._newest = Renewed(lambda: tuple(record.newest_ready(limit=MAX_NEWEST)), self._recent_s)
        self._newcomers = Renewed(self._find_newcomers, self._recent_s)
        self._lock = threading.Lock()
        self._trends: dict[str | None, Renewed[Mapping[str, Trend]]] = {}

    def rarity(self) -> Rarity:
        """How much each label says. Raises `IndexUnavailable`."""
        return self._rarity.get()

    def newest(self) -> tuple[str, ...]:
        """Ids of the newest ready videos."""
        return self._newest.get()

    def newcomers(self) -> Mapping[str, Newcomer]:
        """Videos in search of their first audience, newest first."""
        return self._newcomers.get()

    def trends(self, audience: str | None = None) -> Mapping[str, Trend]:
        """What is taken up, by id; of one audience, or of all together."""
        with self._lock:
            found = self._trends.get(audience)
            if found is None:
                if len(self._trends) >= _MAX_AUDIENCES:
                    self._trends.pop(next(iter(self._trends)))
                found = self._trends[audience] = Renewed(lambda: self._find_trends(audience), self._trends_s)
        return found.get()

    def warm(self) -> None:
        """Make everything now, so that no request waits for it."""
        self.rarity(), self.newest(), self.newcomers(), self.trends()

    def _find_newcomers(self) -> Mapping[str, Newcomer]:
        now = self._clock()
        new = self._record.newest_ready(limit=MAX_NEWCOMERS, since=now - timedelta(days=NEW_DAYS))
        return {one: newcomer for one, newcomer in newcomers_of(self._record, new).items() if still_new(newcomer, now)}

    def _find_trends(self, audience: str | None) -> Mapping[str, Trend]:
        now = self._clock()
        return trends_of(self._record, now - timedelta(days=TREND_DAYS), now, audience)


def newcomers_of(record: Record, since: Mapping[str, datetime]) -> dict[str, Newcomer]:
    """What is known of the audience of each video; `since` says when each became known."""
    shown = record.impression_counts(since)
    plays = record.plays(since, watched_ratio=WATCHED_THROUGH)
    return {one: Newcomer(one, at, shown[one], plays[one].started, plays[one].watched) for one, at in since.items()}


def trends_of(record: Record, since: datetime, now: datetime, audience: str | None) -> dict[str, Trend]:
    """The videos that are taken up most since then, most first."""
    most = record.taken_up(
        since=since,
        now=now,
        half_life_h=TREND_HALF_LIFE_H,
        weights=TREND_WEIGHTS,
        audience=audience,
        limit=MAX_TRENDS,
    )
    return {one: Trend(found.score, found.counts) for one, found in most.items()}
