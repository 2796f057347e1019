"""Verbs of operators: up, doctor, schema."""

from __future__ import annotations

import json
import secrets
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated

import typer
import uvicorn
from rich.text import Text

from services.api import create_app
from services.api.app import trusted_hosts
from services.api.gate import loopback
from services.api.routes.system import understanding_schema
from services.cli.checks import Level, examine
from services.cli.launcher import service, settings_for
from services.cli.options import Data, Profile
from services.cli.output import CliError, complain, err, out, reported_errors
from services.cli.runfile import announced, running
from services.library.record.store import Record
from services.settings import Settings

_MARKS = {Level.OK: ("ok     ", "green"), Level.WARNING: ("warning", "yellow"), Level.FAULT: ("missing", "red")}


def up(
    host: Annotated[str | None, typer.Option(help="Address to listen on (default 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port (default 8765; 0: any free one).")] = None,
    data: Data = None,
    profile: Profile = None,
) -> None:
    """Run the API and a worker in this process until interrupted. What was queued is worked on."""
    settings = settings_for(data, profile, host=host, port=port)
    with reported_errors(), _ended_by_signals():
        if (other := running(settings.data_dir)) is not None:
            raise CliError(
                f"Process {other.pid} serves {settings.data_dir} already, at {other.url}.",
                remedy="Use it, stop it, or give another folder with --data.",
            )
        with _listening(settings.host, settings.port) as listener, service(settings, work=True) as parts:
            taken = listener.getsockname()[1]
            reachable = "127.0.0.1" if trusted_hosts(settings.host) == ["*"] else settings.host
            url = f"http://[{reachable}]:{taken}" if ":" in reachable else f"http://{reachable}:{taken}"
            _let_nobody_in_unasked(settings, parts.library.record)
            secret = secrets.token_urlsafe(32)
            err.print(Text(f"Reelwise answers at {url}  (documentation: {url}/docs; Ctrl-C ends it)"), soft_wrap=True)
            server = uvicorn.Server(uvicorn.Config(create_app(parts, secret=secret), log_level="warning"))
            with announced(settings.data_dir, url, secret):
                server.run(sockets=[listener])


def doctor(data: Data = None, profile: Profile = None) -> None:
    """Say what is installed, reachable and missing, and how to get it; exit status 1 if videos cannot be understood."""
    with reported_errors():
        findings = examine(settings_for(data, profile))
    for finding in findings:
        mark, style = _MARKS[finding.level]
        out.print(Text.assemble((mark, style), f"  {finding.what}"), soft_wrap=True)
        if finding.remedy:
            out.print(Text(f"           {finding.remedy}", style="dim"), soft_wrap=True)
    if any(finding.level is Level.FAULT for finding in findings):
        complain("Videos cannot be understood here yet.", "the lines marked `missing` say how.")
        raise typer.Exit(1)


def schema() -> None:
    """Print the JSON Schema of `analyze --json`."""
    typer.echo(json.dumps(understanding_schema(), indent=2, ensure_ascii=False))


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


@contextmanager
def _ended_by_signals() -> Iterator[None]:
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


def _listening(host: str, port: int) -> socket.socket:
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
