"""Evidence: numbered lines that everything said later must cite, and the timeline they lie on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.profile import Profile
from models.sound.base import SoundProfile
from models.speech.base import Segment
from services.library.record.types import Lane
from services.library.understanding import Evidence, EvidenceKind, FrameLabel, FrameView, TimelineSegment
from services.settings import Settings
from workers.media.types import Cue, Shot
from workers.stages.base import Source, Stage, StageContext, StageOutput
from workers.stages.captions import CAPTIONS, CaptionsOutput
from workers.stages.corrections import corrected_screen, corrected_speech, with_corrections
from workers.stages.frame_labels import seen_labels
from workers.stages.frames import FRAMES, FramesOutput, LabelledFrame
from workers.stages.media import MEDIA, MediaOutput
from workers.stages.metadata import Metadata
from workers.stages.movement_words import movement_line
from workers.stages.ocr import OCR, OcrOutput, ScreenLine
from workers.stages.sound import SOUND, SoundOutput
from workers.stages.speech import SPEECH, SpeechOutput

_LINE_CHARS = 160
"""Speech is cut into lines of about this many characters, at pauses between phrases."""

_LINE_PAUSE_S = 1.5
"""A longer pause always starts a new line of speech."""


class EvidenceOutput(StageOutput):
    """Lines in the order of kinds and time, and the video's language (None where nothing says)."""

    evidence: tuple[Evidence, ...] = ()
    segments: tuple[TimelineSegment, ...] = ()
    language: str | None = None

    @property
    def lines(self) -> tuple[Evidence, ...]:
        """What the video is described from: the evidence without the lines that an editor took away."""
        return tuple(line for line in self.evidence if line.text or line.corrected_from is None)


def _inputs(source: Source, _: Settings, __: Profile) -> Mapping[str, Any]:
    said = source.metadata
    inputs: dict[str, Any] = {
        "title": said.title,
        "description": said.description,
        "hashtags": said.hashtags,
        "language_hint": said.language_hint,
    }
    if source.corrections:  # without any, results from before there were corrections stay good
        inputs["corrections"] = [one.model_dump(mode="json", exclude={"account", "at"}) for one in source.corrections]
    return inputs


def _run(context: StageContext) -> EvidenceOutput:
    prepared = context.output(MEDIA.name, MediaOutput).prepared
    transcript = context.output(SPEECH.name, SpeechOutput).transcript
    screen = context.output(OCR.name, OcrOutput).lines
    captions = context.output(CAPTIONS.name, CaptionsOutput)
    frames = context.output(FRAMES.name, FramesOutput).frames
    profile = context.output(SOUND.name, SoundOutput).profile
    duration = prepared.info.duration_s
    metadata = context.source.metadata

    lines: list[Evidence] = []
    lines += _numbered(EvidenceKind.METADATA, [(0.0, duration, text) for text in _metadata_lines(metadata)])
    lines += _numbered(EvidenceKind.SPEECH, speech_lines(transcript.segments))
    lines += _numbered(EvidenceKind.SCREEN, [(line.start, line.end, line.text) for line in screen])
    lines += _numbered(EvidenceKind.CAPTION, [(cue.start, cue.end, cue.text) for cue in captions.cues])
    seen = [(label.start, label.end, label.text) for label in seen_labels(frames)]
    moves = movement_line(prepared.movement, prepared.shots)
    lines += _numbered(EvidenceKind.FRAME, [*seen, *([(0.0, duration, moves)] if moves else [])])
    lines += _numbered(EvidenceKind.SOUND, _heard(profile, duration))
    evidence = with_corrections(lines, context.source.corrections)
    language = metadata.language_hint or transcript.language or _language_of(evidence)
    said, shown = corrected_speech(transcript.segments, evidence), corrected_screen(screen, evidence)
    return EvidenceOutput(
        evidence=evidence,
        segments=timeline(prepared.shots, duration, said, shown, captions.cues, frames),
        language=language,
    )


def _numbered(kind: EvidenceKind, spans: Sequence[tuple[float, float, str]]) -> list[Evidence]:
    return [
        Evidence(id=f"{kind.value}{number}", kind=kind, start=max(0.0, start), end=max(0.0, start, end), text=text)
        for number, (start, end, text) in enumerate(spans, start=1)
    ]


def _heard(profile: SoundProfile | None, duration: float) -> list[tuple[float, float, str]]:
    """The sound as a whole, and what was heard in it by name, where the engine knows names."""
    if profile is None:
        return [(0.0, duration, "no sound track")]
    named = (*profile.music_moods, *profile.events)
    return [(0.0, duration, profile.words), *((event.start, event.end, event.text) for event in named)]


def _metadata_lines(metadata: Metadata) -> list[str]:
    hashtags = " ".join(f"#{tag}" for tag in metadata.hashtags)
    return [text for text in (metadata.title, metadata.description, hashtags) if text]


def speech_lines(segments: Sequence[Segment]) -> list[tuple[float, float, str]]:
    """Join phrases into lines a reader can take in: (start, end, text)."""
    lines: list[tuple[float, float, str]] = []
    for segment in segments:
        text = segment.text.strip()
        if lines:
            start, end, said = lines[-1]
            ended = said.endswith((".", "!", "?", "。", "！", "？"))
            if not ended and segment.start - end < _LINE_PAUSE_S and len(said) + len(text) < _LINE_CHARS:
                lines[-1] = (start, segment.end, f"{said} {text}")
                continue
        lines.append((segment.start, segment.end, text))
    return lines


def timeline(
    shots: Sequence[Shot],
    duration: float,
    speech: Sequence[Segment],
    screen: Sequence[ScreenLine],
    cues: Sequence[Cue],
    frames: Sequence[LabelledFrame],
) -> tuple[TimelineSegment, ...]:
    """One segment a shot (one for the whole of a file without pictures), each with what was perceived in it."""
    spans = list(shots) or ([Shot(0.0, duration)] if duration > 0 else [])
    segments = []
    for number, shot in enumerate(spans):
        last = number == len(spans) - 1
        said = [part.text for part in speech if _begins_in(part.start, shot, last=last)]
        segments.append(
            TimelineSegment(
                start=shot.start,
                end=max(shot.start, shot.end),
                speech=" ".join(said) or None,
                onscreen_text=tuple(line.text for line in screen if line.start < shot.end and line.end > shot.start),
                captions=tuple(cue.text for cue in cues if _begins_in(cue.start, shot, last=last)),
                frames=tuple(_view(frame) for frame in frames if frame.shot == number),
            )
        )
    return tuple(segments)


def _begins_in(start: float, shot: Shot, *, last: bool) -> bool:
    """Whether speech belongs to the shot it begins in; what begins after the last picture belongs to the last shot."""
    return shot.start <= start < shot.end or (last and start >= shot.end)


def _view(frame: LabelledFrame) -> FrameView:
    labels = (
        FrameLabel(label=label.name, label_zh=label.name_zh, confidence=min(1.0, label.probability))
        for label in frame.labels
    )
    return FrameView(at=frame.at, labels=tuple(labels))


def _language_of(lines: Sequence[Evidence]) -> str | None:
    """Chinese or English by script, from what is written; None where nothing is."""
    kinds = {EvidenceKind.METADATA, EvidenceKind.CAPTION, EvidenceKind.SCREEN}
    written = "".join(line.text for line in lines if line.kind in kinds)
    han = sum("\u4e00" <= character <= "\u9fff" for character in written)
    latin = sum(character.isascii() and character.isalpha() for character in written)
    if han == 0 and latin == 0:
        return None
    # A Han character carries about as much as three Latin letters.
    return "zh" if han * 3 >= latin else "en"


EVIDENCE = Stage(
    "evidence",
    Lane.DESCRIBE,
    2,
    EvidenceOutput,
    _run,
    needs=(MEDIA.name, CAPTIONS.name, OCR.name, SPEECH.name, FRAMES.name, SOUND.name),
    inputs=_inputs,
)
