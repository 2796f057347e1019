"""The document of one video: what `reelwise analyze --json` prints and `/v1/videos/{id}/understanding` answers.

Times are seconds from the start of the video. Confidences are in [0, 1]. `EvidenceId` is the kind's letter and a
number ("S3"), unique within the document. Every label cites the evidence it rests on.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION = "3"
"""2: `duplicate_of`. 3: `corrected_from` of a line."""

Confidence = Annotated[float, Field(ge=0.0, le=1.0)]
Seconds = Annotated[float, Field(ge=0.0)]
EvidenceId = Annotated[str, Field(pattern=r"^[STCFAM][1-9][0-9]*$")]


class Frozen(BaseModel):
    """Base of all documents: immutable, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class VideoState(StrEnum):
    """Where a video is on its way. `ready`, `failed` and `rejected` are final until somebody asks again."""

    QUEUED = "queued"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"
    REJECTED = "rejected"


class EvidenceKind(StrEnum):
    """Where a line of evidence comes from."""

    SPEECH = "S"
    SCREEN = "T"
    CAPTION = "C"
    FRAME = "F"
    SOUND = "A"
    METADATA = "M"


class Bilingual(Frozen):
    """The same sentence in English and in Chinese."""

    en: str
    zh: str


MOVEMENT = "movement: "
"""How the line of frames begins that says how the pictures move and are cut."""


class Evidence(Frozen):
    """One numbered line that annotations cite.

    `corrected_from` are the machine's words where an editor corrected the line, None elsewhere; `text` is empty where
    an editor took the line away.
    """

    id: EvidenceId
    kind: EvidenceKind
    start: Seconds
    end: Seconds
    text: str
    corrected_from: str | None = None

    @property
    def machine_words(self) -> str:
        """What the models heard or read, corrected or not."""
        return self.text if self.corrected_from is None else self.corrected_from

    @property
    def is_movement(self) -> bool:
        """Whether the line says how the pictures move and are cut."""
        return self.kind is EvidenceKind.FRAME and self.text.startswith(MOVEMENT)

    @property
    def is_manner(self) -> bool:
        """Whether the line says how a video sounds or moves, and nothing of what it is about."""
        return self.kind is EvidenceKind.SOUND or self.is_movement


class SignalScore(Frozen):
    """What one signal of one model said, before calibration: its own score, which is comparable within it only."""

    signal: str
    model: str
    score: Confidence


class Label(Frozen):
    """A tag, topic, mood or occasion. `slug` is the taxonomy's, None for a free tag; `topic` is the nearest topic.

    `confidence` is made of the scores in `signals` by calibration: how often people accepted such labels.
    """

    label: str
    label_zh: str
    slug: str | None = None
    topic: str | None = None
    confidence: Confidence
    evidence: tuple[EvidenceId, ...]
    source: str
    signals: tuple[SignalScore, ...] = ()


class SafetyLabel(Frozen):
    """A risk, how bad it would be, and why it was raised: which rule, which words, which lines, in both languages."""

    category: str
    severity: str
    confidence: Confidence
    evidence: tuple[EvidenceId, ...]
    explanation: str
    explanation_zh: str = ""


class FrameLabel(Frozen):
    """What a frame shows."""

    label: str
    label_zh: str
    confidence: Confidence


class FrameView(Frozen):
    """A kept frame: when, and what is on it."""

    at: Seconds
    labels: tuple[FrameLabel, ...]


class TimelineSegment(Frozen):
    """A stretch of the video (a shot), with everything that was perceived in it."""

    start: Seconds
    end: Seconds
    speech: str | None = None
    onscreen_text: tuple[str, ...] = ()
    captions: tuple[str, ...] = ()
    frames: tuple[FrameView, ...] = ()


class VideoFacts(Frozen):
    """What the file is. Sizes are in pixels as shown (rotation applied); None where the file has no picture."""

    id: str
    source: str
    sha256: str
    title: str | None = None
    creator: str | None = None
    duration_s: Seconds | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    has_audio: bool = False
    language: str | None = None


class Sound(Frozen):
    """What the sound is like; None for a video without audio."""

    speech_ratio: Confidence
    music_ratio: Confidence
    tempo_bpm: float | None
    energy: Confidence


class StageReport(Frozen):
    """What one stage cost. `reused` results cost nothing this time; `seconds` is what they cost when made.

    `fingerprint` names the exact code, models, prompt and inputs that the result came from.
    """

    name: str
    seconds: float
    reused: bool
    model: str | None = None
    fingerprint: str | None = None


class CopyKind(StrEnum):
    """How a copy differs from its original, as far as pictures and sound tell. None of them: the same."""

    TRIMMED = "trimmed"
    EXTENDED = "extended"
    MIRRORED = "mirrored"
    CROPPED = "cropped"
    REFRAMED = "reframed"
    SPED_UP = "sped up"
    SLOWED_DOWN = "slowed down"
    SOUND_REMOVED = "sound removed"
    SOUND_REPLACED = "sound replaced"
    SOUND_ADDED = "sound added"
    PICTURE_CHANGED = "picture changed"


class MatchedSpan(Frozen):
    """A stretch of the copy, and the stretch of the original that it shows."""

    start: Seconds
    end: Seconds
    original_start: float
    original_end: float


class CopyMatch(Frozen):
    """How a copy agrees with an original: time t of the copy is `speed * t + offset_s` of the original.

    `score` is the share of matched pictures times how alike they are; `sound` is the correlation of the sounds at the
    matched place, in [-1, 1], None where there is nothing to compare.
    """

    kinds: tuple[CopyKind, ...]
    score: Confidence
    speed: float
    offset_s: float
    sound: float | None
    spans: tuple[MatchedSpan, ...]


class DuplicateOf(Frozen):
    """What a video is a copy of. `original` is the earliest upload of all that are copies of each other.

    `match` says how it agrees with `matched`, which is the original itself wherever the two could be compared.
    """

    original: str
    matched: str
    match: CopyMatch


class Understanding(Frozen):
    """Everything Reelwise believes about one video, and on what grounds."""

    schema_version: str = SCHEMA_VERSION
    state: VideoState
    reason: str | None = None
    video: VideoFacts
    duplicate_of: DuplicateOf | None = None
    segments: tuple[TimelineSegment, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    summary: Bilingual | None = None
    why: Bilingual | None = None
    topics: tuple[Label, ...] = ()
    tags: tuple[Label, ...] = ()
    moods: tuple[Label, ...] = ()
    occasions: tuple[Label, ...] = ()
    sound: Sound | None = None
    safety: tuple[SafetyLabel, ...] = ()
    stages: tuple[StageReport, ...] = ()
    problems: tuple[str, ...] = ()
