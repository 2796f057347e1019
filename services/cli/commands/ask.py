"""Verbs that ask: search, recommend."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from services.cli.cards import print_moments, print_recommendations, print_search, print_why
from services.cli.launcher import connected, settings_for
from services.cli.options import Data, Json, Language, Limit, Mood, Occasion, Topic, User, VideoId
from services.cli.output import out, reported_errors


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
    wish: Annotated[str | None, typer.Option(help="What to see, in words: 安静的小猫.")] = None,
    zone: Annotated[str | None, typer.Option(help="Time zone of the viewer, e.g. Asia/Shanghai.")] = None,
    audience: Annotated[str | None, typer.Option(help="Group of viewers whose trends count.")] = None,
    policy: Annotated[str | None, typer.Option(help="A policy of the file, e.g. familiar or curious.")] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="A cause to take away, e.g. topic:home-cooking; may be given again.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do not note the videos as shown.")] = False,
    limit: Limit = 10,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Recommend videos to a viewer, each with reasons. Without --occasion, the hour suggests one: of --zone, or of this
    machine. --without says where each video would stand without a cause.
    """
    with reported_errors(), connected(settings_for(data)) as client:
        feed = client.recommend(
            user,
            limit=limit,
            mood=mood,
            occasion=occasion,
            language=language,
            hour=None if zone else datetime.now().astimezone().hour,
            zone=zone,
            wish=wish,
            audience=audience,
            policy=policy,
            counterfactual=without or None,
            dry_run=dry_run or None,
        )
    if as_json:
        typer.echo(feed.model_dump_json())
    else:
        print_recommendations(out, feed)


def why(
    request: Annotated[str, typer.Argument(help="Id of an answer of `recommend`.", metavar="REQUEST")],
    video: VideoId,
    without: Annotated[
        list[str] | None, typer.Option(help="A cause to take away, e.g. topic:home-cooking; may be given again.")
    ] = None,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Say why an answer showed a video, and where it would have stood without each cause."""
    with reported_errors(), connected(settings_for(data)) as client:
        told = client.why(request, video, without=without or ())
    if as_json:
        typer.echo(told.model_dump_json())
    else:
        print_why(out, told)
