"""Messages over real brokers: each lane hears its own, and what is lost with a worker the record knows."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kombu import Connection, Queue
from redis import Redis

from services.library.errors import BrokerUnavailable
from services.library.record.types import Lane
from services.settings import Settings
from tests.brokers import free_port, rabbitmq_server, redis_server
from workers import app as workers_app
from workers.app import announce, create_app, queue_name

ROOT = Path(__file__).parents[2]
PATIENCE_S = 180.0
SERVERS = {"redis": redis_server, "rabbitmq": rabbitmq_server}


@pytest.fixture(scope="module", params=SERVERS)
def broker(request: pytest.FixtureRequest) -> Iterator[str]:
    with SERVERS[request.param]() as url:
        yield url


@contextmanager
def worker(broker: str, log: Path, work: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that takes messages of the lane prepare."""
    environment = {"REELWISE_BROKER_URL": broker}
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


def test_a_message_reaches_its_lane_alone(broker: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    app = create_app(Settings(broker_url=broker), nobody)
    announce(app, "v1", Lane.PREPARE)
    announce(app, "other", Lane.DESCRIBE)
    with worker(broker, log, "end"):
        until(lambda: "end v1 prepare" in lines(log))
        announce(app, "v2", Lane.PREPARE)
        until(lambda: "end v2 prepare" in lines(log))
    assert lines(log) == ["end v1 prepare", "end v2 prepare"]
    app.close()


def test_rabbitmq_hands_the_message_of_a_killed_worker_to_another(tmp_path: Path) -> None:
    """Redis does not: the record announces that lane again when the lease has run out."""
    log = tmp_path / "log"
    with rabbitmq_server() as broker:
        app = create_app(Settings(broker_url=broker), nobody)
        announce(app, "v1", Lane.PREPARE)
        with worker(broker, log, "hang"):
            until(lambda: "hang v1 prepare" in lines(log))
        with worker(broker, log, "end"):
            until(lambda: "end v1 prepare" in lines(log))
        app.close()


def test_redis_keeps_nothing_about_what_is_being_worked_on(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with redis_server() as broker:
        app = create_app(Settings(broker_url=broker), nobody)
        announce(app, "v1", Lane.PREPARE)
        with worker(broker, log, "hang"), Redis.from_url(broker) as client:
            until(lambda: "hang v1 prepare" in lines(log))
            assert not [key for key in client.scan_iter() if b"prepare" in key or b"unacked" in key]
        app.close()


def test_a_worker_takes_no_message_before_it_has_a_thread_for_it(broker: str, tmp_path: Path) -> None:
    """What it took in advance would be lost with it, on Redis, and wait to be announced again."""
    log = tmp_path / "log"
    app = create_app(Settings(broker_url=broker), nobody)
    announce(app, "v1", Lane.PREPARE)
    with worker(broker, log, "hang"):
        until(lambda: "hang v1 prepare" in lines(log))
        announce(app, "v2", Lane.PREPARE)
        time.sleep(1.0)
        with app.connection_for_read() as connection:
            assert waiting(connection, app.amqp.queues[queue_name(Settings(broker_url=broker), Lane.PREPARE)]) == 1
    with worker(broker, log, "end"):
        until(lambda: "end v2 prepare" in lines(log))
    app.close()


def waiting(connection: Connection, queue: Queue) -> int:
    with connection.channel() as channel:
        return queue(channel).queue_declare(passive=True).message_count


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
