"""The recommender's figures as small PNG pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.speed_plots import PlotsUnavailable

_DPI = 80


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

    if "offline" in figures:
        splits = figures["offline"]
        figure, panes = pyplot.subplots(1, len(splits), figsize=(5 * len(splits), 3.4), squeeze=False)
        for axes, (name, found) in zip(panes[0], splits.items(), strict=True):
            _bars(axes, {system: values["ndcg"] for system, values in found["systems"].items()})
            axes.set_title(f"{name.replace('_', ' ')}, {found['users']} users")
            axes.set_xlabel("nDCG@10, 95 % interval")
        save("recommend-warm", figure)
    if "cold" in figures:
        found = figures["cold"]
        figure, axes = pyplot.subplots(figsize=(6, 2.6))
        _bars(axes, {system: values["recall"] for system, values in found["systems"].items()})
        axes.set_xlabel(f"recall@10 among {found['new_items']} new films, 95 % interval")
        save("recommend-cold", figure)
    if "simulate" in figures:
        figure, axes = pyplot.subplots(figsize=(8, 3.4))
        for name, found in figures["simulate"]["arms"].items():
            axes.plot(_smooth(found["curve"]), label=name, linewidth=2 if name == "as it ships" else 1)
        axes.axvline(figures["simulate"]["plan"]["change_at"], color="grey", linestyle=":")
        axes.set_xlabel("round (dotted: the taste changes)")
        axes.set_ylabel("share about a favourite")
        axes.legend(fontsize=7, ncols=2)
        save("recommend-audience", figure)
    return made


def _bars(axes: Any, systems: Mapping[str, Mapping[str, float]]) -> None:
    names = sorted(systems, key=lambda name: systems[name]["mean"])
    means = [systems[name]["mean"] for name in names]
    below = [max(0.0, systems[name]["mean"] - systems[name]["low"]) for name in names]
    above = [max(0.0, systems[name]["high"] - systems[name]["mean"]) for name in names]
    colours = ["#c44e52" if name in ("hybrid", "content") else "#8c9cb8" for name in names]
    axes.barh(names, means, xerr=[below, above], color=colours, error_kw={"linewidth": 1})


def _smooth(values: list[float], window: int = 7) -> list[float]:
    return [
        sum(values[max(0, at - window + 1) : at + 1]) / len(values[max(0, at - window + 1) : at + 1])
        for at in range(len(values))
    ]
