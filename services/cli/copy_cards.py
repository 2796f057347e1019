"""How copies look on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.api.schemas import DuplicatesAnswer
from services.library.understanding import CopyMatch, DuplicateOf


def copy_line(found: DuplicateOf) -> Text:
    """One line for a video's card."""
    through = f", through {found.matched[:12]}" if found.matched != found.original else ""
    said = f"{found.original[:12]}{through}: {_kinds(found.match)}"
    return Text.assemble(("Copy of  ", "bold"), said, (f"  {_how_far(found.match)}", "dim"))


def print_duplicates(console: Console, answer: DuplicatesAnswer) -> None:
    """What a video is a copy of, and its copies."""
    if answer.duplicate_of is not None:
        console.print(copy_line(answer.duplicate_of))
    if answer.copies:
        table = Table(box=None, padding=(0, 2, 0, 0))
        for column in ("copy", "how it differs", "agreement"):
            table.add_column(column)
        for copy in answer.copies:
            table.add_row(copy.video_id[:12], _kinds(copy.match), _how_far(copy.match))
        console.print(table)
    if answer.duplicate_of is None and not answer.copies:
        console.print(f"No copy of {answer.video_id[:12]} is known.")


def _kinds(match: CopyMatch) -> str:
    return ", ".join(kind.value for kind in match.kinds) or "the same"


def _how_far(match: CopyMatch) -> str:
    seconds = sum(span.end - span.start for span in match.spans)
    speed = "" if abs(match.speed - 1) < 0.005 else f", {match.speed:.2f} times as fast"
    return f"score {match.score:.2f}, {seconds:.1f} s{speed}"
