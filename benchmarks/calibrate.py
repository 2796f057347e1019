"""`python -m benchmarks.calibrate --clips DIR`: fit the curves that turn scores into confidences, and judge them.

A clip's labels are judged by curves that were fitted without that clip. `--write FILE` keeps the curves of all clips.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.clips import LabelsUnreadable, load_clips
from benchmarks.metrics.calibration import Calibration as Reliability
from benchmarks.metrics.calibration import calibration
from benchmarks.run import ClipFailed, analysed_clips
from benchmarks.verdicts import Given, VerdictsUnreadable, given_labels, load_verdicts
from models.errors import ModelError
from services.library.calibration import Calibration, fit
from services.library.errors import LibraryError

_BINS = 5
_HEADER = """# From a score to the share of such labels that people accept: sigmoid(intercept + slope * logit(score)).
# Written by `python -m benchmarks.calibrate --write FILE`; a signal without a curve, or of another model, keeps its
# score. REELWISE_CALIBRATION names a file of your own, fitted to your editors' verdicts.
"""


@dataclass(frozen=True, slots=True)
class Report:
    """Reliability of the scores as they are and of left-out confidences, and how many labels nobody judged."""

    scores: Reliability
    confidences: Reliability
    unjudged: int


def report(given: Sequence[Given]) -> Report:
    """Leave one clip out, fit to the others, judge it. Raises `ValueError` with verdicts on fewer than two clips."""
    judged = [item for item in given if item.accepted is not None]
    clips = sorted({item.clip for item in judged})
    if len(clips) < 2:
        raise ValueError("verdicts on at least two clips are needed: one is left out, the others are fitted to")
    confidences, scores, accepted = [], [], []
    for clip in clips:
        curves = fit([item.verdict() for item in judged if item.clip != clip])
        for item in judged:
            if item.clip == clip:
                scored = item.scored
                scores.append(scored.score)
                confidences.append(curves.probability(scored.signal, scored.model, scored.score))
                accepted.append(bool(item.accepted))
    return Report(
        calibration(scores, accepted, _BINS), calibration(confidences, accepted, _BINS), len(given) - len(judged)
    )


def written(curves: Calibration) -> str:
    """The file's text."""
    data = curves.model_dump(mode="json")
    return _HEADER + yaml.safe_dump(data, sort_keys=True, allow_unicode=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibrate", description=__doc__)
    parser.add_argument("--clips", type=Path, required=True, help="folder with clips.jsonl and the clips it names")
    parser.add_argument("--verdicts", type=Path, help="file of verdicts; default: those that ship")
    parser.add_argument("--data", type=Path, help="data folder to keep; results in it are reused")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the curves to this file")
    given = parser.parse_args(arguments)
    console, progress = Console(), Console(stderr=True)
    try:
        verdicts, clips = load_verdicts(given.verdicts), load_clips(given.clips)
        with Progress(console=progress, transient=True) as bar:
            task = bar.add_task("analysing", total=len(clips))
            with analysed_clips(clips, given.data, on_progress=lambda done: bar.update(task, completed=done)) as run:
                labels = given_labels(run, verdicts)
        found = report(labels)
        curves = fit([item.verdict() for item in labels if item.accepted is not None])
    except (VerdictsUnreadable, LabelsUnreadable, ClipFailed, ModelError, LibraryError, ValueError) as error:
        progress.print(f"[red]error:[/red] {error}", highlight=False)
        return 1
    show(console, found, curves)
    if given.json is not None:
        given.json.write_text(json.dumps(asdict(found), indent=2) + "\n", encoding="utf-8")
    if given.write is not None:
        given.write.write_text(written(curves), encoding="utf-8")
    return 0


def show(console: Console, found: Report, curves: Calibration) -> None:
    table = Table(title="Curves, fitted to all clips")
    for column in ("signal", "verdicts", "accepted", "intercept", "slope", "score .4", "score .8"):
        table.add_column(column, justify="left" if column == "signal" else "right")
    for signal, curve in sorted(curves.curves.items()):
        at = (f"{curve.probability(score):.2f}" for score in (0.4, 0.8))
        share = f"{curve.accepted / curve.verdicts:.2f}"
        table.add_row(signal, str(curve.verdicts), share, f"{curve.intercept:.2f}", f"{curve.slope:.2f}", *at)
    console.print(table)
    table = Table(title="Reliability; confidences by curves fitted without the clip")
    for column in ("", "0 to .2", ".2 to .4", ".4 to .6", ".6 to .8", ".8 to 1", "ECE", "Brier", "Brier of base rate"):
        table.add_column(column, justify="right" if column else "left")
    for name, one in (("scores", found.scores), ("confidences", found.confidences)):
        bins = {round(item.low * _BINS): f"{item.right:.2f} of {item.count}" for item in one.bins}
        cells = [bins.get(number, "") for number in range(_BINS)]
        table.add_row(name, *cells, f"{one.ece:.3f}", f"{one.brier:.3f}", f"{one.brier_of_base:.3f}")
    console.print(table)
    console.print(f"{found.confidences.count} labels judged, {found.unjudged} not.")


if __name__ == "__main__":
    sys.exit(main())
