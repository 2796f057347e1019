"""Answering on a port until told to stop: what `reelwise up` and `reelwise api` have in common."""

from __future__ import annotations

import secrets
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import typer
import uvicorn
from rich.text import Text

from services.api import Service, create_app
from services.api.app import trusted_hosts
from services.api.gate import loopback
from services.cli.output import CliError, err
from services.cli.runfile import announced
from services.cli.watching import announce
from services.library.record.store import Record
from services.settings import Settings


def serve(settings: Settings, parts: Service, listener: socket.socket) -> None:
    """Answer on the listening socket until a signal says to stop, and note where in the data folder.

    Raises `CliError` where others reach the address and nobody has to sign in.
    """
    taken = listener.getsockname()[1]
    reachable = "127.0.0.1" if trusted_hosts(settings.host) == ["*"] else settings.host
    url = f"http://[{reachable}]:{taken}" if ":" in reachable else f"http://{reachable}:{taken}"
    _let_nobody_in_unasked(settings, parts.library.record)
    secret = secrets.token_urlsafe(32)
    announce(settings, f"Reelwise answers at {url}  (documentation: {url}/docs; Ctrl-C ends it)")
    server = uvicorn.Server(uvicorn.Config(create_app(parts, secret=secret), log_config=None, access_log=False))
    parts.recommender.warm_behind()
    with announced(settings.data_dir, url, secret):
        server.run(sockets=[listener])


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Make SIGTERM and Ctrl-C leave the block as an exit of status 0, so that everything in it is closed in order.

    The server catches both while it runs, and raises them again once it has answered what it was asked.
    """

    def leave(_number: int, _frame: FrameType | None) -> None:
        raise typer.Exit(0)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def leaving_lanes_behind() -> Iterator[None]:
    """End the process once all inside is closed, though a lane that was given back may be in a model for minutes yet.

    The interpreter would wait for the lane's thread.
    """
    from workers.launcher import lanes_at_work
    from workers.stopping import leave

    try:
        yield
    except typer.Exit as ending:
        if ending.exit_code:
            raise
    if lanes_at_work():
        leave(lambda: None)


def listening(host: str, port: int) -> socket.socket:
    """Take the port before anything is loaded, so that a taken one is told at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise CliError(
            f"{host}:{port} cannot be listened on: {error.strerror}.", remedy="Give another --port, or 0."
        ) from error
    return listener


def _let_nobody_in_unasked(settings: Settings, record: Record) -> None:
    """On an address that others reach, callers sign in, or the operator said that they need not."""
    if loopback(settings.host):
        return
    if settings.auth == "off":
        err.print(Text("warning: everyone who reaches this machine can use the API (REELWISE_AUTH=off).", "yellow"))
    elif not record.has_accounts():
        raise CliError(
            f"{settings.host} is reached by others, and there are no accounts.",
            remedy="`reelwise accounts add NAME --role admin`; or REELWISE_AUTH=off behind a proxy with log-in.",
        )
