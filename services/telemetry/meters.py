"""What a process counts while it works. `/metrics` of the API and the port of a worker show it.

Labels have few values each: names of stages, lanes, operations and route templates, never ids.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    values,
)
from prometheus_client.multiprocess import MultiProcessCollector

_WORK_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
_FAST_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SIZE_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Meters:
    """One set a process, whatever apps are in it."""

    def __init__(self) -> None:
        disable_created_metrics()  # a second series a label set, for what no query of ours asks
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.stage_seconds = Histogram(
            "reelwise_stage_duration_seconds",
            "Wall clock of a run of a stage in this process, seconds.",
            ("stage", "outcome"),
            buckets=_WORK_BUCKETS,
            registry=self.registry,
        )
        self.lane_outcomes = Counter(
            "reelwise_lane_outcomes",
            "How work on a lane ended in this process.",
            ("lane", "outcome"),
            registry=self.registry,
        )
        self.batch_size = Histogram(
            "reelwise_batch_size",
            "Inputs in one call of a model in this process.",
            ("engine",),
            buckets=_SIZE_BUCKETS,
            registry=self.registry,
        )
        self.index_seconds = Histogram(
            "reelwise_index_duration_seconds",
            "Wall clock of a call of the index in this process, seconds.",
            ("operation", "outcome"),
            buckets=_FAST_BUCKETS,
            registry=self.registry,
        )
        self.http_seconds = Histogram(
            "reelwise_http_request_duration_seconds",
            "Time from a request to the end of its answer in this process, seconds.",
            ("method", "route", "status"),
            buckets=_FAST_BUCKETS,
            registry=self.registry,
        )


@cache
def meters() -> Meters:
    """This process's meters."""
    return Meters()


def share_among_children(folder: Path, child: Callable[[], str | int]) -> CollectorRegistry:
    """Let forked children count into files in `folder`; a registry for the parent that adds them up.

    `child` tells the children that live at one time apart. A name that a replaced child's successor takes over keeps
    the files few: its counters go on where the other's ended. Call it before anything is counted.
    """
    if meters.cache_info().currsize:
        raise RuntimeError("this process counts already: share the meters before they are first used")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    # The library chooses where values live when it is imported, which was before anybody knew that this process forks.
    values.ValueClass = values.MultiProcessValue(child)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))
    return registry
