"""Messages over real brokers: each lane hears its own, and what a worker died of is handed to another."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.library.errors import BrokerUnavailable
from services.library.record.types import Lane
from services.settings import Settings
from tests.brokers import free_port, rabbitmq_server, redis_server
from workers import app as workers_app
from workers.app import announce, create_app

ROOT = Path(__file__).parents[2]
PATIENCE_S = 180.0
SERVERS = {"redis": redis_server, "rabbitmq": rabbitmq_server}


@pytest.fixture(scope="module", params=SERVERS)
def broker(request: pytest.FixtureRequest) -> Iterator[str]:
    with SERVERS[request.param]() as url:
        yield url


@contextmanager
def worker(broker: str, log: Path, work: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that takes messages of the lane prepare. Redis hands an unfinished one out again after a second."""
    environment = {"REELWISE_BROKER_URL": broker, "REELWISE_REDELIVERY_S": "1", "REELWISE_DECODE_TIMEOUT_S": "0.5"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.workers.broker_task", str(log), work], cwd=ROOT, env=os.environ | environment
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.05)


def lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def nobody() -> None:
    raise AssertionError("this process runs no task")


def test_a_message_reaches_its_lane_alone_and_that_of_a_killed_worker_is_handed_to_another(
    broker: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    app = create_app(Settings(broker_url=broker), nobody)
    announce(app, "v1", Lane.PREPARE)
    announce(app, "other", Lane.DESCRIBE)
    with worker(broker, log, "hang"):
        until(lambda: "hang v1 prepare" in lines(log))
    # A worker on Redis looks for overdue messages when it starts, and then every 100 seconds only.
    time.sleep(2.5)
    with worker(broker, log, "end"):
        until(lambda: "end v1 prepare" in lines(log))
        announce(app, "v2", Lane.PREPARE)
        until(lambda: "end v2 prepare" in lines(log))
    assert sorted(set(lines(log))) == ["end v1 prepare", "end v2 prepare", "hang v1 prepare"]
    app.close()


def test_a_broker_that_is_away_keeps_nobody_from_going_on() -> None:
    app = create_app(Settings(broker_url=f"redis://127.0.0.1:{free_port()}/0"), nobody)
    assert announce(app, "v1", Lane.PREPARE) is False


@pytest.mark.parametrize(
    ("url", "client", "said"),
    [
        ("redis://127.0.0.1/0", "redis", r"Redis, whose client is missing: pip install 'reelwise\[redis\]'"),
        ("amqp://127.0.0.1//", "amqp", r"RabbitMQ, whose client is missing: pip install"),
        ("sqs://", "", r"REELWISE_BROKER_URL begins with 'sqs'.*redis://.*amqp://"),
    ],
)
def test_a_broker_whose_client_is_missing_or_that_is_unknown_is_refused_with_a_remedy(
    url: str, client: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers_app, "find_spec", lambda name: None if name == client else object())
    with pytest.raises(BrokerUnavailable, match=said):
        create_app(Settings(broker_url=url), nobody)


def test_work_is_not_handed_out_again_while_it_may_still_be_done() -> None:
    with pytest.raises(ValueError, match="REELWISE_REDELIVERY_S"):
        Settings(redelivery_s=10, decode_timeout_s=20)
