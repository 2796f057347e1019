"""`reelwise train`: learn from what viewers did, now."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.cli.launcher import settings_for
from services.cli.options import Data, Json
from services.cli.output import complain, err, out, reported_errors
from services.library.blobs import blob_store
from services.library.record.store import Record


def train(data: Data = None, json_: Json = False) -> None:
    """Train the collaborative factors from all events and put them in use; exit status 1 if there are too few.

    A running `reelwise up` or `api` may go on meanwhile: it takes the new factors within seconds. `up`, or a worker of
    the lane publish when `sweep` asks, also trains by itself, every REELWISE_TRAIN_S seconds.
    """
    # The library behind it takes a while to import.
    from workers.training.collaborative import parameters_of, train_collaborative

    settings = settings_for(data)
    with reported_errors():
        record = Record.open(settings.resolved_database_url)
        try:
            with _bar() as progress:
                task = progress.add_task("reading events", total=None)

                def told(done: int, total: int) -> None:
                    progress.update(task, description="training", completed=done, total=total)

                outcome = train_collaborative(
                    record,
                    blob_store(settings),
                    now=datetime.now(UTC),
                    parameters=parameters_of(settings),
                    progress=told,
                )
        finally:
            record.close()
    if json_:
        typer.echo(json.dumps(asdict(outcome), ensure_ascii=False))
    elif outcome.reason is None:
        out.print(
            f"Trained on {outcome.pairs} preferences of {outcome.viewers} viewers for {outcome.videos} videos "
            f"in {outcome.seconds:.1f} s: {outcome.version} is in use."
        )
    if outcome.reason is not None:
        complain(outcome.reason, "record more with `reelwise feedback` or POST /v1/events")
        raise typer.Exit(1)


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True)
