"""The Celery app: a queue a lane, a task a lane's work on one video.

A message only says "look at this video's lane": the record decides whether there is anything to do, so messages may be
lost, doubled or late without harm.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, Protocol

from celery import Celery
from kombu.entity import Queue

from services.library.errors import BrokerUnavailable
from services.library.record.types import Lane
from services.settings import Settings


class LaneRunner(Protocol):
    """Whoever does a lane's work on a video, such as `workers.lanes.LaneWorker`."""

    def run(self, video_id: str, lane: Lane) -> Lane | None:
        """Run the lane if it is due; the lane that is due next, if any."""
        ...


def task_name(lane: Lane) -> str:
    """The name that whoever enqueues knows a lane's task by."""
    return f"reelwise.{lane.value}"


def queue_name(settings: Settings, lane: Lane) -> str:
    """A lane's queue. The in-process broker is one for the whole process, so there the data folder is in the name."""
    return f"{lane.value}@{settings.data_dir.absolute()}" if settings.embedded else lane.value


def create_app(settings: Settings, worker: Callable[[], LaneRunner]) -> Celery:
    """The app of these settings. `worker` is called in the process that runs tasks, when the first one comes.

    Raises `BrokerUnavailable` where the broker's client is not installed.
    """
    if settings.broker_url.startswith("redis") and find_spec("redis") is None:
        raise BrokerUnavailable(
            "REELWISE_BROKER_URL names Redis, whose client is missing: pip install 'reelwise[redis]'"
        )
    app = Celery("reelwise", broker=settings.broker_url)
    app.conf.update(
        task_queues=[Queue(queue_name(settings, lane)) for lane in Lane],
        task_routes={task_name(lane): {"queue": queue_name(settings, lane)} for lane in Lane},
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=not settings.embedded,
        broker_connection_retry_on_startup=True,
        task_serializer="json",
        accept_content=["json"],
        # A message must not come back while its lane may still be at work; the lease would turn it away anyway.
        broker_transport_options={"visibility_timeout": max(3600, int(settings.decode_timeout_s * 4))}
        if settings.broker_url.startswith("redis")
        else {"polling_interval": 0.02}
        if settings.embedded
        else {},
    )
    for lane in Lane:
        # Unshared, or a second app in the process would run the tasks of the first.
        app.task(_task(app, worker, lane), name=task_name(lane), shared=False)
    return app


def enqueue(app: Celery, video_id: str, lane: Lane) -> None:
    """Ask for a lane of a video to be looked at."""
    app.send_task(task_name(lane), args=[video_id])


def _task(app: Celery, worker: Callable[[], LaneRunner], lane: Lane) -> Callable[[str], Any]:
    def run(video_id: str) -> None:
        following = worker().run(video_id, lane)
        if following is not None:
            enqueue(app, video_id, following)

    run.__name__ = lane.value
    return run
