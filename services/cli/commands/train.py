"""`reelwise train`: learn from what viewers did, now."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import typer
from numpy.typing import NDArray
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from models.errors import ModelError
from models.profile import load_profile
from models.runtime import Runtime
from services.cli.launcher import open_library, settings_for
from services.cli.options import Data, Json
from services.cli.output import CliError, complain, err, out, reported_errors
from services.library.blobs import BlobStore, blob_store
from services.library.errors import IndexUnavailable
from services.library.record.store import Record
from services.settings import Settings

if TYPE_CHECKING:
    from workers.training.sequence import SequenceOutcome


def train(data: Data = None, json_: Json = False) -> None:
    """Train the collaborative factors and the sequence model from all events and put them in use; exit status 1 if
    there are too few for factors.

    A running `reelwise up` or `api` may go on meanwhile: it takes what is new within seconds. `up`, or a worker of the
    lane publish when `sweep` asks, also trains by itself: factors every REELWISE_TRAIN_S seconds, the sequence model
    every REELWISE_TRAIN_SEQUENCE_S. The sequence model reads the index, which only one process may have open where it
    is embedded: while `up` runs, it is left to `up`.
    """
    # The library behind it takes a while to import.
    from workers.training.collaborative import parameters_of, train_collaborative

    settings, now = settings_for(data), datetime.now(UTC)
    with reported_errors():
        record, blobs = Record.open(settings.resolved_database_url), blob_store(settings)
        try:
            with _told("training factors") as told:
                outcome = train_collaborative(record, blobs, now=now, parameters=parameters_of(settings), progress=told)
            sequence = _sequence(settings, record, blobs, now) if outcome.reason is None else None
        finally:
            record.close()
    if json_:
        both = {**asdict(outcome), "sequence": asdict(sequence) if sequence is not None else None}
        typer.echo(json.dumps(both, ensure_ascii=False))
    elif outcome.reason is None:
        out.print(
            f"Trained on {outcome.pairs} preferences of {outcome.viewers} viewers for {outcome.videos} videos "
            f"in {outcome.seconds:.1f} s: {outcome.version} is in use."
        )
        if sequence is not None:
            out.print(_said(sequence))
    if outcome.reason is not None:
        complain(outcome.reason, "record more with `reelwise feedback` or POST /v1/events")
        raise typer.Exit(1)


def _sequence(settings: Settings, record: Record, blobs: BlobStore, now: datetime) -> SequenceOutcome | None:
    """None where it cannot be trained here; why, was said then."""
    from workers.training.sequence import sequence_parameters_of, train_sequence

    if not settings.train_sequence_s:
        return None
    try:
        with _told("training the sequence model") as told:
            return train_sequence(
                record.reactions(),
                _contents(settings),
                blobs,
                now=now,
                parameters=sequence_parameters_of(settings),
                progress=told,
            )
    except (CliError, IndexUnavailable, ModelError) as error:
        said = error.message if isinstance(error, CliError) else str(error)
        err.print(f"The sequence model is not trained here: {said}", markup=False)
        return None


def _contents(settings: Settings) -> Callable[[Sequence[str]], Mapping[str, NDArray[np.float32]]]:
    """Opens the index when it is read, which it is only with enough to learn from; engines say how it is laid out."""
    from workers.training.sequence_data import contents_in

    def read(video_ids: Sequence[str]) -> Mapping[str, NDArray[np.float32]]:
        runtime = Runtime(load_profile(settings.profile), settings.models_dir)
        try:
            with open_library(settings, runtime) as library:
                return contents_in(library.index)(video_ids)
        finally:
            runtime.close()

    return read


def _said(outcome: SequenceOutcome) -> str:
    if outcome.reason is not None:
        return f"No sequence model: {outcome.reason}"
    return (
        f"Sequence model from {outcome.viewers} viewers and {outcome.videos} videos, {outcome.epochs} epochs in "
        f"{outcome.seconds:.0f} s (nDCG {outcome.ndcg:.3f}, popularity {outcome.popular_ndcg:.3f}): "
        f"{outcome.version} is in use."
    )


@contextmanager
def _told(what: str) -> Iterator[Callable[[int, int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("reading events", total=None)

        def told(done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        yield told
