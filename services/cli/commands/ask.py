"""Verbs of viewers: search, recommend, feedback."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from services.cli.cards import print_moments, print_recommendations, print_search
from services.cli.launcher import connected, settings_for
from services.cli.options import Data, Json, Language, Limit, Mood, Occasion, Topic, User, VideoId
from services.cli.output import out, reported_errors
from services.library.record.events import EventKind


def search(
    query: Annotated[str, typer.Argument(help="What to look for, in any language.")],
    moments: Annotated[bool, typer.Option("--moments", help="Find times in videos instead of videos.")] = False,
    limit: Limit = 10,
    mood: Mood = None,
    occasion: Occasion = None,
    topic: Topic = None,
    language: Language = None,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Find videos, or moments in them, and say why they were found."""
    filters = {"mood": mood, "occasion": occasion, "topic": topic, "language": language}
    with reported_errors(), connected(settings_for(data)) as client:
        if moments:
            found_moments = client.moments(query, limit=limit, **filters)
            typer.echo(found_moments.model_dump_json()) if as_json else print_moments(out, found_moments)
            return
        found = client.search(query, limit=limit, **filters)
        typer.echo(found.model_dump_json()) if as_json else print_search(out, found)


def recommend(
    user: User,
    mood: Mood = None,
    occasion: Occasion = None,
    language: Language = None,
    limit: Limit = 10,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Recommend videos to a viewer, each with reasons. Without --occasion, the hour of this machine suggests one."""
    hour = datetime.now().astimezone().hour
    with reported_errors(), connected(settings_for(data)) as client:
        feed = client.recommend(user, limit=limit, mood=mood, occasion=occasion, language=language, hour=hour)
    if as_json:
        typer.echo(feed.model_dump_json())
    else:
        print_recommendations(out, feed)


def feedback(
    video: VideoId,
    kind: Annotated[EventKind, typer.Argument(help="What the viewer did.")],
    user: User,
    watch_ratio: Annotated[float | None, typer.Option(min=0.0, help="Watch time over duration, for a play.")] = None,
    data: Data = None,
) -> None:
    """Report that a viewer liked, skipped or played a video."""
    event = {"user": user, "video": video, "kind": kind.value, "watch_ratio": watch_ratio}
    with reported_errors(), connected(settings_for(data)) as client:
        client.feedback([event])
    out.print(f"Noted: {user}, {kind.value}, {video}.")
