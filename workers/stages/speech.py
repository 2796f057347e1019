"""Speech: what is said, when, in which language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.profile import Profile, Role
from models.speech.base import Transcript
from services.library.record.types import Lane
from services.settings import Settings
from workers.stages.base import Source, Stage, StageContext, StageOutput
from workers.stages.media import MEDIA, MediaOutput


class SpeechOutput(StageOutput):
    """The transcript; empty for a video without sound or voice."""

    transcript: Transcript


def _inputs(source: Source, _: Settings, __: Profile) -> Mapping[str, Any]:
    return {"language_hint": source.metadata.language_hint}


def _run(context: StageContext) -> SpeechOutput:
    audio = context.output(MEDIA.name, MediaOutput).audio(context.blobs)
    if audio is None or len(audio) == 0:
        return SpeechOutput(transcript=Transcript(None, 0.0, (), ()))
    with context.runtime.calling(Role.SPEECH):
        transcript = context.runtime.speech.transcribe(audio, language_hint=context.source.metadata.language_hint)
    return SpeechOutput(transcript=transcript)


SPEECH = Stage("speech", Lane.PERCEIVE, 1, SpeechOutput, _run, needs=(MEDIA.name,), role=Role.SPEECH, inputs=_inputs)
