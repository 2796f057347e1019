"""Bounds are held: what fell below is told, what is missing is not passed over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.check import BoundsUnreadable, Verdict, check, load_bounds, main

BOUNDS = """
speed:
  run: python -m benchmarks.speed --clips DIR --json speed.json
  metrics:
    ratio_to_script: {min: 3}
    prompt.ratio: {max: 0.5}
    n: {equals: 34}
"""


@pytest.fixture
def bounds(tmp_path: Path) -> Path:
    path = tmp_path / "bounds.yaml"
    path.write_text(BOUNDS, encoding="utf-8")
    return path


def wrote(folder: Path, **figures: object) -> Path:
    (folder / "speed.json").write_text(json.dumps(figures), encoding="utf-8")
    return folder


def test_figures_within_their_bounds_pass(tmp_path: Path, bounds: Path) -> None:
    folder = wrote(tmp_path, ratio_to_script=3.0, prompt={"ratio": 0.2}, n=34)
    assert main([str(folder), "--bounds", str(bounds)]) == 0


@pytest.mark.parametrize(
    "figures",
    [
        {"ratio_to_script": 2.9, "prompt": {"ratio": 0.2}, "n": 34},
        {"ratio_to_script": 4, "prompt": {"ratio": 0.6}, "n": 34},
        {"ratio_to_script": 4, "prompt": {"ratio": 0.2}, "n": 33},
    ],
)
def test_one_figure_out_of_bounds_fails(tmp_path: Path, bounds: Path, figures: dict[str, object]) -> None:
    assert main([str(wrote(tmp_path, **figures)), "--bounds", str(bounds)]) == 1


def test_a_figure_that_is_no_longer_written_fails(tmp_path: Path, bounds: Path) -> None:
    folder = wrote(tmp_path, ratio_to_script=4, prompt=None, n=34)
    findings, absent = check(folder, load_bounds(bounds))
    assert [item.metric for item in findings if item.verdict is Verdict.MISSING] == ["prompt.ratio"]
    assert absent == []
    assert main([str(folder), "--bounds", str(bounds)]) == 1


def test_a_missing_file_names_the_command_that_makes_it(tmp_path: Path, bounds: Path, capsys) -> None:
    assert main([str(tmp_path), "--bounds", str(bounds)]) == 2
    told = capsys.readouterr()
    assert "python -m benchmarks.speed" in " ".join(told.out.split())
    assert "nothing was checked" in told.err


def test_a_bound_without_a_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bounds.yaml"
    path.write_text("speed: {run: x, metrics: {n: {}}}", encoding="utf-8")
    with pytest.raises(BoundsUnreadable, match="min, max or equals"):
        load_bounds(path)


def test_the_shipped_bounds_can_be_read() -> None:
    assert {"understanding", "speed"} <= set(load_bounds())
