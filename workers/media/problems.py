"""What went wrong while reading a file, gathered into a few sentences."""

from __future__ import annotations


class Problems:
    """Collects problems. A kind that happens again and again becomes one sentence with a count and a first time."""

    def __init__(self) -> None:
        self._sentences: dict[str, None] = {}
        self._counts: dict[str, tuple[int, float]] = {}

    def add(self, sentence: str) -> None:
        """Note a whole sentence, once."""
        self._sentences[sentence] = None

    def count(self, what: str, at: float) -> None:
        """Note one more of `what` (a plural), seen around `at` seconds."""
        number, first = self._counts.get(what, (0, at))
        self._counts[what] = (number + 1, first)

    def counted(self, what: str) -> int:
        """How many of `what` were noted."""
        return self._counts.get(what, (0, 0.0))[0]

    def sentences(self) -> tuple[str, ...]:
        """Everything noted, in words."""
        counted = [f"{number} {what} (first around {at:.1f} s)." for what, (number, at) in self._counts.items()]
        return (*self._sentences, *counted)
