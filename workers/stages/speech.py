"""Speech: what is said, when, in which language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from models.profile import Profile, Role
from models.speech.base import Transcript
from models.speech.languages import LanguagePrior, language_of_script
from services.library.record.types import Lane
from services.settings import Settings
from workers.stages.base import Source, Stage, StageContext, StageOutput
from workers.stages.media import MEDIA, MediaOutput


class SpeechOutput(StageOutput):
    """The transcript; empty for a video without sound or voice."""

    transcript: Transcript


def _inputs(source: Source, settings: Settings, _: Profile) -> Mapping[str, Any]:
    return asdict(_prior(source, settings))


def _prior(source: Source, settings: Settings) -> LanguagePrior:
    """What the settings and the uploader let expect. Only the script of the title counts, not the title itself."""
    said = source.metadata
    return LanguagePrior(
        expected=settings.speech_languages,
        script=language_of_script(" ".join((said.title or "", *said.hashtags))),
        hint=said.language_hint,
    )


def _run(context: StageContext) -> SpeechOutput:
    audio = context.output(MEDIA.name, MediaOutput).audio(context.blobs)
    if audio is None or len(audio) == 0:
        return SpeechOutput(transcript=Transcript(None, 0.0, (), ()))
    with context.runtime.calling(Role.SPEECH):
        transcript = context.runtime.speech.transcribe(audio, prior=_prior(context.source, context.settings))
    return SpeechOutput(transcript=transcript)


SPEECH = Stage("speech", Lane.PERCEIVE, 2, SpeechOutput, _run, needs=(MEDIA.name,), role=Role.SPEECH, inputs=_inputs)
