"""`reelwise costs`: what was spent, by day, stage, model or video."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from services.api.costs import CostLine, CostsAnswer
from services.cli.launcher import connected, settings_for
from services.cli.options import Data, Json
from services.cli.output import out, reported_errors
from services.library.record.types import CostKey

_DAY = ["%Y-%m-%d"]


def costs(
    by: Annotated[CostKey, typer.Option(help="What to sum by.")] = CostKey.DAY,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=_DAY, help="First day, UTC (default: 30 days in all).")
    ] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=_DAY, help="Last day, UTC (default: today).")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Most lines.")] = 100,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Show what understanding videos took: GPU and CPU time, tokens, bytes read, and the price of it.

    Prices are settings (REELWISE_PRICE_GPU_HOUR, ...); without any, no price is shown. What is used again costs
    nothing again.
    """
    with reported_errors(), connected(settings_for(data)) as client:
        answer = client.costs(
            by=by.value,
            first=first.date().isoformat() if first else None,
            last=last.date().isoformat() if last else None,
            limit=limit,
        )
    if as_json:
        typer.echo(answer.model_dump_json(by_alias=True))
        return
    out.print(_table(answer))
    stored = f"{answer.stored.bytes / 1e9:,.2f} GB of videos stored"
    if answer.prices.gb_month:
        stored += f", {answer.stored.cost_per_month:,.2f} {answer.prices.currency} a month"
    more = " There are more lines: raise --limit." if answer.more else ""
    out.print(Text(f"{answer.first} to {answer.last} (UTC). {stored}.{more}", style="dim"), soft_wrap=True)
    if not answer.prices.known:
        out.print(Text("No prices are set: REELWISE_PRICE_GPU_HOUR and its like.", style="dim"), soft_wrap=True)


def _table(answer: CostsAnswer) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_footer=False)
    table.add_column(answer.by.value, overflow="fold")
    columns = ["runs", "failed", "wall", "CPU", "GPU", "tokens in", "tokens out", "read"]
    if answer.prices.known:
        columns.append(answer.prices.currency)
    for column in columns:
        table.add_column(column, justify="right")
    for line in answer.lines:
        table.add_row(line.key or "none", *_cells(line, answer))
    table.add_section()
    table.add_row("total", *_cells(answer.total, answer), style="bold")
    return table


def _cells(line: CostLine, answer: CostsAnswer) -> list[str]:
    cells = [
        f"{line.runs:,}",
        f"{line.failed:,}",
        _time(line.wall_seconds),
        _time(line.cpu_seconds),
        _time(line.gpu_seconds),
        f"{line.prompt_tokens:,}",
        f"{line.completion_tokens:,}",
        f"{line.bytes_read / 1e6:,.1f} MB",
    ]
    return [*cells, f"{line.cost:,.4f}"] if answer.prices.known else cells


def _time(seconds: float) -> str:
    return f"{seconds:,.1f} s" if seconds < 3600 else f"{seconds / 3600:,.2f} h"
