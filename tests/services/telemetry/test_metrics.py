"""`/metrics` shows what docs/observability.md lists, and no more labels than there are names in the code."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from services.library.errors import IndexMismatch
from services.library.index.port import Collection, Filter
from services.library.library import Library
from services.library.record.types import Lane, Submission
from services.telemetry.exposed import MetricsPortTaken, metrics_shown
from services.telemetry.index import watched
from services.telemetry.meters import meters
from services.telemetry.queue import QueueCollector
from services.telemetry.work import Outcome, lane_run, stage_run
from tests.metric_names import documented, families


def add(library: Library, *names: str) -> list[str]:
    return [
        library.record.submit(Submission(name * 64, 1, f"videos/{name}", "source", title="t"))[0].id for name in names
    ]


def value(text: str, name: str, **labels: str) -> float:
    (found,) = [
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if (sample.name, sample.labels) == (name, labels)
    ]
    return found


def test_the_table_in_the_docs_is_what_is_shown(api: httpx.Client) -> None:
    text = api.get("/metrics").text
    assert families(text) == documented()


def test_prometheus_finds_nothing_to_comlibrary_of(api: httpx.Client) -> None:
    command = shutil.which("promtool")
    if command is None:
        pytest.skip("promtool is not installed (apt-get install prometheus)")
    checked = subprocess.run([command, "check", "metrics"], input=api.get("/metrics").content, capture_output=True)
    assert checked.returncode == 0, checked.stdout.decode() + checked.stderr.decode()


def test_each_lane_s_queue_has_a_depth_and_an_age_which_are_kept_for_a_moment(library: Library) -> None:
    record, now = library.record, datetime.now(UTC)
    record._clock = lambda: now - timedelta(minutes=10)
    first, second, third, _ = add(library, "a", "b", "c", "d")
    lease = record.claim(first, Lane.PREPARE, now=now, lease_s=60)
    assert lease is not None
    assert record.advance(lease, Lane.DESCRIBE)
    assert record.claim(second, Lane.PREPARE, now=now, lease_s=60) is not None
    lease = record.claim(third, Lane.PREPARE, now=now, lease_s=60)
    assert lease is not None
    away = now + timedelta(hours=1)
    record.wait(lease, reason="m is away", not_before=away, give_up_at=away)
    registry = CollectorRegistry()
    registry.register(QueueCollector(record))
    text = generate_latest(registry).decode()
    assert value(text, "reelwise_queue_depth", lane="prepare") == 1
    assert 600 <= value(text, "reelwise_queue_oldest_seconds", lane="prepare") < 900
    assert value(text, "reelwise_leases", lane="prepare") == 1
    assert value(text, "reelwise_queue_delayed", lane="prepare") == 1
    assert value(text, "reelwise_waiting_for_model", lane="prepare") == 1
    assert value(text, "reelwise_queue_depth", lane="describe") == 1
    assert value(text, "reelwise_queue_depth", lane="publish") == 0
    assert value(text, "reelwise_videos", state="queued") == 2
    record._clock = lambda: now
    add(library, "e")
    assert value(generate_latest(registry).decode(), "reelwise_queue_depth", lane="prepare") == 1


def test_lanes_and_stages_are_counted_by_how_they_ended() -> None:
    def sample(name: str, **labels: str) -> float:
        return meters().registry.get_sample_value(name, labels) or 0.0

    done = sample("reelwise_lane_outcomes_total", lane="prepare", outcome="retried")
    runs = sample("reelwise_stage_duration_seconds_count", stage="ocr", outcome="failed")
    with lane_run("v", "prepare") as run:
        run.outcome = Outcome.RETRIED
        with pytest.raises(OSError, match="disk"), stage_run("ocr", "prepare"):
            raise OSError("disk")
    assert sample("reelwise_lane_outcomes_total", lane="prepare", outcome="retried") == done + 1
    assert sample("reelwise_stage_duration_seconds_count", stage="ocr", outcome="failed") == runs + 1


def test_calls_of_the_index_are_timed_by_operation(library: Library) -> None:
    def count(operation: str, outcome: str) -> float:
        labels = {"operation": operation, "outcome": outcome}
        return meters().registry.get_sample_value("reelwise_index_duration_seconds_count", labels) or 0.0

    index, before, failed = watched(library.index), count("count", "ok"), count("count", "failed")
    assert index.count(Collection.VIDEOS) == 0
    with pytest.raises(IndexMismatch):
        index.count(Collection.VIDEOS, Filter(equals={"no such field": ["x"]}))
    assert index.unoptimized()[0] == 0
    assert (count("count", "ok"), count("count", "failed")) == (before + 1, failed + 1)


CHILDREN = """
import os, sys, urllib.request
from services.settings import Settings
from services.telemetry import exposed
from services.telemetry.meters import meters
from services.telemetry.queue import QueueCollector
from services.telemetry.work import Outcome, lane_run

slot = "parent"
exposed._slot = lambda: slot
with exposed.metrics_shown(Settings(), children=True):
    for name in ("0", "1", "0"):  # the third child takes the first one's place
        child = os.fork()
        if not child:
            slot = name
            with lane_run("v", "prepare") as run:
                run.outcome = Outcome.DONE
            os._exit(0)
        os.waitpid(child, 0)
    print(urllib.request.urlopen(f"http://127.0.0.1:{os.environ['REELWISE_METRICS_PORT']}/metrics").read().decode())
    print("files", len(os.listdir(os.environ["PROMETHEUS_MULTIPROC_DIR"])))
"""


def test_forked_children_are_added_up_and_their_successors_take_over_their_files(free_port: Callable[[], int]) -> None:
    environment = {**os.environ, "REELWISE_METRICS_PORT": str(free_port())}
    ran = subprocess.run([sys.executable, "-c", CHILDREN], env=environment, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    assert 'reelwise_lane_outcomes_total{lane="prepare",outcome="done"} 3.0' in ran.stdout
    assert ran.stdout.rstrip().endswith("files 2")


def test_a_port_that_is_taken_is_told_with_the_setting(free_port: Callable[[], int], library: Library) -> None:
    settings = library.settings.model_copy(update={"metrics_port": free_port()})
    with metrics_shown(settings, children=False):
        text = httpx.get(f"http://127.0.0.1:{settings.metrics_port}/metrics", trust_env=False).text
        assert "reelwise_index_duration_seconds" in families(text)
        with pytest.raises(MetricsPortTaken, match="REELWISE_METRICS_PORT"), metrics_shown(settings, children=False):
            pass
