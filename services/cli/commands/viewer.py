"""Verbs about viewers: feedback, profile."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.launcher import connected, settings_for
from services.cli.options import Data, Json, User
from services.cli.output import CliError, out, reported_errors
from services.cli.profile_card import profile_card
from services.library.record.events import EventKind


def feedback(
    video: Annotated[
        str | None, typer.Argument(help="Id of a video, or its first digits; none for a search or a follow by name.")
    ] = None,
    kind: Annotated[EventKind | None, typer.Argument(help="What the viewer did.")] = None,
    *,
    user: User,
    watch_s: Annotated[float | None, typer.Option(min=0.0, help="Seconds watched, for a play.")] = None,
    watch_ratio: Annotated[float | None, typer.Option(min=0.0, help="Watch time over duration, for a play.")] = None,
    creator: Annotated[str | None, typer.Option(help="Who is followed (default: the video's creator).")] = None,
    query: Annotated[str | None, typer.Option(help="What was searched for.")] = None,
    request_id: Annotated[str | None, typer.Option(help="The answer that the viewer reacted to.")] = None,
    data: Data = None,
) -> None:
    """Report what a viewer did: played, liked, shared, skipped, ... a video, followed a creator, searched.

    `reelwise feedback VIDEO KIND`; a search or a follow needs no video: `reelwise feedback --query cats --user amy`,
    `reelwise feedback --creator bo --user amy`.
    """
    if video is None or kind is None:
        if video is not None or (query is None) == (creator is None):
            raise typer.BadParameter("Give VIDEO and KIND, or just one of --query and --creator.")
        kind = EventKind.SEARCH if query is not None else EventKind.FOLLOW
    event = {
        "user": user, "video": video, "kind": kind.value, "watch_s": watch_s, "watch_ratio": watch_ratio,
        "creator": creator, "query": query, "request_id": request_id,
    }  # fmt: skip
    with reported_errors(), connected(settings_for(data)) as client:
        answer = client.feedback([{key: value for key, value in event.items() if value is not None}])
        if answer.dropped:
            dropped = answer.dropped[0]
            raise CliError(f"Not stored ({dropped.reason.value}): {dropped.message}", remedy="See docs/api.md.")
    out.print(f"Noted: {user}, {kind.value}, {video or creator or query}.", markup=False)


def profile(
    user: Annotated[str, typer.Argument(help="Viewer.")],
    wish: Annotated[str | None, typer.Option(help="Say what you want, e.g. 我最近喜欢运动类视频.")] = None,
    export: Annotated[Path | None, typer.Option(help="Write everything kept of them there, as JSON lines.")] = None,
    erase: Annotated[bool, typer.Option("--erase", help="Delete everything kept of the viewer.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Erase without asking.")] = False,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Show what is known of a viewer, and which events it comes from; export or erase it."""
    if erase and not yes:
        typer.confirm(f"Delete all events, impressions and edits of {user!r}?", abort=True, err=True)
    with reported_errors(), connected(settings_for(data)) as client:
        if export is not None:
            lines = client.export_user(user, export)
            out.print(f"Wrote {lines} lines to {export}.", markup=False)
        if erase:
            gone = client.erase_user(user)
            out.print(
                f"Erased {gone.events} events, {gone.impression_batches} answers and {gone.edits} edits.", markup=False
            )
        if export is not None or erase:
            return
        if wish is not None:
            client.wish(user, wish)
        answer = client.profile(user)
    if as_json:
        typer.echo(answer.model_dump_json())
    else:
        out.print(profile_card(answer))
