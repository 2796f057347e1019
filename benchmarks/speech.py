"""`python -m benchmarks.speech --speech DIR`: errors, what is heard where nobody speaks, languages of short cuts."""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks import language_cuts
from benchmarks.audio import read_audio
from benchmarks.clips import Clip, LabelsUnreadable, Recording, load_clips, load_recordings
from benchmarks.cuts import cuts
from benchmarks.metrics.transcripts import BY_CHARACTER, Errors, errors, pooled
from models.errors import ModelError
from models.profile import load_profile
from models.runtime import Runtime
from models.speech.base import SpeechEngine
from services.settings import Settings


@dataclass(frozen=True, slots=True)
class Heard:
    """A recording, what was heard in it, and how far that is from what was said."""

    recording: Recording
    text: str
    language: str | None
    errors: Errors


@dataclass(frozen=True, slots=True)
class FalseTranscripts:
    """Clips in which nobody speaks and yet something was heard, by file name, out of how many."""

    clips: int
    texts: dict[str, str]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speech", description=__doc__)
    parser.add_argument("--speech", type=Path, required=True, help="folder with speech.jsonl and the files it names")
    parser.add_argument("--clips", type=Path, help="folder with clips.jsonl: what is heard in clips without speech?")
    parser.add_argument("--cuts", action="store_true", help="also cut them short, clean, under music and in noise")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    given = parser.parse_args(arguments)
    console, progress = Console(), Console(stderr=True)
    settings = Settings()
    try:
        recordings = load_recordings(given.speech)
        clips = load_clips(given.clips) if given.clips else None
        silent = None if clips is None else [clip for clip in clips if not clip.has_speech]
        engine = Runtime(load_profile(settings.profile), settings.models_dir).speech
        heard = [listen(engine, one) for one in track(recordings, "transcribing", console=progress, transient=True)]
        false = None if silent is None else false_transcripts(engine, silent)
        invented = language_cuts.invented(engine)
        short = [
            language_cuts.hear(engine, cut)
            for cut in track(
                list(cuts(_sounds(recordings, clips or ()))) if given.cuts else [], "cutting", console=progress
            )
        ]
    except (LabelsUnreadable, ModelError, OSError) as error:
        progress.print(f"[red]error:[/red] {error}", highlight=False)
        return 1
    show(console, heard, false)
    said = {name: text for name, text in invented.items() if text}
    console.print(f"Something was heard in {len(said)} of {len(invented)} made-up sounds without a voice. {said or ''}")
    if short:
        language_cuts.show(console, short)
    if given.json is not None:
        data = as_data(heard, false) | {"invented": invented, "language_cuts": language_cuts.as_data(short)}
        text = json.dumps(data, indent=2, ensure_ascii=False)
        given.json.write_text(text + "\n", encoding="utf-8")
    return 0


def _sounds(recordings: Sequence[Recording], clips: Sequence[Clip]) -> list[tuple[str, str, NDArray[np.float32]]]:
    """(Name, language, audio) of what is spoken in a known language."""
    named = [(one.path, one.language) for one in recordings]
    named += [(clip.path, clip.language) for clip in clips if clip.has_speech and clip.language]
    read = [(path.name, language, read_audio(path)) for path, language in named]
    return [(name, language, audio) for name, language, audio in read if audio is not None]


def listen(engine: SpeechEngine, recording: Recording) -> Heard:
    """Transcribe one recording; the engine is not told the language."""
    audio = read_audio(recording.path)
    if audio is None:
        raise LabelsUnreadable(f"{recording.path} is labelled as speech, but holds no sound.")
    found = engine.transcribe(audio)
    return Heard(recording, found.text, found.language, errors(recording.transcript, found.text, recording.language))


def false_transcripts(engine: SpeechEngine, clips: Sequence[Clip]) -> FalseTranscripts:
    """What is heard in clips of which people say that nobody speaks; a clip without sound counts as one of them."""
    texts = {}
    for clip in clips:
        audio = read_audio(clip.path)
        text = "" if audio is None else engine.transcribe(audio).text
        if text:
            texts[clip.path.name] = text
    return FalseTranscripts(len(clips), texts)


def rates(heard: Sequence[Heard]) -> dict[str, Errors]:
    """The error rate per language over all its words or characters."""
    by_language: dict[str, list[Errors]] = defaultdict(list)
    for one in heard:
        by_language[one.recording.language].append(one.errors)
    return {language: pooled(found) for language, found in sorted(by_language.items())}


def as_data(heard: Sequence[Heard], false: FalseTranscripts | None) -> dict[str, Any]:
    """The figures under the names that are compared over time."""
    found = rates(heard)
    return {
        "wer": {language: one.rate for language, one in found.items() if language not in BY_CHARACTER},
        "cer": {language: one.rate for language, one in found.items() if language in BY_CHARACTER},
        "files": {
            one.recording.path.name: {"heard": one.text, "language": one.language, **asdict(one.errors)}
            for one in heard
        },
        "false_transcripts": None if false is None else asdict(false),
    }


def show(console: Console, heard: Sequence[Heard], false: FalseTranscripts | None) -> None:
    table = Table(title="Speech")
    for column in ("file", "language", "said", "heard", "errors", "rate"):
        table.add_column(column, overflow="fold", justify="right" if column in ("errors", "rate") else "left")
    for one in heard:
        said, count = one.recording, f"{one.errors.wrong} of {one.errors.total}"
        languages = said.language if said.language == one.language else f"{said.language}, heard {one.language}"
        table.add_row(said.path.name, languages, said.transcript, one.text, count, f"{one.errors.rate:.1%}")
    table.add_section()
    for language, found in rates(heard).items():
        unit = "CER" if language in BY_CHARACTER else "WER"
        table.add_row(f"all {language}", unit, "", "", f"{found.wrong} of {found.total}", f"{found.rate:.1%}")
    console.print(table)
    if false is not None:
        console.print(f"Something was heard in {len(false.texts)} of {false.clips} clips in which nobody speaks.")
        for name, text in false.texts.items():
            console.print(f"  {name}: {text}", highlight=False, markup=False)


if __name__ == "__main__":
    sys.exit(main())
