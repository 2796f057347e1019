"""`python -m benchmarks.near_duplicates --clips DIR`: are copies of clips recognised, and nothing else?

Every clip is copied in the ways of `benchmarks.copies_media` by ffmpeg. Originals and copies pass the pipeline's own
decoder, signature, tables, look-up and comparison. Thresholds are chosen on every second clip and reported on the
others; a row's recall is over all clips, with the shipped thresholds. `--library N` times the look-up among N made-up
videos as well.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.clips import Clip, LabelsUnreadable, load_clips
from benchmarks.copies_library import LookUp, MadeUp, fill, time_look_up
from benchmarks.copies_media import CHANGES, CannotMake, make_copy, make_master
from services.library.record.store import Record
from services.library.record.types import Submission
from workers.copies.judge import THRESHOLDS, Comparison, Thresholds, compare, describe, is_copy
from workers.copies.link import candidates
from workers.copies.make import signature_of
from workers.copies.signature import Signature, SignatureUnreadable
from workers.copies.words import stored_words
from workers.media.prepare import prepare_media
from workers.media.types import MediaLimits

_STRENGTHS = (0.3, 0.4, 0.5, 0.6, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0)
_MARGIN = 1.5
"""How far above the strongest pair of different clips a threshold is put."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A copy held against one original. `right`: it is this one's; `found`: it was among the candidates."""

    change: str
    clip: int
    original: int
    found: bool
    comparison: Comparison | None
    kinds_right: bool = True

    @property
    def right(self) -> bool:
        """Whether it was held against its own original."""
        return self.clip == self.original


@dataclass(frozen=True, slots=True)
class Row:
    """One change: copies made, recognised, among the candidates, and described as what they are."""

    change: str
    moderate: bool
    copies: int
    recognised: int
    candidates: int
    described: int


@dataclass(frozen=True, slots=True)
class Half:
    """Thresholds chosen on one half of the clips, and what they give on the other."""

    strength: float
    strength_with_sound: float
    recall: float
    precision: float


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.near_duplicates", description=__doc__)
    parser.add_argument("--clips", type=Path, required=True, help="folder with clips.jsonl and the clips it names")
    parser.add_argument("--limit", type=int, help="only so many clips")
    parser.add_argument("--copied", type=int, help="copy only so many of the clips; all are in the library")
    parser.add_argument("--seconds", type=float, default=12.0, help="copies are made of the first so many seconds")
    parser.add_argument("--work", type=Path, help="folder that keeps signatures between runs")
    parser.add_argument("--library", type=int, default=0, help="made-up videos to time the look-up among, e.g. 100000")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    given = parser.parse_args(arguments)
    console, errors = Console(), Console(stderr=True)
    try:
        clips = load_clips(given.clips, limit=given.limit)
        with tempfile.TemporaryDirectory(prefix="reelwise-copies-") as scratch:
            work = given.work or Path(scratch) / "signatures"
            work.mkdir(parents=True, exist_ok=True)
            originals = [_kept(work / f"{clip.path.stem}.sig", clip.path, Path(scratch)) for clip in clips]
            copies = list(_copies(clips[: given.copied], work, Path(scratch), given.seconds))
            trials = _trials(originals, copies, Path(scratch) / "trial.db")
            look_up = _time(given.library, originals, copies, Path(scratch)) if given.library else None
    except (LabelsUnreadable, CannotMake) as error:
        errors.print(f"[red]error:[/red] {error}", highlight=False)
        return 2
    rows = [_row(change, trials) for change in CHANGES]
    pairs = _different_pairs(originals)
    halves = [_half(trials, pairs, chosen_on) for chosen_on in (0, 1)]
    figures = _figures(rows, trials, pairs, halves, look_up, len(clips))
    _print(console, rows, figures, halves, look_up)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")
    return 0


def _kept(file: Path, video: Path, scratch: Path) -> Signature:
    """The signature of a video, read from `file` where it lies already."""
    try:
        return Signature.from_bytes(file.read_bytes())
    except (FileNotFoundError, SignatureUnreadable):
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            out = Path(folder) / "out"
            signature = signature_of(prepare_media(video, out, MediaLimits()), lambda name: (out / name).read_bytes())
        file.write_bytes(signature.to_bytes())
        return signature


def _copies(clips: Sequence[Clip], work: Path, scratch: Path, seconds: float) -> Sequence[tuple[str, int, Signature]]:
    """(change, number of the clip, signature) of every copy."""
    made = []
    for number, clip in enumerate(track(clips, "copies", console=Console(stderr=True))):
        files = [work / f"{clip.path.stem}__{index:02d}.sig" for index in range(len(CHANGES))]
        master = scratch / "master.mp4"
        if not all(file.is_file() for file in files):
            make_master(clip.path, master, seconds)
        for file, (name, change) in zip(files, CHANGES.items(), strict=True):
            target = scratch / "copy.mp4"
            if not file.is_file():
                length = min(seconds, clip.duration_s)
                make_copy(master, target, change, length, has_sound=len(_sound_of(work, clip)) > 0)
            made.append((name, number, _kept(file, target, scratch)))
    return made


def _sound_of(work: Path, clip: Clip) -> np.ndarray:
    return Signature.from_bytes((work / f"{clip.path.stem}.sig").read_bytes()).sound


def _trials(
    originals: Sequence[Signature], copies: Sequence[tuple[str, int, Signature]], database: Path
) -> list[Trial]:
    """Every copy against its own original and against all other candidates that the look-up gives."""
    record = Record.open(f"sqlite:///{database}")
    try:
        numbers = {}
        for number, signature in enumerate(originals):
            video, _ = record.submit(Submission(f"{number + 1:064x}"[::-1], 1, "", "benchmark"))
            record.put_signature(video.id, signature.to_bytes(), stored_words(signature))
            numbers[video.id] = number
        trials = []
        for name, clip, signature in track(copies, "look-ups", console=Console(stderr=True)):
            found = [numbers[video_id] for video_id in candidates(record, signature, but="")]
            for original in dict.fromkeys((clip, *found)):
                result = compare(signature, originals[original])
                said = (
                    {kind.value for kind in describe(result, signature, originals[original]).kinds} if result else set()
                )
                wanted = set(CHANGES[name].kinds)
                if len(originals[clip].sound) == 0:
                    wanted = {kind for kind in wanted if not kind.startswith("sound")}
                trials.append(Trial(name, clip, original, original in found, result, wanted <= said))
        return trials
    finally:
        record.close()


def _different_pairs(originals: Sequence[Signature]) -> list[tuple[int, int, Comparison | None]]:
    return [(a, b, compare(originals[b], originals[a])) for a, b in combinations(range(len(originals)), 2)]


def _accepted(result: Comparison | None, thresholds: Thresholds = THRESHOLDS) -> bool:
    return result is not None and is_copy(result, thresholds)


def _row(change: str, trials: Sequence[Trial]) -> Row:
    own = [trial for trial in trials if trial.change == change and trial.right]
    recognised = [trial for trial in own if trial.found and _accepted(trial.comparison)]
    return Row(
        change=change,
        moderate=CHANGES[change].moderate,
        copies=len(own),
        recognised=len(recognised),
        candidates=sum(trial.found for trial in own),
        described=sum(trial.kinds_right for trial in recognised),
    )


def _half(trials: Sequence[Trial], pairs: Sequence[tuple[int, int, Comparison | None]], chosen_on: int) -> Half:
    """The least thresholds that no pair of different clips of one half comes near, on the copies of the other half."""
    wrong = [trial.comparison for trial in trials if not trial.right and trial.clip % 2 == chosen_on]
    wrong += [result for a, b, result in pairs if a % 2 == b % 2 == chosen_on]

    def least(sound: float) -> float:
        """Of different clips only those count whose sounds would allow the lower threshold, where `sound` is one."""
        plain = Thresholds(strength=0.0, strength_with_sound=0.0)
        strengths = [
            result.strength
            for result in wrong
            if result is not None and is_copy(result, plain) and (result.sound or -1.0) >= sound
        ]
        worst = max(strengths, default=0.0) * _MARGIN
        return next((value for value in _STRENGTHS if value >= worst), _STRENGTHS[-1])

    chosen = Thresholds(strength=least(-1.0), strength_with_sound=least(THRESHOLDS.sound))
    others = [trial for trial in trials if trial.clip % 2 != chosen_on]
    own = [trial for trial in others if trial.right and CHANGES[trial.change].moderate]
    right = sum(trial.found and _accepted(trial.comparison, chosen) for trial in own)
    false = sum(_accepted(trial.comparison, chosen) for trial in others if not trial.right)
    false += sum(_accepted(result, chosen) for a, b, result in pairs if a % 2 == b % 2 != chosen_on)
    return Half(chosen.strength, chosen.strength_with_sound, right / max(1, len(own)), right / max(1, right + false))


def _time(
    count: int, originals: Sequence[Signature], copies: Sequence[tuple[str, int, Signature]], scratch: Path
) -> LookUp:
    file = scratch / "library.db"
    fill(file, MadeUp(originals), count)
    wanted = [(clip, signature) for name, clip, signature in copies if name in ("captioned", "mirrored", "re-encoded")]
    return time_look_up(file, originals, wanted)


def _figures(
    rows: Sequence[Row],
    trials: Sequence[Trial],
    pairs: Sequence[tuple[int, int, Comparison | None]],
    halves: Sequence[Half],
    look_up: LookUp | None,
    clips: int,
) -> dict[str, object]:
    moderate = [row for row in rows if row.moderate]
    right = sum(row.recognised for row in moderate)
    wrong = [trial for trial in trials if not trial.right and trial.found and _accepted(trial.comparison)]
    false = len(wrong)
    false_pairs = sum(_accepted(result) for _, _, result in pairs)
    return {
        "n": clips,
        "copied": len({trial.clip for trial in trials}),
        "copies": sum(row.copies for row in rows),
        "recall": right / max(1, sum(row.copies for row in moderate)),
        "precision": right / max(1, right + false),
        "false_links": false,
        "false_pairs": false_pairs,
        "false_links_are": [[trial.change, trial.clip, trial.original] for trial in wrong],
        "different_pairs": len(pairs),
        "wrong_comparisons": sum(not trial.right for trial in trials),
        "candidate_recall": sum(row.candidates for row in moderate) / max(1, sum(row.copies for row in moderate)),
        "described": sum(row.described for row in moderate) / max(1, right),
        "left_out": {
            "recall": sum(half.recall for half in halves) / len(halves),
            "precision": sum(half.precision for half in halves) / len(halves),
        },
        "halves": [asdict(half) for half in halves],
        "changes": {row.change: {**asdict(row), "recall": row.recognised / max(1, row.copies)} for row in rows},
        "look_up": None if look_up is None else asdict(look_up),
    }


def _print(
    console: Console, rows: Sequence[Row], figures: dict[str, object], halves: Sequence[Half], look_up: LookUp | None
) -> None:
    table = Table(title=f"{figures['copies']} copies of {figures['n']} clips")
    for column in ("change", "recall", "recognised", "candidates", "described", "copies"):
        table.add_column(column, justify="left" if column == "change" else "right")
    for row in sorted(rows, key=lambda row: not row.moderate):
        counts = (row.recognised, row.candidates, row.described, row.copies)
        name = row.change if row.moderate else f"({row.change})"
        table.add_row(name, f"{row.recognised / max(1, row.copies):.2f}", *map(str, counts))
    console.print(table)
    for name in ("recall", "precision", "false_links", "false_pairs", "different_pairs", "wrong_comparisons"):
        value = figures[name]
        console.print(f"{name.replace('_', ' ')}: {value:.3f}" if isinstance(value, float) else f"{name}: {value}")
    for half in halves:
        console.print(f"chosen on one half, on the other: {asdict(half)}", highlight=False)
    if look_up is not None:
        console.print(f"look-up: {asdict(look_up)}", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
