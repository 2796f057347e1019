"""`python -m benchmarks.check DIR`: are the figures that the benchmarks wrote into DIR still within their bounds?

The bounds are in `floors.yaml`. Each benchmark's figures are looked for in DIR under its name, as `--json` wrote them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from rich.console import Console
from rich.table import Table


class Bound(BaseModel):
    """What a figure must reach, must not exceed, or must be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min: float | None = None
    max: float | None = None
    equals: float | None = None

    @model_validator(mode="after")
    def _one_is_given(self) -> Bound:
        if self.min is None and self.max is None and self.equals is None:
            raise ValueError("a bound needs min, max or equals")
        return self

    def holds(self, value: float) -> bool:
        """Whether a value is within."""
        return (
            (self.min is None or value >= self.min)
            and (self.max is None or value <= self.max)
            and (self.equals is None or value == self.equals)
        )

    def __str__(self) -> str:
        named = (("at least", self.min), ("at most", self.max), ("exactly", self.equals))
        return ", ".join(f"{words} {value:g}" for words, value in named if value is not None)


class BenchmarkBounds(BaseModel):
    """One benchmark's bounds by dotted path into its JSON, and the command that makes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str
    metrics: dict[str, Bound]


class Verdict(StrEnum):
    """What became of a bound."""

    OK = "ok"
    REGRESSED = "regressed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One bound and the figure it was held against; None where there is none."""

    benchmark: str
    metric: str
    value: float | None
    bound: Bound
    verdict: Verdict


class BoundsUnreadable(ValueError):
    """The bounds cannot be used."""


def load_bounds(path: Path | None = None) -> dict[str, BenchmarkBounds]:
    """The bounds by benchmark; None reads the shipped ones. Raises `BoundsUnreadable`."""
    try:
        source = path or files("benchmarks").joinpath("floors.yaml")
        given = yaml.safe_load(source.read_text(encoding="utf-8"))
        return {name: BenchmarkBounds.model_validate(entry) for name, entry in given.items()}
    except (OSError, yaml.YAMLError, ValidationError, AttributeError) as error:
        raise BoundsUnreadable(f"bounds {path or 'floors.yaml'} cannot be used: {error}") from error


def check(folder: Path, bounds: Mapping[str, BenchmarkBounds]) -> tuple[list[Finding], list[str]]:
    """Every bound whose benchmark left figures, and the names of the benchmarks that left none."""
    findings, absent = [], []
    for name, wanted in bounds.items():
        path = folder / f"{name}.json"
        if not path.is_file():
            absent.append(name)
            continue
        figures = json.loads(path.read_text(encoding="utf-8"))
        for metric, bound in wanted.metrics.items():
            value = _at(figures, metric)
            verdict = Verdict.MISSING if value is None else Verdict.OK if bound.holds(value) else Verdict.REGRESSED
            findings.append(Finding(name, metric, value, bound, verdict))
    return findings, absent


def _at(figures: Any, metric: str) -> float | None:
    for part in metric.split("."):
        if not isinstance(figures, Mapping) or part not in figures:
            return None
        figures = figures[part]
    return float(figures) if isinstance(figures, int | float) else None


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.check", description=__doc__)
    parser.add_argument("results", type=Path, help="folder with BENCHMARK.json files")
    parser.add_argument("--bounds", type=Path, help="other bounds than floors.yaml")
    given = parser.parse_args(arguments)
    console, errors = Console(), Console(stderr=True)
    try:
        bounds = load_bounds(given.bounds)
        findings, absent = check(given.results, bounds)
    except (BoundsUnreadable, json.JSONDecodeError) as error:
        errors.print(f"[red]error:[/red] {error}", highlight=False)
        return 2
    table = Table()
    for column in ("benchmark", "figure", "value", "bound", ""):
        table.add_column(column, justify="right" if column == "value" else "left")
    for item in findings:
        value = "" if item.value is None else f"{item.value:.3f}"
        style = None if item.verdict is Verdict.OK else "red"
        table.add_row(item.benchmark, item.metric, value, str(item.bound), item.verdict.value, style=style)
    console.print(table)
    for name in absent:
        console.print(
            f"no {name}.json in {given.results}; make it with: {bounds[name].run}", highlight=False, markup=False
        )
    if not findings:
        errors.print("[red]error:[/red] nothing was checked: no benchmark left its figures there", highlight=False)
        return 2
    return 0 if all(item.verdict is Verdict.OK for item in findings) else 1


if __name__ == "__main__":
    sys.exit(main())
