"""How a fetch tells what it is doing, and the terminal's way of showing it."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import Protocol, TextIO


class Progress(Protocol):
    """Told of every download. `item` names one download; sizes are bytes; `done` is the whole so far, not a step."""

    def start(self, item: str, total: int) -> None:
        """A download of `total` bytes begins."""

    def advance(self, item: str, done: int) -> None:
        """So many bytes are there."""

    def finish(self, item: str) -> None:
        """The download is there."""

    def note(self, message: str) -> None:
        """Something to tell the user, in words."""


class Silent:
    """Shows nothing."""

    def start(self, item: str, total: int) -> None:
        """Ignored."""

    def advance(self, item: str, done: int) -> None:
        """Ignored."""

    def finish(self, item: str) -> None:
        """Ignored."""

    def note(self, message: str) -> None:
        """Ignored."""


def megabytes(size: int) -> str:
    """A size as a person reads it, in decimal units."""
    return f"{size / 1e6:,.1f} MB" if size >= 100_000 else f"{size / 1e3:,.1f} kB"


@dataclass(slots=True)
class TextProgress:
    """A bar with sizes that redraws itself on a terminal; one line per finished download where there is none."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    width: int = 28
    _totals: dict[str, int] = field(default_factory=dict)
    _began: dict[str, float] = field(default_factory=dict)

    def start(self, item: str, total: int) -> None:
        """Begins an item."""
        self._totals[item] = total
        self._began[item] = time.monotonic()
        self._draw(item, 0)

    def advance(self, item: str, done: int) -> None:
        """Redraws an item's bar."""
        self._draw(item, done)

    def finish(self, item: str) -> None:
        """Ends an item with a line that stays."""
        total = self._totals.pop(item, 0)
        seconds = time.monotonic() - self._began.pop(item, time.monotonic())
        lead = "\r\x1b[K" if self.stream.isatty() else ""
        self.stream.write(f"{lead}  {item}  {megabytes(total)} in {seconds:.1f} s\n")
        self.stream.flush()

    def note(self, message: str) -> None:
        """Prints a line between bars."""
        lead = "\r\x1b[K" if self.stream.isatty() else ""
        self.stream.write(f"{lead}{message}\n")
        self.stream.flush()

    def _draw(self, item: str, done: int) -> None:
        if not self.stream.isatty():
            return
        total = self._totals.get(item, 0)
        # An archive can turn out a little larger than the catalogue says; a bar never shows more than all of it.
        share = min(1.0, done / total) if total else 0.0
        bar = "█" * round(share * self.width)
        text = f"\r\x1b[K  {item}  [{bar:<{self.width}}] {megabytes(min(done, total))} of {megabytes(total)}"
        self.stream.write(text)
        self.stream.flush()
