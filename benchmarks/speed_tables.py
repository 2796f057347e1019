"""The speed benchmark's figures as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

SYSTEMS = ("reelwise", "script", "tuned_script")

_QUALITY = {
    "R@1": ("retrieval", "r_at_1"),
    "R@5": ("retrieval", "r_at_5"),
    "MRR": ("retrieval", "mrr"),
    "text on screen, recall": ("screen_recall",),
    "tags, F1": ("tags_f1",),
    "tags, F1 by meaning": ("tags_f1_soft",),
    "false transcripts": ("false_transcripts",),
}


def show(console: Console, figures: Mapping[str, Any]) -> None:
    """Print what was measured; parts that were not are left out."""
    console.print(_systems(figures))
    prompt = figures["prompt"]
    console.print(
        f"After a change of the prompt: {prompt['wall_s']:.1f} s of {prompt['full_wall_s']:.1f} s "
        f"({prompt['ratio']:.0%}); ran again: {', '.join(prompt['ran_again'])}"
    )
    if "decode" in figures:
        console.print(_decoding(figures["decode"]))
    for name, columns in (
        ("scaling", ("copies", "s_per_video", "videos_per_min")),
        ("lengths", ("length_s", "wall_s", "s_per_minute")),
        ("modalities", ("name", "added_s", "total_s")),
    ):
        if name in figures:
            console.print(_rows(name, figures[name], columns))
    if "memory" in figures:
        memory = figures["memory"]
        slope = memory["slope_mib_per_hour"]
        grows = "too little video for a slope" if slope is None else f"{slope:+.1f} MiB per hour of video"
        console.print(f"Memory over {memory['video_hours']:.2f} h of video: {grows}, peak {memory['peak_mib']:.0f} MiB")


def _systems(figures: Mapping[str, Any]) -> Table:
    here = [name for name in SYSTEMS if name in figures]
    table = Table(title=f"{figures['n']} clips on {figures['machine']['cores']} cores")
    for column in ("", *(name.replace("_", " ") for name in here)):
        table.add_column(column, justify="right" if column else "left")
    steps = dict.fromkeys(step for name in here for step in figures[name]["seconds"])
    for step in steps:
        table.add_row(step, *(_seconds(figures[name]["seconds"].get(step)) for name in here))
    table.add_section()
    table.add_row("wall clock", *(_seconds(figures[name]["wall_s"]) for name in here), style="bold")
    ratios = [1.0 if name == "reelwise" else figures[f"ratio_to_{name}"] for name in here]
    table.add_row("times Reelwise's", *(f"{ratio:.2f}" for ratio in ratios), style="bold")
    table.add_section()
    for title, names in _QUALITY.items():
        shares = []
        for name in here:
            value = figures[name]["quality"]
            for part in names:
                value = value[part]
            shares.append("" if value is None else f"{value:.2f}")
        table.add_row(title, *shares)
    return table


def _decoding(decode: Mapping[str, Any]) -> Table:
    table = Table(title=f"Decoding {decode['videos']} files")
    for column in ("", "pictures", "MB read", "seconds"):
        table.add_column(column, justify="right" if column else "left")
    for name, title in (
        ("reelwise", "one pass, with all that it measures"),
        ("naive", "a pass per consumer, decode only"),
    ):
        passes = decode[name]
        table.add_row(title, str(passes["frames"]), f"{passes['bytes'] / 1e6:.1f}", f"{passes['seconds']:.2f}")
    table.add_row("one pass, decode only", "", "", f"{decode['bare_s']:.2f}")
    return table


def _rows(title: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> Table:
    table = Table(title=title)
    for column in columns:
        table.add_column(column, justify="left" if column == "name" else "right")
    for row in rows:
        table.add_row(
            *(f"{row[column]:.2f}" if isinstance(row[column], float) else str(row[column]) for column in columns)
        )
    return table


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s"
