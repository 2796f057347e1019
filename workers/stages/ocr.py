"""Text on screen: few frames are read, and what stays or comes back is one line with a start and an end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from pydantic import BaseModel, ConfigDict

from models.ocr.base import TextBox
from models.profile import Profile, Role
from services.library.record.types import Lane
from services.settings import Settings
from workers.media.types import KeptFrame
from workers.stages.base import Source, Stage, StageContext, StageOutput
from workers.stages.media import MEDIA, MediaOutput

_SAME = 0.8
"""Least similarity (Ratcliff and Obershelp) of two readings of one line in different frames."""


class ScreenLine(BaseModel):
    """A line of text on screen; `frames` says in how many of the frames that were read, `box` where, as shares."""

    model_config = ConfigDict(frozen=True)

    text: str
    start: float
    end: float
    confidence: float
    frames: int
    box: tuple[float, float, float, float]


class OcrOutput(StageOutput):
    """Lines in the order they appear; `read_at` are the times of the frames that were read, seconds."""

    lines: tuple[ScreenLine, ...] = ()
    read_at: tuple[float, ...] = ()


def _inputs(_: Source, settings: Settings, __: Profile) -> Mapping[str, Any]:
    return {"max_ocr_frames": settings.max_ocr_frames}


def _run(context: StageContext) -> OcrOutput:
    media = context.output(MEDIA.name, MediaOutput)
    chosen = spread(media.prepared.frames, context.settings.max_ocr_frames)
    readings = []
    for number, kept in enumerate(chosen):
        frame = media.frame(context.blobs, kept)
        with context.runtime.calling(Role.OCR):
            readings.append((kept.at, context.runtime.ocr.read(frame)))
        context.progress((number + 1) / len(chosen))
    lines = merge_lines(readings, end=media.prepared.info.duration_s)
    return OcrOutput(lines=lines, read_at=tuple(kept.at for kept in chosen))


def spread(frames: Sequence[KeptFrame], count: int) -> tuple[KeptFrame, ...]:
    """At most `count` frames, evenly over the sequence."""
    if count <= 0:
        return ()
    if len(frames) <= count:
        return tuple(frames)
    return tuple(frames[int((i + 0.5) * len(frames) / count)] for i in range(count))


def merge_lines(readings: Sequence[tuple[float, Sequence[TextBox]]], *, end: float) -> tuple[ScreenLine, ...]:
    """Join readings of one line: alike in text, in frames that follow each other or not. Keep the surest reading.

    A line is taken to last until the next frame that was read, because nobody looked in between.
    """
    merged: list[ScreenLine] = []
    times = [at for at, _ in readings]
    for number, (at, boxes) in enumerate(readings):
        until = times[number + 1] if number + 1 < len(times) else max(end, at)
        for box in boxes:
            twin = next((i for i, line in enumerate(merged) if _alike(line.text, box.text)), None)
            if twin is None:
                merged.append(
                    ScreenLine(text=box.text, start=at, end=until, confidence=box.confidence, frames=1, box=box.box)
                )
                continue
            known = merged[twin]
            surer = box.confidence > known.confidence
            merged[twin] = known.model_copy(
                update={
                    "text": box.text if surer else known.text,
                    "confidence": max(box.confidence, known.confidence),
                    "end": until,
                    "frames": known.frames + (1 if until > known.end else 0),
                }
            )
    return tuple(merged)


def _alike(first: str, second: str) -> bool:
    a, b = first.casefold().replace(" ", ""), second.casefold().replace(" ", "")
    return a == b or SequenceMatcher(None, a, b, autojunk=False).ratio() >= _SAME


OCR = Stage("ocr", Lane.PREPARE, 1, OcrOutput, _run, needs=(MEDIA.name,), role=Role.OCR, inputs=_inputs)
