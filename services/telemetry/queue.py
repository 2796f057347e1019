"""The record's queue as metrics: the same in every process that is asked, and kept for a moment, so cheap."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from services.library.record.activity import Backlog
from services.library.record.store import Record
from services.library.understanding import VideoState

CACHE_S = 5.0
"""For how long counts are shown again, seconds: several scrapers cost the record as much as one."""


class QueueCollector(Collector):
    """Depth and age of each lane's queue, and how many videos are in which state.

    Raises `RecordUnavailable` where the record does not answer.
    """

    def __init__(self, record: Record, *, cache_s: float = CACHE_S) -> None:
        self._record = record
        self._cache_s = cache_s
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._backlog: list[Backlog] = []
        self._states: dict[VideoState, int] = {}

    def describe(self) -> Iterator[Metric]:
        """Nothing ahead: the record is asked when metrics are."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Gauges by lane and state."""
        with self._lock:
            if time.monotonic() - self._read_at > self._cache_s:
                self._backlog = self._record.backlog(now=datetime.now(UTC))
                self._states = self._record.counts()
                self._read_at = time.monotonic()
            lanes, states = list(self._backlog), dict(self._states)
        now = datetime.now(UTC)
        depth = _by_lane("reelwise_queue_depth", "Videos whose lane is due and has no worker.")
        age = _by_lane("reelwise_queue_oldest_seconds", "How long a lane's oldest due video has been due, seconds.")
        running = _by_lane("reelwise_leases", "Videos whose lane somebody works on now.")
        delayed = _by_lane("reelwise_queue_delayed", "Videos whose lane is tried again at a later time.")
        waiting = _by_lane("reelwise_waiting_for_model", "Videos whose lane waits for a model server that is away.")
        for lane in lanes:
            name = (lane.lane.value,)
            depth.add_metric(name, lane.due)
            age.add_metric(name, max(0.0, (now - lane.oldest).total_seconds()) if lane.oldest else 0.0)
            running.add_metric(name, lane.running)
            delayed.add_metric(name, lane.delayed)
            waiting.add_metric(name, lane.waiting_for_model)
        yield from (depth, age, running, delayed, waiting)
        videos = GaugeMetricFamily("reelwise_videos", "Videos in each state.", labels=("state",))
        for state in VideoState:
            videos.add_metric((state.value,), states.get(state, 0))
        yield videos


def _by_lane(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=("lane",))
