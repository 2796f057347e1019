"""The Celery app: a queue a lane, a task a lane's work on one video.

A message only says "look at this video's lane": the record decides whether there is anything to do, so messages may be
lost, doubled or late without harm.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection
from importlib.util import find_spec
from typing import Any, Protocol

from celery import Celery
from kombu.entity import Exchange, Queue
from kombu.exceptions import OperationalError

from services.library.errors import BrokerUnavailable, LibraryError
from services.library.record.database import utc_now
from services.library.record.port import RecordPort
from services.library.record.types import Lane
from services.settings import Settings
from services.telemetry.carrier import carrying, outgoing, received

logger = logging.getLogger(__name__)

_EXCHANGE = "reelwise"

_CONNECT_S = 5.0
"""How long a broker may take to answer a connection, seconds."""

_BROKERS: dict[str, tuple[str, str | None, str]] = {
    "memory": ("this process", None, ""),
    "redis": ("Redis", "redis", "pip install 'reelwise[redis]'"),
    "rediss": ("Redis", "redis", "pip install 'reelwise[redis]'"),
    "amqp": ("RabbitMQ", "amqp", "pip install 'amqp>=5.2'"),
    "amqps": ("RabbitMQ", "amqp", "pip install 'amqp>=5.2'"),
}
"""Scheme -> the broker's name, the module of its client, and how to get it."""


class LaneRunner(Protocol):
    """Whoever does a lane's work on a video, such as `workers.lanes.LaneWorker`."""

    @property
    def record(self) -> RecordPort:
        """Where it is said what is due."""
        ...

    def run(self, video_id: str, lane: Lane) -> Lane | None:
        """Run the lane if it is due; the lane that is due next, if any."""
        ...


def task_name(lane: Lane) -> str:
    """The name that whoever enqueues knows a lane's task by."""
    return f"reelwise.{lane.value}"


def queue_name(settings: Settings, lane: Lane) -> str:
    """A lane's queue. The in-process broker is one for the whole process, so there the data folder is in the name."""
    return f"{lane.value}@{settings.data_dir.absolute()}" if settings.embedded else lane.value


def lane_queue(name: str) -> Queue:
    """A durable queue that only its own messages reach: the exchange sends by the queue's name."""
    return Queue(name, Exchange(_EXCHANGE, "direct", durable=True), routing_key=name, durable=True)


def create_app(settings: Settings, worker: Callable[[], LaneRunner]) -> Celery:
    """The app of these settings. `worker` is called in the process that runs tasks, when the first one comes.

    Raises `BrokerUnavailable` where the broker's kind is not known or its client is not installed.
    """
    kind = _kind(settings)
    app = Celery("reelwise", broker=settings.broker_url)
    app.conf.update(
        task_queues=[lane_queue(queue_name(settings, lane)) for lane in Lane],
        task_routes={task_name(lane): {"queue": queue_name(settings, lane)} for lane in Lane},
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=not settings.embedded,
        broker_connection_retry_on_startup=True,
        broker_connection_timeout=_CONNECT_S,
        # A sweep makes up for what could not be sent; until then whoever sends should not be held up.
        task_publish_retry=False,
        task_serializer="json",
        accept_content=["json"],
        broker_transport_options=_transport(settings, kind),
    )
    for lane in Lane:
        # Unshared, or a second app in the process would run the tasks of the first.
        app.task(_task(app, settings, worker, lane), name=task_name(lane), shared=False)
    return app


def _kind(settings: Settings) -> str:
    scheme = settings.broker_url.partition(":")[0]
    if scheme not in _BROKERS:
        raise BrokerUnavailable(
            f"REELWISE_BROKER_URL begins with {scheme!r}, a broker that Reelwise does not know: use redis:// or "
            "rediss:// (Redis), amqp:// or amqps:// (RabbitMQ), or memory:// (one process)."
        )
    kind, module, remedy = _BROKERS[scheme]
    if module is not None and find_spec(module) is None:
        raise BrokerUnavailable(f"REELWISE_BROKER_URL names {kind}, whose client is missing: {remedy}")
    return kind


def _transport(settings: Settings, kind: str) -> dict[str, Any]:
    """Options of kombu's transport. `max_retries` is for sending: what could not be sent is left to a sweep."""
    if kind == "Redis":
        # A message must not come back while its lane may still be at work; the lease would turn it away anyway.
        return {
            "visibility_timeout": math.ceil(settings.redelivery_s),
            "socket_connect_timeout": _CONNECT_S,
            "socket_keepalive": True,
            "max_retries": 0,
        }
    if kind == "RabbitMQ":
        # Sending returns when the broker has the message, and says so when it has not.
        return {"confirm_publish": True, "max_retries": 0}
    return {"polling_interval": 0.02}


def announce(app: Celery, video_id: str, lane: Lane) -> bool:
    """Send the message that a lane is due; False where the broker does not answer, and a sweep tells of it later."""
    try:
        app.send_task(task_name(lane), args=[video_id], headers=outgoing(video_id))
    except OperationalError as error:
        logger.warning("the broker does not answer (%s); a sweep tells of %s", error, video_id)
        return False
    return True


def announce_due(app: Celery, record: RecordPort, settings: Settings, lanes: Collection[Lane] = tuple(Lane)) -> int:
    """Send messages about what is due and has none on its way, fairly and within the window; how many.

    Brokers hand messages out in the order they came, so whatever lies in a queue is ahead of every later upload: that
    is why only `queue_window` messages a lane are under way. What could not be sent is due again at once. Whoever
    sweeps, takes uploads in or ends a lane calls this. Raises `LibraryError`.
    """
    due = record.announce(
        now=utc_now(),
        window=settings.queue_window,
        backfill_share=settings.backfill_share,
        again_s=settings.announce_again_s,
        lanes=lanes,
    )
    with carrying({}):  # each message is of its own video's request, not of the one that is worked on here
        for place, (video_id, lane) in enumerate(due):
            if not announce(app, video_id, lane):
                record.withdraw(due[place:])  # each further try would wait for the broker as long
                return place
    return len(due)


def _task(app: Celery, settings: Settings, worker: Callable[[], LaneRunner], lane: Lane) -> Callable[[str], Any]:
    def run(video_id: str) -> None:
        request, runner = app.current_task.request, worker()
        with received(request, request.id):
            following = runner.run(video_id, lane)
            if following is not None:
                outgoing(video_id)  # noted, for the message about the following lane
        # This lane's queue has room for one more, and the following lane's may have.
        try:
            announce_due(app, runner.record, settings, {lane} if following is None else {lane, following})
        except LibraryError:
            logger.exception("the record could not say what is due; a sweep asks again")

    run.__name__ = lane.value
    return run
