"""Language identification on short cuts, by Whisper alone and as Reelwise decides it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.cuts import CONDITIONS, LENGTHS_S, Cut, made_up
from models.speech.base import SpeechEngine
from models.speech.languages import LanguagePrior


@dataclass(frozen=True, slots=True)
class CutHeard:
    """A cut and the language given to it (None: nothing was heard), without and with a prior."""

    name: str
    language: str
    seconds: float
    condition: str
    plain: str | None
    weighed: str | None


def hear(engine: SpeechEngine, cut: Cut) -> CutHeard:
    """Transcribe a cut twice; a prior that expects nothing leaves Whisper's own first choice."""
    plain = engine.transcribe(cut.audio, prior=LanguagePrior(expected=())).language
    weighed = engine.transcribe(cut.audio, prior=LanguagePrior()).language
    return CutHeard(cut.name, cut.language, cut.seconds, cut.condition, plain, weighed)


def invented(engine: SpeechEngine) -> dict[str, str]:
    """What is heard in made-up sounds that hold no voice, by name; empty texts are the rule."""
    return {name: engine.transcribe(audio).text for name, audio in made_up()}


def flips(heard: Iterable[CutHeard], *, weighed: bool) -> tuple[int, int]:
    """(Cuts with another language than is spoken, cuts in which something was heard)."""
    given = [((one.weighed if weighed else one.plain), one.language) for one in heard]
    return sum(found not in (None, spoken) for found, spoken in given), sum(found is not None for found, _ in given)


def as_data(heard: Sequence[CutHeard]) -> dict[str, Any]:
    """The figures, and every cut that flipped."""
    wrong, total = flips(heard, weighed=False)
    weighed_wrong, weighed_total = flips(heard, weighed=True)
    return {
        "whisper": {"flips": wrong, "heard": total},
        "reelwise": {"flips": weighed_wrong, "heard": weighed_total},
        "cuts": len(heard),
        "flipped": [
            f"{one.name} {one.language} {one.seconds:.0f} s {one.condition}: {one.plain}, {one.weighed}"
            for one in heard
            if {one.plain, one.weighed} - {None, one.language}
        ],
    }


def show(console: Console, heard: Sequence[CutHeard]) -> None:
    """A row a length and condition."""
    table = Table(title="Language of short cuts: flips of cuts in which something was heard")
    for column in ("length", "condition", "cuts", "Whisper", "Reelwise"):
        table.add_column(column, justify="right")
    for seconds in LENGTHS_S:
        for condition in CONDITIONS:
            some = [one for one in heard if (one.seconds, one.condition) == (seconds, condition)]
            cells = (f"{wrong} of {total}" for wrong, total in (flips(some, weighed=w) for w in (False, True)))
            table.add_row(f"{seconds:.0f} s", condition, str(len(some)), *cells)
    table.add_section()
    cells = (f"{wrong} of {total}" for wrong, total in (flips(heard, weighed=w) for w in (False, True)))
    table.add_row("all", "", str(len(heard)), *cells)
    console.print(table)
