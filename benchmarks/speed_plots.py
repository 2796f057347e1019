"""The speed benchmark's figures as small PNG pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.speed_tables import SYSTEMS

_DPI = 80


class PlotsUnavailable(ValueError):
    """matplotlib is not installed."""


def draw(figures: Mapping[str, Any], folder: Path) -> list[Path]:
    """Draw what was measured into `folder`; returns the pictures. Raises `PlotsUnavailable`."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError as error:
        raise PlotsUnavailable("plots need matplotlib; run: pip install 'reelwise[bench]'") from error
    folder.mkdir(parents=True, exist_ok=True)
    made = []

    def save(name: str, figure: Any) -> None:
        path = folder / f"{name}.png"
        figure.tight_layout()
        figure.savefig(path, dpi=_DPI)
        pyplot.close(figure)
        made.append(path)

    here = [name for name in SYSTEMS if name in figures]
    figure, axes = pyplot.subplots(figsize=(8, 3))
    left = dict.fromkeys(here, 0.0)
    steps = dict.fromkeys(step for name in here for step in figures[name]["seconds"])
    axes.set_prop_cycle(color=matplotlib.color_sequences["tab20"])
    for step in steps:
        widths = [figures[name]["seconds"].get(step, 0.0) for name in here]
        axes.barh([name.replace("_", " ") for name in here], widths, left=[left[name] for name in here], label=step)
        for name, width in zip(here, widths, strict=True):
            left[name] += width
    axes.set_xlabel(f"seconds of work, {figures['n']} clips (Reelwise's steps overlap)")
    axes.legend(ncols=2, fontsize=7, bbox_to_anchor=(1.01, 1.0), loc="upper left")
    save("speed-steps", figure)
    for name, x, y, words in (
        ("scaling", "copies", "videos_per_min", ("copies of work queued at once", "videos a minute")),
        ("lengths", "length_s", "s_per_minute", ("length of the clip, s", "seconds per minute of video")),
    ):
        if name in figures:
            figure, axes = pyplot.subplots(figsize=(5, 3))
            axes.plot([row[x] for row in figures[name]], [row[y] for row in figures[name]], marker="o")
            axes.set_xscale("log", base=2)
            axes.set_ylim(bottom=0)
            axes.set_xlabel(words[0])
            axes.set_ylabel(words[1])
            save(f"speed-{name}", figure)
    if "memory" in figures:
        figure, axes = pyplot.subplots(figsize=(5, 3))
        axes.plot(*zip(*figures["memory"]["points"], strict=True))
        axes.set_ylim(bottom=0)
        axes.set_xlabel("hours of video done")
        axes.set_ylabel("resident memory, MiB")
        save("speed-memory", figure)
    return made
