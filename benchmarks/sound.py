"""`python -m benchmarks.sound`: tempo and kind of sounds that are made on the spot, so that the truth is known."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.cuts import made_up, music, noise
from models.profile import load_profile
from models.runtime import Runtime
from models.sound.base import SoundEngine
from models.speech.base import SAMPLE_RATE
from services.settings import Settings

TEMPOS_BPM = (50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 150, 160, 170, 180)
TOLERANCE = 0.04
"""Relative error up to which a tempo is right, as is usual (Gouyon et al. 2006)."""

MUSICAL = frozenset({"music", "music and beat", "music in noise"})
"""Which of the made-up sounds are music."""


@dataclass(frozen=True, slots=True)
class Tempo:
    """Of `tracks`: the tempo was right, a half, third, double or triple of it was given, none was."""

    tracks: int
    right: int
    multiple: int
    none: int


def clicks(bpm: float, seconds: float = 12.0) -> NDArray[np.float32]:
    """Bursts of noise at a steady pace."""
    since = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE % (60 / bpm)
    return (0.5 * noise(len(since)) * np.exp(-since / 0.005) * (since < 0.025)).astype(np.float32)


def chords(bpm: float, seconds: float = 12.0) -> NDArray[np.float32]:
    """A chord struck on every beat, four in turn."""
    beat = round(60 / bpm * SAMPLE_RATE)
    tune = music(4 * SAMPLE_RATE // 2)
    struck = [np.resize(tune[at * SAMPLE_RATE // 2 : (at + 1) * SAMPLE_RATE // 2], beat) for at in range(4)]
    fading = np.exp(-3 * np.arange(beat) / SAMPLE_RATE)
    flat = [chord * fading if beat > SAMPLE_RATE // 2 else chord for chord in struck]
    return (0.4 * np.resize(np.concatenate(flat), round(seconds * SAMPLE_RATE))).astype(np.float32)


def tempo(engine: SoundEngine, make: Callable[[float], NDArray[np.float32]]) -> Tempo:
    """How often the tempo of tracks is found; `make(bpm)` gives one."""
    found = [(bpm, engine.listen(make(bpm)).tempo_bpm) for bpm in TEMPOS_BPM]
    right = sum(given is not None and abs(given / bpm - 1) <= TOLERANCE for bpm, given in found)
    near = sum(
        given is not None and min(abs(given / (bpm * times) - 1) for times in (1, 2, 3, 1 / 2, 1 / 3)) <= TOLERANCE
        for bpm, given in found
    )
    return Tempo(len(found), right, near - right, sum(given is None for _, given in found))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sound", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    given = parser.parse_args(arguments)
    settings, console = Settings(), Console()
    engine = Runtime(load_profile(settings.profile), settings.models_dir).sound
    tempos = {"clicks": tempo(engine, clicks), "chords": tempo(engine, chords)}
    heard = {name: engine.listen(audio) for name, audio in made_up()}
    table = Table(title="Tempo of made-up tracks, 50 to 180 beats a minute")
    for column in ("tracks", "right", "a multiple", "none"):
        table.add_column(column)
    for name, one in tempos.items():
        table.add_row(f"{one.tracks} {name}", str(one.right), str(one.multiple), str(one.none))
    console.print(table)
    table = Table(title="Made-up sounds in words")
    table.add_column("sound")
    table.add_column("words")
    for name, profile in heard.items():
        table.add_row(name, profile.words)
    console.print(table)
    called = {name for name, profile in heard.items() if "music" in profile.words and "no speech" not in profile.words}
    missed, wrong = sorted(MUSICAL - called), sorted(called - MUSICAL)
    console.print(f"Music missed: {', '.join(missed) or 'none'}; wrongly heard: {', '.join(wrong) or 'none'}.")
    if given.json is not None:
        data = {
            "tempo": {name: asdict(one) for name, one in tempos.items()},
            "words": {name: profile.words for name, profile in heard.items()},
            "music_missed": missed,
            "music_wrong": wrong,
        }
        given.json.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
