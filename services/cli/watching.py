"""Starts what lets operators see a serving process: logs, traces, counts of model calls."""

from __future__ import annotations

import logging

from rich.text import Text

from models.observing import observe_batches
from services.api.version import version
from services.cli.output import err
from services.settings import Settings
from services.telemetry.logs import set_up_logging
from services.telemetry.meters import meters
from services.telemetry.tracing import set_up_tracing

logger = logging.getLogger(__name__)


def announce(settings: Settings, words: str) -> None:
    """Tell whoever started the process: as a line for people, or among the log lines where a program reads them."""
    if settings.log_format == "json":
        logger.info(words)
    else:
        err.print(Text(words), soft_wrap=True)


def watch_process(settings: Settings, name: str) -> None:
    """Called by `up`, `worker` and their like, before they open anything. `name` is the service's in traces.

    Raises `TracingMisconfigured`.
    """
    from celery.signals import setup_logging

    set_up_logging(settings)
    setup_logging.connect(_as_it_is, weak=False)
    set_up_tracing(name, version=version())
    observe_batches(_count_batch)


def _count_batch(engine: str, size: int) -> None:
    meters().batch_size.labels(engine).observe(size)


def _as_it_is(**_: object) -> None:
    """Celery sets logging up itself unless somebody takes this signal."""
