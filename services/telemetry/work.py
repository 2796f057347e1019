"""Watches lanes and stages: binds what log lines are about, opens spans, counts outcomes and seconds."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from opentelemetry.trace import SpanKind, Status, StatusCode

from services.telemetry.carrier import begun
from services.telemetry.logs import bound
from services.telemetry.meters import meters
from services.telemetry.tracing import injected, span

logger = logging.getLogger(__name__)


class Outcome(StrEnum):
    """How work on a lane ended."""

    DONE = "done"
    RETRIED = "retried"
    """It failed and will be tried again."""
    WAITING = "waiting"
    """A model server is away; the lane comes back without an attempt counted."""
    SENT_BACK = "sent_back"
    """An earlier lane has to be run again first."""
    GIVEN_UP = "given_up"
    """The lease was lost meanwhile; whoever has it goes on."""
    REJECTED = "rejected"
    FAILED = "failed"


@dataclass(slots=True)
class LaneRun:
    """Set `outcome` before the block ends."""

    outcome: Outcome = Outcome.FAILED


@contextmanager
def lane_run(video_id: str, lane: str) -> Iterator[LaneRun]:
    """Around a lane's work on one video, once the lease is had."""
    run = LaneRun()
    started = time.perf_counter()
    attributes = {"video.id": video_id, "reelwise.lane": lane}
    with bound(video_id=video_id, lane=lane), span(f"lane {lane}", attributes, kind=SpanKind.CONSUMER) as made:
        begun(injected(made))
        try:
            yield run
        finally:
            seconds = time.perf_counter() - started
            made.set_attribute("reelwise.outcome", run.outcome.value)
            if run.outcome in (Outcome.FAILED, Outcome.RETRIED):
                made.set_status(Status(StatusCode.ERROR))
            meters().lane_outcomes.labels(lane, run.outcome.value).inc()
            logger.info("lane %s: %s in %.2f s", lane, run.outcome.value, seconds)


@contextmanager
def stage_run(stage: str, lane: str) -> Iterator[None]:
    """Around one run of a stage; results that are used again are no runs."""
    started = time.perf_counter()
    outcome = "failed"
    with bound(stage=stage), span(f"stage {stage}", {"reelwise.stage": stage, "reelwise.lane": lane}):
        try:
            yield
            outcome = "made"
        finally:
            meters().stage_seconds.labels(stage, outcome).observe(time.perf_counter() - started)
