"""Soft subtitles: streams of the file and sidecar files, which say more surely than OCR what is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from models.profile import Profile
from services.library.record.types import Lane
from services.settings import Settings
from workers.media.subtitles import SubtitleUnreadable, read_subtitles
from workers.media.types import Cue
from workers.stages.base import Source, Stage, StageContext, StageOutput
from workers.stages.media import MEDIA, MediaOutput


class CaptionsOutput(StageOutput):
    """Cues in order of time; `origin` says which track they are from; other tracks are named in `notes`."""

    cues: tuple[Cue, ...] = ()
    origin: str | None = None
    language: str | None = None
    problems: tuple[str, ...] = ()


def _inputs(source: Source, _: Settings, __: Profile) -> Mapping[str, Any]:
    return {"sidecars": source.metadata.sidecars}


def _run(context: StageContext) -> CaptionsOutput:
    """Take the sidecar with the most cues, else the stream with the most: two languages at once help nobody."""
    duration = context.output(MEDIA.name, MediaOutput).prepared.info.duration_s
    problems: list[str] = []
    tracks: list[CaptionsOutput] = []
    for key in context.source.metadata.sidecars:
        name = PurePosixPath(key).name
        try:
            track = read_subtitles(context.blobs.get_bytes(key), name=name)
        except SubtitleUnreadable as error:
            problems.append(str(error))
            continue
        problems.extend(f"{name}: {problem}" for problem in track.problems)
        tracks.append(CaptionsOutput(cues=track.cues, origin=name, language=track.language))
    if not any(track.cues for track in tracks):
        streams = context.output(MEDIA.name, MediaOutput).prepared.subtitle_streams
        tracks = [
            CaptionsOutput(cues=stream.cues, origin=f"stream {stream.index} ({stream.codec})", language=stream.language)
            for stream in streams
        ]
    tracks = [track for track in tracks if track.cues]
    if not tracks:
        return CaptionsOutput(problems=tuple(problems))
    best = max(tracks, key=lambda track: len(track.cues))
    inside = tuple(cue for cue in best.cues if cue.start < duration)
    if len(inside) < len(best.cues):
        problems.append(f"{best.origin}: {len(best.cues) - len(inside)} subtitles start after the end of the video")
    return best.model_copy(update={"cues": inside, "problems": tuple(problems)})


CAPTIONS = Stage("captions", Lane.PREPARE, 1, CaptionsOutput, _run, needs=(MEDIA.name,), inputs=_inputs)
