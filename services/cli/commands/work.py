"""Verbs about videos: analyze, list, show, retry."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from services.cli.analyze import Outcome, follow, outcome_table, reporter_for
from services.cli.cards import video_card
from services.cli.copy_cards import print_duplicates
from services.cli.inputs import expand
from services.cli.launcher import connected, settings_for
from services.cli.options import Data, Json, Language, Limit, Profile, VideoId
from services.cli.output import complain, err, out, reported_errors
from services.library.understanding import VideoState

INTERRUPTED = 130


def analyze(
    paths: Annotated[list[str], typer.Argument(help="Files, folders or patterns.", metavar="PATH...")],
    as_json: Json = False,
    data: Data = None,
    profile: Profile = None,
    language: Language = None,
    title: Annotated[str | None, typer.Option(help="Title; for one file only.")] = None,
    description: Annotated[str | None, typer.Option(help="Description; for one file only.")] = None,
    hashtag: Annotated[list[str] | None, typer.Option(help="May be given more than once; for one file only.")] = None,
    creator: Annotated[str | None, typer.Option(help="Who made it; for all files given.")] = None,
    uploader: Annotated[str | None, typer.Option(help="Whose turn the work takes (default: the account).")] = None,
    backfill: Annotated[bool, typer.Option("--backfill", help="An archive: goes behind fresh uploads.")] = False,
) -> None:
    """Understand videos: speech, pictures, text on screen, subtitles and sound.

    Folders are searched for known video files; a file that is named is taken whatever its name. With --json every
    input that could be read gives one line on stdout as it finishes, rejected and failed ones included. Where too much
    is on its way or the disk is full, it waits and says so. The exit status is 1 when any input failed, was rejected
    or could not be read, and 0 when all are ready.
    """
    inputs = expand(paths)
    if len(inputs.files) != 1 and (title or description or hashtag):
        raise typer.BadParameter(f"--title, --description and --hashtag are for one file, not {len(inputs.files)}.")
    for name, problem in inputs.missing:
        complain(f"{name}: {problem}.", "Check the path; the other inputs are worked on.")
    fields = {
        "title": title,
        "description": description,
        "hashtags": hashtag or None,
        "creator": creator,
        "language_hint": language,
        "uploader": uploader,
        "priority": "backfill" if backfill else None,
    }
    outcomes: list[Outcome] = []
    if inputs.files:
        try:
            with (
                reported_errors(),
                connected(settings_for(data, profile), work=True, readable=inputs.files) as client,
                reporter_for(len(inputs.files)) as reporter,
            ):
                for outcome in follow(client, inputs.files, lambda _: fields, reporter):
                    outcomes.append(outcome)
                    if as_json and outcome.document is not None:
                        typer.echo(outcome.document.model_dump_json())
        except KeyboardInterrupt:
            complain("Interrupted.", "What was queued goes on with the next `reelwise up` or `reelwise analyze`.")
            raise typer.Exit(INTERRUPTED) from None
    if outcomes:
        if not as_json and len(outcomes) == 1 and outcomes[0].document is not None:
            out.print(video_card(outcomes[0].document))
        err.print(outcome_table(outcomes))
    if inputs.missing or not all(outcome.good for outcome in outcomes):
        raise typer.Exit(1)


def list_videos(
    state: Annotated[VideoState | None, typer.Option(help="Only videos in this state.")] = None,
    limit: Limit = 50,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """List videos, with their state."""
    with reported_errors(), connected(settings_for(data)) as client:
        page = client.videos(state=state.value if state else None, limit=limit)
    if as_json:
        typer.echo(page.model_dump_json(by_alias=True))
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("id", "state", "title or source", "reason"):
        table.add_column(column, overflow="fold")
    for video in page.videos:
        table.add_row(video.id[:12], video.state.value, Text(video.title or video.source), Text(video.reason or ""))
    out.print(table)
    out.print(Text(", ".join(f"{count} {name.value}" for name, count in page.counts.items() if count), style="dim"))


def show(video: VideoId, as_json: Json = False, data: Data = None) -> None:
    """Show what is understood of a video, and on what evidence."""
    with reported_errors(), connected(settings_for(data)) as client:
        document = client.understanding(video)
    if as_json:
        typer.echo(document.model_dump_json())
    else:
        out.print(video_card(document))


def duplicates(video: VideoId, as_json: Json = False, data: Data = None) -> None:
    """Show what a video is a copy of, and its own copies."""
    with reported_errors(), connected(settings_for(data)) as client:
        answer = client.duplicates(video)
    if as_json:
        typer.echo(answer.model_dump_json())
    else:
        print_duplicates(out, answer)


def retry(
    video: Annotated[str | None, typer.Argument(help="Id of a video, or its first digits.", metavar="VIDEO")] = None,
    all_failed: Annotated[bool, typer.Option("--all-failed", help="All failed videos instead.")] = False,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Send a video through the lanes again, a failed one from the lane that failed; what is still fresh is reused.

    Needs `reelwise up` or `analyze` to work.
    """
    if (video is None) != all_failed:
        raise typer.BadParameter("give a VIDEO, or --all-failed.")
    with reported_errors(), connected(settings_for(data)) as client:
        if video is None:
            retried = client.retry_failed().retried
            said = f"{retried} failed videos go on"
            result: dict[str, object] = {"retried": retried}
        else:
            answer = client.retry(video)
            said = f"{answer.id[:12]} is {answer.state.value}"
            result = {"id": answer.id, "state": answer.state.value}
    if as_json:
        typer.echo(json.dumps(result))
    else:
        out.print(f"{said}; `reelwise up` or the next `reelwise analyze` works on it.")
