"""`reelwise status`: the fleet at a glance."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import httpx
import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from services.api.status import LeaseStatus, Reason, StatusAnswer, WorkerStatus
from services.cli.client import Client
from services.cli.launcher import connected, settings_for
from services.cli.options import Data, Json
from services.cli.output import out, reported_errors
from services.library.record.types import Lane
from services.library.understanding import VideoState

_TIMEOUT_S = 30.0
_SHOWN_WORKERS = 24
_SHOWN_LEASES = 12


def status(
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Show it anew until interrupted.")] = False,
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between two looks of --watch.")] = 2.0,
    url: Annotated[
        str | None, typer.Option(help="Address of an API elsewhere; REELWISE_API_KEY is an admin's key for it.")
    ] = None,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Show queues, all workers, who works on what, the last hour's outcomes, what fails and why, disk and versions.

    With --watch --json, one line of JSON a look.
    """
    with reported_errors(), _api(url, data) as client:
        if not watch:
            _print(client.get("/v1/status", StatusAnswer), as_json)
            return
        try:
            _watch(lambda: client.get("/v1/status", StatusAnswer), every, as_json)
        except KeyboardInterrupt:
            raise typer.Exit(0) from None


@contextmanager
def _api(url: str | None, data: Data) -> Iterator[Client]:
    if url is None:
        with connected(settings_for(data)) as client:
            yield client
        return
    key = os.environ.get("REELWISE_API_KEY")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with httpx.Client(base_url=url, timeout=_TIMEOUT_S, headers=headers) as http:
        yield Client(http)


def _print(answer: StatusAnswer, as_json: bool) -> None:
    if as_json:
        typer.echo(answer.model_dump_json())
    else:
        out.print(status_view(answer))


def _watch(ask: Callable[[], StatusAnswer], every: float, as_json: bool) -> None:
    if as_json:
        while True:
            _print(ask(), as_json)
            time.sleep(every)
    with Live(status_view(ask()), console=out, screen=out.is_terminal, auto_refresh=False) as live:
        while True:
            time.sleep(every)
            live.update(status_view(ask()), refresh=True)


def status_view(answer: StatusAnswer) -> RenderableType:
    """Everything on one screen."""
    parts: list[RenderableType] = [_head(answer), Text(), _lanes(answer)]
    if answer.workers:
        parts += [Text(), _workers(answer.workers)]
    if answer.leases:
        parts += [Text(), _leases(answer.leases)]
    if answer.stages:
        parts += [Text(), _stages(answer)]
    for title, style, reasons in (
        ("waiting for a model server", "yellow", answer.waiting),
        ("failed or rejected in the last hour", "red", answer.failures),
    ):
        if reasons:
            parts += [Text(), _reasons(title, style, reasons)]
    return Group(*parts)


def _head(answer: StatusAnswer) -> RenderableType:
    disk, hour = answer.disk, answer.hour
    ended = ", ".join(f"{count:,} {state.value}" for state, count in hour.items())
    states = ", ".join(f"{answer.states[state]:,} {state.value}" for state in VideoState if answer.states.get(state))
    worker = Text("working", "green") if answer.working else Text("no worker here", "yellow")
    grid = Table.grid(padding=(0, 2))
    grid.add_row(
        "reelwise", Text.assemble(f"{answer.version}, Python {answer.python}, profile {answer.profile}, ", worker)
    )
    grid.add_row("workers", _counted(answer.workers))
    grid.add_row("videos", states or "none")
    grid.add_row("last hour", ended)
    grid.add_row(
        "disk", f"{disk.free / 1e9:,.1f} of {disk.total / 1e9:,.1f} GB free, videos take {disk.videos / 1e9:,.2f} GB"
    )
    return grid


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for at, column in enumerate(columns):
        table.add_column(column, justify="left" if at == 0 else "right")
    return table


def _lanes(answer: StatusAnswer) -> Table:
    table = _table("lane", "due", "oldest", "running", "delayed", "waits for model")
    for lane in answer.lanes:
        counts = (f"{lane.due:,}", _span(lane.oldest_s), f"{lane.running:,}", f"{lane.delayed:,}")
        table.add_row(lane.lane.value, *counts, f"{lane.waiting_for_model:,}")
    return table


def _counted(workers: tuple[WorkerStatus, ...]) -> str:
    silent = sum(worker.silent for worker in workers)
    idle = sum(not worker.silent and not worker.running for worker in workers)
    counts = {"at work": len(workers) - silent - idle, "idle": idle, "silent": silent}
    return ", ".join(f"{count:,} {how}" for how, count in counts.items() if count) or "none"


def _workers(workers: tuple[WorkerStatus, ...]) -> Table:
    table = _table("worker", "lanes", "at work on", "up for", "last seen")
    for worker in workers[:_SHOWN_WORKERS]:
        lanes = "all" if len(worker.lanes) == len(Lane) else ", ".join(worker.lanes)
        seen = f"{_span(worker.seen_s)} ago"
        table.add_row(
            f"{worker.host}:{worker.pid}",
            lanes,
            "-" if worker.silent else f"{worker.running} of {worker.at_once}",
            _span(worker.up_s),
            Text(f"silent, {seen}", "red") if worker.silent else seen,
        )
    if len(workers) > _SHOWN_WORKERS:
        table.add_row(f"and {len(workers) - _SHOWN_WORKERS} more", style="dim")
    return table


def _leases(leases: tuple[LeaseStatus, ...]) -> Table:
    table = _table("at work", "lane", "worker", "for", "failed before")
    for lease in leases[:_SHOWN_LEASES]:
        table.add_row(lease.video_id[:12], lease.lane.value, lease.holder, _span(lease.seconds), str(lease.attempts))
    if len(leases) > _SHOWN_LEASES:
        table.add_row(f"and {len(leases) - _SHOWN_LEASES} more", style="dim")
    return table


def _stages(answer: StatusAnswer) -> Table:
    table = _table("stage, last hour", "runs", "mean", "longest")
    for stage in answer.stages:
        table.add_row(stage.stage, f"{stage.runs:,}", f"{stage.mean_s:,.2f} s", f"{stage.longest_s:,.2f} s")
    return table


def _reasons(title: str, style: str, reasons: tuple[Reason, ...]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("videos", justify="right")
    table.add_column(Text(title, style), overflow="fold")
    table.add_column("such as")
    for reason in reasons:
        table.add_row(f"{reason.videos:,}", Text(reason.reason), reason.video_id[:12])
    return table


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
