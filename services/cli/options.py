"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path | None, typer.Option("--data", help="Data folder (default: REELWISE_DATA_DIR, or the user's).", metavar="DIR")
]
Profile = Annotated[str | None, typer.Option("--profile", help="Profile: a name, or a YAML file (default: lite).")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else there.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=100, help="How many at most.")]
VideoId = Annotated[str, typer.Argument(help="Id of a video, or its first digits (6 or more).", metavar="VIDEO")]
Mood = Annotated[str | None, typer.Option("--mood", help="Slug or name, e.g. healing or 治愈.")]
Occasion = Annotated[str | None, typer.Option("--occasion", help="Slug or name, e.g. bedtime or 睡前.")]
Topic = Annotated[str | None, typer.Option("--topic", help="Slug or name of a topic of either level.")]
Language = Annotated[str | None, typer.Option("--language", help="ISO 639-1 code, e.g. zh.")]
User = Annotated[str, typer.Option("--user", "-u", help="Viewer; any name.")]
