"""The Celery app: a queue a lane, a task a lane's work on one video.

A message only says "look at this video's lane": the record decides whether there is anything to do, so messages may be
lost, doubled or late without harm.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import timedelta
from importlib.util import find_spec
from typing import Any, Protocol

from celery import Celery
from kombu.entity import Exchange, Queue
from kombu.exceptions import OperationalError

from services.library.errors import BrokerUnavailable, LibraryError
from services.library.record.database import utc_now
from services.library.record.port import RecordPort
from services.library.record.types import Advanced, Lane, Window
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

    def run(self, video_id: str, lane: Lane, window: Window | None = None) -> Advanced | None:
        """Run the lane if it is due; how the video moved on, if it did."""
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
        broker_transport_options=_transport(kind),
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


def _transport(kind: str) -> dict[str, Any]:
    """Options of kombu's transport. `max_retries` is for sending: what could not be sent is left to a sweep."""
    if kind == "Redis":
        # Redis is not told which messages are being worked on: the record knows, and a sweep tells of what was lost.
        return {
            "ack_emulation": False,
            "priority_steps": [0],  # the record orders; else a worker would ask for four lists a queue
            "socket_connect_timeout": _CONNECT_S,
            "socket_keepalive": True,
            "max_retries": 0,
        }
    if kind == "RabbitMQ":
        # Sending returns when the broker has the message, and says so when it has not.
        return {"confirm_publish": True, "max_retries": 0}
    return {"polling_interval": 0.02}


def window_of(settings: Settings) -> Window:
    """How much the broker is told of, by these settings."""
    return Window(settings.queue_window, settings.backfill_share, timedelta(seconds=settings.announce_again_s))


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
    sweeps or takes uploads in calls this, and whoever ends a lane whose window is half empty. Raises `LibraryError`.
    """
    due = record.announce(now=utc_now(), window=window_of(settings), lanes=lanes)
    with carrying({}):  # each message is of its own video's request, not of the one that is worked on here
        for place, (video_id, lane) in enumerate(due):
            if not announce(app, video_id, lane):
                record.withdraw(due[place:])  # each further try would wait for the broker as long
                return place
    return len(due)


def _task(app: Celery, settings: Settings, worker: Callable[[], LaneRunner], lane: Lane) -> Callable[[str], Any]:
    window = window_of(settings)

    def run(video_id: str) -> None:
        request, runner = app.current_task.request, worker()
        with received(request, request.id):
            advanced = runner.run(video_id, lane, window)
            try:
                if advanced is None:
                    announce_due(app, runner.record, settings, {lane})  # the message is spent: there is room for one
                else:
                    _go_on(app, runner.record, settings, video_id, advanced)
            except LibraryError:
                logger.exception("the record could not say what is due; a sweep asks again")

    run.__name__ = lane.value
    return run


def _go_on(app: Celery, record: RecordPort, settings: Settings, video_id: str, advanced: Advanced) -> None:
    """Tell of the video's next lane, now or when it is its turn, and of others where little is under way."""
    if advanced.told and advanced.lane is not None:
        if not announce(app, video_id, advanced.lane):
            record.withdraw([(video_id, advanced.lane)])
    elif advanced.lane is not None:
        outgoing(video_id)  # noted, for the message that is sent then
    if advanced.fill:
        announce_due(app, record, settings, advanced.fill)
