"""Logs of a serving process: every line of ours, uvicorn's and Celery's in one format, with what it is about.

Modules log by the standard library's `logging`. What a line is about (request, video, task, lane, stage) is bound once,
where that is known, and stands in every line written meanwhile, in that thread or task.
"""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from services.settings import Settings
from services.telemetry.redaction import redacted
from services.telemetry.tracing import ids_of_current_span

bound = structlog.contextvars.bound_contextvars
"""`with bound(video_id=..., lane=...)`: lines written inside say so."""

OURS = ("models", "workers", "services", "uvicorn", "celery")
"""Loggers that follow REELWISE_LOG_LEVEL; those of other libraries are heard from WARNING on."""

_QUIET = ("uvicorn.access",)
"""Never heard: its lines hold whole addresses, in which viewers and searches are named. `http.py` writes its own."""


def set_up_logging(settings: Settings, *, stream: TextIO | None = None) -> None:
    """Send this process's log lines to `stream` (default: stderr), in the format and from the level of the settings.

    Called once, by processes that serve; commands that answer a person leave logging as it is.
    """
    target = stream or sys.stderr
    handler = logging.StreamHandler(target)
    handler.setFormatter(_formatter(settings, colors=target.isatty()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    root.setLevel(max(level, logging.WARNING))
    for name in OURS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).disabled = True
    logging.captureWarnings(True)


def _formatter(settings: Settings, *, colors: bool) -> logging.Formatter:
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _trace,
    ]
    last: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _redact,
    ]
    if settings.log_format == "json":
        last.append(structlog.processors.JSONRenderer(ensure_ascii=False))
    else:
        last.append(structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=0, sort_keys=False))
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last)


def _trace(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Name the span, so that one finds the other."""
    event.update(ids_of_current_span())
    return event


def _redact(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    return {key: redacted(value) if isinstance(value, str) else value for key, value in event.items()}
