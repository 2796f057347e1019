"""Sound: how much of it is speech and music, how fast, how loud."""

from __future__ import annotations

from models.profile import Role
from models.sound.base import SoundProfile
from services.library.record.types import Lane
from workers.stages.base import Stage, StageContext, StageOutput
from workers.stages.media import MEDIA, MediaOutput
from workers.stages.speech import SPEECH, SpeechOutput


class SoundOutput(StageOutput):
    """The profile; None for a video without sound."""

    profile: SoundProfile | None = None


def _run(context: StageContext) -> SoundOutput:
    audio = context.output(MEDIA.name, MediaOutput).audio(context.blobs)
    if audio is None or len(audio) == 0:
        return SoundOutput()
    voiced = context.output(SPEECH.name, SpeechOutput).transcript.voiced
    with context.runtime.calling(Role.SOUND):
        return SoundOutput(profile=context.runtime.sound.listen(audio, voiced=voiced))


SOUND = Stage("sound", Lane.PERCEIVE, 2, SoundOutput, _run, needs=(MEDIA.name, SPEECH.name), role=Role.SOUND)
