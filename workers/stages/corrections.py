"""Editors' corrections put in the place of what was heard and read, before anything is made of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from models.speech.base import Segment
from services.library.overlay.corrections import LineCorrection
from services.library.understanding import Evidence, EvidenceKind
from workers.stages.ocr import ScreenLine


def with_corrections(lines: Sequence[Evidence], corrections: Iterable[LineCorrection]) -> tuple[Evidence, ...]:
    """The lines with the corrected words. Every correction changes one line at most: the nearest that says what it is
    about. Where none does it changes nothing.
    """
    changed: dict[str, Evidence] = {}
    for correction in corrections:
        about = [line for line in lines if line.id not in changed and correction.is_about(line)]
        if about:
            line = min(about, key=lambda one: abs(one.start - (correction.start or 0.0)))
            update = {"text": correction.corrected, "corrected_from": line.text}
            changed[line.id] = line.model_copy(update=update)
    return tuple(changed.get(line.id, line) for line in lines)


def corrected_speech(phrases: Sequence[Segment], lines: Sequence[Evidence]) -> tuple[Segment, ...]:
    """The transcript with one phrase in the place of all that a corrected line was put together from."""
    corrected = _corrected(lines, EvidenceKind.SPEECH)
    if not corrected:
        return tuple(phrases)
    found: list[Segment] = []
    said: set[str] = set()
    for phrase in phrases:
        line = next((one for one in corrected if one.start <= phrase.start and phrase.end <= one.end), None)
        if line is None:
            found.append(phrase)
        elif line.id not in said:
            said.add(line.id)
            found.append(Segment(line.start, line.end, line.text, (), 1.0))
    return tuple(phrase for phrase in found if phrase.text)


def corrected_screen(shown: Sequence[ScreenLine], lines: Sequence[Evidence]) -> tuple[ScreenLine, ...]:
    """The text on screen with the corrected words."""
    corrected = {(line.start, line.corrected_from): line.text for line in _corrected(lines, EvidenceKind.SCREEN)}
    if not corrected:
        return tuple(shown)
    texts = [corrected.get((max(0.0, line.start), line.text), line.text) for line in shown]
    return tuple(line.model_copy(update={"text": text}) for line, text in zip(shown, texts, strict=True) if text)


def _corrected(lines: Sequence[Evidence], kind: EvidenceKind) -> list[Evidence]:
    return [line for line in lines if line.kind is kind and line.corrected_from is not None]
