"""The parts of scaled mode: an API that works over servers and a broker, and a sweeper that tells what is due."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

from models.profile import load_profile
from models.runtime import Runtime
from services.api import Progress, Service
from services.cli.launcher import made_up_for, open_library, runtime_limits
from services.cli.output import CliError
from services.library.blobs import blob_store
from services.library.record.database import utc_now
from services.library.record.store import Record
from services.library.record.types import Lane
from services.library.understanding import VideoState
from services.recommend.models import QUERY_ROLES
from services.settings import Settings
from services.webhooks import Sender, deliver_all

_NEGLECTED = timedelta(minutes=10)
"""Work that is due for so long, while nobody works on anything, has no worker."""


@dataclass(frozen=True, slots=True)
class BrokerDispatcher:
    """Announces new work to the broker; how the work stands, the record says."""

    announce: Callable[[str, Lane], object]
    record: Record
    elsewhere: bool = True

    def notify(self, video_id: str, lane: Lane) -> None:
        """Send a message. Where the broker does not answer, a sweep does it later."""
        self.announce(video_id, lane)

    def progress(self, video_id: str) -> Progress | None:
        """The lane that is being worked on; how far it is, the record does not know."""
        video = self.record.video(video_id)
        if video is None or video.state is not VideoState.PROCESSING or video.lane is None:
            return None
        return Progress(video.lane.value, None)

    def ready(self) -> bool:
        """Whether any worker seems to be at work. Raises `RecordUnavailable`."""
        now = utc_now()
        return self.record.neglected(now=now, since=now - _NEGLECTED) == 0


@contextmanager
def api_service(settings: Settings) -> Iterator[Service]:
    """The library on servers, the encoders of queries, and a way to the broker. No other engine is loaded.

    Raises `CliError` for settings of one process, `WeightsMissing`, `BrokerUnavailable`, and what opening a library
    does.
    """
    check_shared(settings, index=True, what="`reelwise api`")
    from workers.announce import Announcer
    from workers.app import create_app

    app = create_app(settings, _nobody)
    profile = load_profile(settings.profile)
    runtime = Runtime(profile, settings.models_dir, limits=runtime_limits(settings, pinned=QUERY_ROLES))
    with ExitStack() as stack:
        stack.callback(runtime.close)
        runtime.check_weights(QUERY_ROLES)
        library = stack.enter_context(open_library(settings, runtime))
        made_up_for(library)
        announcer = Announcer(app, library.record, settings)
        parts = Service(library, runtime, BrokerDispatcher(announcer.tell, library.record))
        stack.callback(parts.recommender.close)
        stack.callback(app.close)
        yield parts


def run_sweep(settings: Settings, *, once: bool, stopping: threading.Event) -> int:
    """Announce what is due and send webhooks until `stopping` is set, or once; how many lanes were announced last.

    Raises `CliError`, `BrokerUnavailable`, and with `once` whatever a round raises.
    """
    check_shared(settings, index=False, what="`reelwise sweep`")
    from workers.announce import Announcer, announce_training, sweep
    from workers.app import create_app
    from workers.training.task import TrainingClock, add_training

    app = create_app(settings, _nobody)
    add_training(app, settings, _nobody)
    record = Record.open(settings.resolved_database_url)
    try:
        announcer = Announcer(app, record, settings)
        clock = TrainingClock(settings, blob_store(settings))
        if once:
            sent = announcer.announce_due()
            announce_training(clock, app)
            deliver_all(record, settings)
            return sent
        sender = Sender(record, settings)
        sender.start()
        try:
            sweep(announcer, clock, app, period_s=settings.sweep_s, wait=stopping.wait)
        finally:
            sender.stop()
        return 0
    finally:
        app.close()
        record.close()


def check_shared(settings: Settings, *, index: bool, what: str) -> None:
    """Raises `CliError` where a broker or an index is used that other processes cannot reach."""
    if settings.embedded:
        raise CliError(
            f"The broker {settings.broker_url} lives inside one process, and {what} needs one that workers hear.",
            remedy="Set REELWISE_BROKER_URL, for example redis://127.0.0.1:6379/0, for all processes; or run "
            "`reelwise up`, which does everything in one.",
        )
    if index and settings.index_url is None:
        raise CliError(
            f"The embedded index belongs to one process, and {what} needs one that publishing workers reach.",
            remedy="Set REELWISE_INDEX_URL to a Qdrant server, for all processes; or run `reelwise up`.",
        )


def _nobody() -> NoReturn:
    raise RuntimeError("this process only sends messages; it runs no task")
