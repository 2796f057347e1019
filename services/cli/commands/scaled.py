"""Verbs of scaled mode beside `worker`: api, sweep."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Annotated

import typer
from rich.text import Text

from services.cli.launcher import settings_for
from services.cli.options import Data, Profile
from services.cli.output import err, reported_errors
from services.cli.scaled import api_service, run_sweep
from services.cli.serving import ended_by_signals, listening, serve
from services.cli.watching import announce, watch_process
from workers.stopping import leave


def api(
    host: Annotated[str | None, typer.Option(help="Address to listen on (default 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port (default 8765; 0: any free one).")] = None,
    data: Data = None,
    profile: Profile = None,
) -> None:
    """Run the API and the console alone, over a broker and a Qdrant server, until interrupted.

    Workers elsewhere do the work (`reelwise worker`), a sweeper tells them what is due (`reelwise sweep`). Several APIs
    may run side by side. Only the encoders of queries are loaded.
    """
    settings = settings_for(data, profile, host=host, port=port)
    with reported_errors(), ended_by_signals():
        watch_process(settings, "reelwise-api")
        with listening(settings.host, settings.port) as listener, api_service(settings) as parts:
            serve(settings, parts, listener)


def sweep(
    once: Annotated[bool, typer.Option("--once", help="Tell once what is due, and end; for cron.")] = False,
    data: Data = None,
) -> None:
    """Tell the broker what the record says is due, every REELWISE_SWEEP_S seconds; trainings as well.

    Several do no harm. It loads no model and opens no index.
    """
    settings = settings_for(data)
    with reported_errors():
        stopping = threading.Event()
        if not once:
            watch_process(settings, "reelwise-sweep")
            announce(settings, f"Sweeping every {settings.sweep_s:g} s; Ctrl-C ends it.")
            _leave_at_signals()
        sent = run_sweep(settings, once=once, stopping=stopping)
        if once:
            err.print(Text(f"{sent} lanes announced."))


def _leave_at_signals() -> None:
    """End at once: a message that is half sent is sent again by the next sweep, and nothing else is under way."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        leave(lambda: None)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
