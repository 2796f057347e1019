"""`reelwise worker` says what it cannot do before anything is loaded, and what to do instead."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from models.profile import load_profile
from services.cli import launcher
from services.cli.commands import worker
from services.cli.main import app

pytestmark = pytest.mark.models


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["worker", *arguments], env={"COLUMNS": "500"})
    assert result.exit_code == 1, result.output
    return " ".join(result.output.split())


@pytest.fixture(autouse=True)
def broker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A broker that nothing gets as far as to speak to."""
    monkeypatch.setenv("REELWISE_BROKER_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("REELWISE_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(worker, "gpus", tuple)


def on_gpu(tmp_path: Path, device: str) -> str:
    profile = load_profile("lite").model_dump(mode="json")
    profile["roles"]["speech"]["options"]["device"] = device
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(profile))
    return str(path)


def test_the_brokers_that_live_in_one_process_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELWISE_BROKER_URL", "memory://")
    said = refused("--lane", "prepare")
    assert "lives inside one process" in said
    assert "REELWISE_BROKER_URL" in said


def test_publishing_needs_an_index_that_other_processes_reach() -> None:
    said = refused("--lane", "publish", "--lane", "prepare")
    assert "the embedded index belongs to one process" in said
    assert "Set REELWISE_INDEX_URL" in said
    assert "serve --lane prepare." in said
    assert "--lane prepare --lane perceive --lane describe" in refused()  # no lane named: all of them


def test_a_gpu_lane_does_not_fork(tmp_path: Path) -> None:
    own = on_gpu(tmp_path, "cuda")
    said = refused("--lane", "perceive", "--pool", "prefork", "--profile", own)
    assert "CUDA does not survive a fork" in said
    assert "(speech)" in said
    assert "--pool threads or solo" in said


def test_a_gpu_that_is_there_counts_for_engines_that_would_take_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "gpus", lambda: ("a card",))
    said = refused("--lane", "perceive", "--pool", "prefork", "--profile", on_gpu(tmp_path, "auto"))
    assert "CUDA does not survive a fork" in said


def test_children_are_replaced_only_where_there_are_children() -> None:
    said = refused("--lane", "prepare", "--pool", "threads", "--max-child-tasks", "10")
    assert "--pool threads has none" in said


def test_solo_is_one_task_at_a_time() -> None:
    assert "one task at a time" in refused("--lane", "prepare", "--pool", "solo", "--concurrency", "4")


def test_a_worker_whose_models_do_not_fit_is_refused_and_told_what_each_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELWISE_MEMORY_LIMIT_BYTES", str(1024**3))
    said = refused("--lane", "describe")
    assert "profile 'lite' does not fit" in said
    assert "language 1.0 GiB (llama.cpp, qwen2.5-coder-0.5b-instruct-q4_k_m)" in said
    # The lane that reads text on screen needs less: it gets as far as the broker's checks allow.
    roles = launcher.fitting_roles(
        launcher.settings_for(), load_profile("lite"), frozenset({worker.Lane.PREPARE}), processes=1
    )
    assert set(roles) == {"prepare"}


def test_a_gpus_number_is_set_before_anything_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    refused("--lane", "prepare", "--gpu", "1", "--max-child-tasks", "1")
    import os

    assert os.environ["CUDA_VISIBLE_DEVICES"] == "1"
