"""Verbs about editors' decisions: describe again, export, calibrate, figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.table import Table

from services.api.review_desk_schemas import AgreementAnswer, CalibrationAnswer, ReportCard
from services.cli.launcher import connected, settings_for
from services.cli.options import Data, Json, VideoId
from services.cli.output import CliError, out, reported_errors

app = typer.Typer(help="What editors decided: describing again, exports, agreement, calibration.", no_args_is_help=True)

_HEADER = """# From a score to the share of such labels that editors accepted: sigmoid(intercept + slope *
# logit(score)). Written by `reelwise review calibrate`; REELWISE_CALIBRATION names this file.
"""

Since = Annotated[str | None, typer.Option(help="Only videos decided about since then, e.g. 2026-11-01T00:00:00Z.")]


@app.command("redescribe")
def redescribe(video: VideoId, as_json: Json = False, data: Data = None) -> None:
    """Describe a video again from its corrected lines. Needs `reelwise up` or `analyze` to work."""
    with reported_errors(), connected(settings_for(data)) as client:
        answer = client.redescribe(video)
    if as_json:
        typer.echo(answer.model_dump_json())
        return
    name = answer.video_id[:12]
    if answer.queued:
        out.print(f"{name} is {answer.state.value}; {', '.join(answer.runs)} run again, with:")
    else:
        out.print(f"{name} is described with its corrected lines already:")
    table = Table("line", "at", "machine", "corrected", "applied")
    for one in answer.corrections:
        at = "-" if one.start is None else f"{one.start:.1f} s"
        table.add_row(one.field, at, one.machine, one.corrected or "(taken away)", "yes" if one.applied else "no line")
    if answer.corrections:
        out.print(table)
    else:
        out.print("no corrections: the machine's words.")


@app.command("export")
def export(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; default: stdout.")] = None,
    since: Since = None,
    data: Data = None,
) -> None:
    """Write every decision as a line of JSON, for evaluation or fine-tuning."""
    with reported_errors(), connected(settings_for(data)) as client:
        lines = client.lines("/v1/review/export", since=since)
        if output is None:
            for line in lines:
                typer.echo(line)
            return
        aside = output.with_name(output.name + ".part")
        count = 0
        try:
            with aside.open("w", encoding="utf-8") as file:
                for count, line in enumerate(lines, start=1):  # noqa: B007 - the last number is the count
                    file.write(line + "\n")
            aside.replace(output)
        finally:
            aside.unlink(missing_ok=True)
    out.print(f"{count} decisions written to {output}.")


@app.command("calibrate")
def calibrate(
    output: Annotated[Path, typer.Option("--output", "-o", help="File of curves to write.")],
    data: Data = None,
) -> None:
    """Fit the curves behind confidences to editors' verdicts; REELWISE_CALIBRATION then names the file."""
    with reported_errors():
        with connected(settings_for(data)) as client:
            found = client.get("/v1/review/calibration", CalibrationAnswer)
        if output.is_dir():
            raise CliError(f"{output} is a folder.", remedy="Name a file, e.g. curves.yaml.")
        curves = found.calibration.model_dump(mode="json")
        output.write_text(_HEADER + yaml.safe_dump(curves, sort_keys=True, allow_unicode=True), encoding="utf-8")
    left_out = f" ({found.left_out} about models that were replaced are left out)" if found.left_out else ""
    out.print(f"{len(found.calibration.curves)} curves, fitted to {found.verdicts} verdicts{left_out}: {output}")
    out.print(f"REELWISE_CALIBRATION={output.resolve()} uses them; `annotate` runs again for every video then.")


@app.command("agreement")
def agreement(since: Since = None, as_json: Json = False, data: Data = None) -> None:
    """How often two editors, blind to each other, said the same."""
    with reported_errors(), connected(settings_for(data)) as client:
        found = client.get("/v1/review/agreement", AgreementAnswer, since=since)
    if as_json:
        typer.echo(found.model_dump_json())
        return
    table = Table("field", "label", "pairs", "agreed", "kappa", "alpha")
    for row in found.rows:
        kappa, alpha = (f"{value:.2f}" if value is not None else "-" for value in (row.kappa, row.alpha))
        table.add_row(row.field, row.label or "all", str(row.items), f"{row.agreed / row.items:.0%}", kappa, alpha)
    out.print(table)


@app.command("report")
def report(since: Since = None, as_json: Json = False, data: Data = None) -> None:
    """The models' report card: how often editors let stand what they said."""
    with reported_errors(), connected(settings_for(data)) as client:
        found = client.get("/v1/review/report-card", ReportCard, since=since)
    if as_json:
        typer.echo(found.model_dump_json())
        return
    table = Table("by", "name", "month", "accepted", "rejected", "edited", "rate")
    for row in found.rows:
        counts = map(str, (row.accepted, row.rejected, row.edited))
        table.add_row(row.by, row.name, row.period, *counts, f"{row.rate:.0%}")
    out.print(table)
