"""`reelwise models`: the weights, where they come from, and whether they are what the catalogue says."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

from models.profile import load_profile
from models.weights.catalogue import default_catalogue
from models.weights.fetch import fetch as fetch_weights
from models.weights.fetch import status
from models.weights.fetch import verify as verify_weights
from models.weights.progress import megabytes
from models.weights.prune import prunable, remove
from services.cli.engine_table import engine_rows
from services.cli.launcher import settings_for
from services.cli.options import Profile as ProfileName
from services.cli.output import complain, err, out, reported_errors

app = typer.Typer(help="The weights: list, fetch, verify, prune; and the engines.", no_args_is_help=True)

Names = Annotated[list[str] | None, typer.Argument(help="Names in the catalogue (default: all that a profile needs).")]
_STYLES = {
    "ready": "green",
    "unverified": "yellow",
    "incomplete": "yellow",
    "missing": "red",
    "served": "green",
    "no answer": "red",
}


class Bars:
    """Download bars with sizes, fed by the fetch."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def start(self, item: str, total: int) -> None:
        """A new bar."""
        self._tasks[item] = self._progress.add_task(item, total=total)

    def advance(self, item: str, done: int) -> None:
        """So many bytes are there."""
        self._progress.update(self._tasks[item], completed=done)

    def finish(self, item: str) -> None:
        """The bar is full."""
        task = self._tasks[item]
        self._progress.update(task, completed=self._progress.tasks[self._progress.task_ids.index(task)].total)

    def note(self, message: str) -> None:
        """A line above the bars."""
        self._progress.console.print(Text(message, style="dim"))


@app.command("list")
def list_weights(names: Names = None) -> None:
    """Which weights there are, for what, under which licence, and whether they are here."""
    folder = settings_for().models_dir
    with reported_errors():
        found = status(names or None, folder=folder)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("name", "role", "size", "licence", "state"):
        table.add_column(column, justify="right" if column == "size" else "left", overflow="fold")
    for one in found:
        weight = one.weight
        state = Text(one.state + (" (in a package)" if weight.bundled else ""), style=_STYLES[one.state])
        table.add_row(weight.name, weight.role, megabytes(weight.size), weight.licence, state)
    fetched = {one.weight.name for one in found}
    for hub in default_catalogue().hub if names is None else ():
        if hub.name not in fetched:
            size = f"about {megabytes(hub.size)}"
            table.add_row(hub.name, hub.role, size, hub.licence, Text("never fetched (from a hub)", style="dim"))
    out.print(table)
    out.print(Text(f"Folder: {folder}", style="dim"), soft_wrap=True)


@app.command("engines")
def engines(profile: ProfileName = None) -> None:
    """Which engines there are for each role, whether they are installed, their weights here, and how they are tested.

    A star marks those of the profile.
    """
    settings = settings_for(profile=profile)
    with reported_errors():
        chosen = load_profile(settings.profile)
        rows = list(engine_rows(chosen, settings.models_dir))
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("role", "engine", "installed", "weights", "licence", "tested with"):
        table.add_column(column, overflow="fold")
    for row in rows:
        installed = (
            Text("yes", style="green") if row.installed else Text(f"no: pip install '{row.install}'", style="red")
        )
        weights = Text("\n").join(
            Text.assemble(f"{name}: ", (state, _STYLES.get(state, "dim"))) for name, state in row.weights
        )
        star = "* " if row.chosen else "  "
        licences = ", ".join(row.licences)
        table.add_row(row.role.value, star + row.engine, installed, weights or Text("none"), licences, row.tested)
    out.print(table)
    out.print(Text(f"Profile: {chosen.name}. Folder: {settings.models_dir}", style="dim"), soft_wrap=True)


@app.command("fetch")
def fetch(names: Names = None, profile: ProfileName = None) -> None:
    """Download what is missing; goes on where it was interrupted, and checks every sha256.

    With --profile, all that the profile needs. A hub's weights are pinned (commit, sha256) when they are first fetched.
    """
    with reported_errors():
        wanted = list(dict.fromkeys([*(names or ()), *(load_profile(profile).weights() if profile else ())]))
        with _bars() as progress:
            fetched = fetch_weights(wanted or None, folder=settings_for().models_dir, progress=Bars(progress))
    for one in fetched:
        out.print(f"{one.name}: {'fetched' if one.downloaded else 'already here'}, {megabytes(one.size)}")


@app.command("prune")
def prune(
    profile: ProfileName = None,
    keep: Annotated[list[str] | None, typer.Option(help="Keep these as well; may be given more than once.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove without asking.")] = False,
) -> None:
    """Remove the weights that the profile does not name. Pins stay, so that the same bytes are fetched again."""
    settings = settings_for(profile=profile)
    with reported_errors():
        chosen = load_profile(settings.profile)
        found = prunable(settings.models_dir, keep={*chosen.weights(), *(keep or ())})
        if not found:
            out.print(f"Nothing to remove: profile {chosen.name} names all weights that are here.")
            return
        for one in found:
            out.print(f"{one.name}: {megabytes(one.size)}")
        total = megabytes(sum(one.size for one in found))
        if not yes and not typer.confirm(f"Remove these {len(found)} ({total})?", err=True):
            raise typer.Exit(1)
        remove(settings.models_dir, found)
    out.print(f"Removed {total}.")


@app.command("verify")
def verify(names: Names = None) -> None:
    """Hash every file anew and compare it with the catalogue; exit status 1 when one differs."""
    with reported_errors(), _bars() as progress:
        found = verify_weights(names or None, folder=settings_for().models_dir, progress=Bars(progress))
    for one in found:
        if one.problem is None:
            out.print(f"{one.name}/{one.file}: ok")
        else:
            complain(f"{one.name}/{one.file}: {one.problem}", f"reelwise models fetch {one.name}")
    if not all(one.ok for one in found):
        raise typer.Exit(1)


def _bars() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=err)
