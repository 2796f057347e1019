"""Corrections take the place of what was heard and read, and nothing else moves."""

from __future__ import annotations

from datetime import UTC, datetime

from models.speech.base import Segment
from services.library.overlay import Field
from services.library.overlay.corrections import LineCorrection
from services.library.understanding import Evidence
from workers.media.types import Shot
from workers.stages.corrections import corrected_screen, corrected_speech, with_corrections
from workers.stages.evidence import EvidenceOutput, timeline
from workers.stages.ocr import ScreenLine


def correction(machine: str, corrected: str, start: float | None = 0.0, field: Field = Field.SPEECH) -> LineCorrection:
    end = None if start is None else start + 2
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return LineCorrection(field=field, machine=machine, corrected=corrected, start=start, end=end, account="lin", at=at)


def line(number: int, text: str, start: float, kind: str = "S") -> Evidence:
    return Evidence(id=f"{kind}{number}", kind=kind, start=start, end=start + 2, text=text)


def test_of_lines_that_say_the_same_the_one_at_the_place_of_the_correction_is_corrected() -> None:
    lines = [line(1, "yes", 0), line(2, "yes", 10), line(1, "yes", 10, "T")]
    found = with_corrections(lines, [correction("yes", "yeast", 10.2)])
    assert [(one.text, one.corrected_from) for one in found] == [("yes", None), ("yeast", "yes"), ("yes", None)]


def test_a_correction_of_a_line_that_is_not_given_changes_nothing() -> None:
    lines = (line(1, "green tea", 0),)
    assert with_corrections(lines, [correction("green key", "green tea"), correction("key", "tea", None)]) == lines


def test_one_correction_does_not_take_the_place_of_another_of_the_same_words() -> None:
    found = with_corrections([line(1, "yes", 0), line(2, "yes", 3)], [correction("yes", "a"), correction("yes", "b")])
    assert [one.text for one in found] == ["a", "b"]


def test_the_timeline_says_the_corrected_words_where_the_line_begins_and_nothing_of_what_was_taken_away() -> None:
    phrases = [Segment(0, 1, "we make", (), 0.9), Segment(1, 2, "green key", (), 0.9), Segment(4, 5, "bye", (), 0.9)]
    shown = [
        ScreenLine(text=text, start=0, end=2, confidence=0.9, frames=1, box=(0, 0, 1, 1)) for text in ("TEE", "ad")
    ]
    lines = [line(1, "we make green key", 0), line(2, "bye", 4), line(1, "TEE", 0, "T"), line(2, "ad", 0, "T")]
    wanted = [
        correction("we make green key", "we make green tea"),
        correction("TEE", "TEA", field=Field.SCREEN),
        correction("ad", "", field=Field.SCREEN),
    ]
    found = with_corrections(lines, wanted)
    said, written = corrected_speech(phrases, found), corrected_screen(shown, found)
    first, second = timeline([Shot(0, 3), Shot(3, 6)], 6.0, said, written, (), ())
    assert (first.speech, second.speech) == ("we make green tea", "bye")
    assert (first.onscreen_text, second.onscreen_text) == (("TEA",), ())
    assert "T2" not in {one.id for one in EvidenceOutput(evidence=found).lines}


def test_without_corrections_everything_is_as_it_was() -> None:
    phrases, lines = (Segment(0, 1, "", (), 0.9),), (line(1, "", 0),)
    assert corrected_speech(phrases, with_corrections(lines, ())) == phrases
    assert EvidenceOutput(evidence=lines).lines == lines
