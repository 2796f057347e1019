"""Verbs of operators: up, doctor, schema."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.text import Text

from services.api.routes.system import understanding_schema
from services.cli.checks import Level, examine
from services.cli.launcher import service, settings_for
from services.cli.options import Data, Profile
from services.cli.output import CliError, complain, out, reported_errors
from services.cli.runfile import running
from services.cli.serving import ended_by_signals, leaving_lanes_behind, listening, serve
from services.cli.watching import watch_process

_MARKS = {Level.OK: ("ok     ", "green"), Level.WARNING: ("warning", "yellow"), Level.FAULT: ("missing", "red")}


def up(
    host: Annotated[str | None, typer.Option(help="Address to listen on (default 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port (default 8765; 0: any free one).")] = None,
    data: Data = None,
    profile: Profile = None,
) -> None:
    """Run the API and a worker in this process until interrupted. What was queued is worked on."""
    settings = settings_for(data, profile, host=host, port=port)
    with reported_errors(), leaving_lanes_behind(), ended_by_signals():
        watch_process(settings, "reelwise")
        if (other := running(settings.data_dir)) is not None:
            raise CliError(
                f"Process {other.pid} serves {settings.data_dir} already, at {other.url}.",
                remedy="Use it, stop it, or give another folder with --data.",
            )
        with listening(settings.host, settings.port) as listener, service(settings, work=True) as parts:
            serve(settings, parts, listener)


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
