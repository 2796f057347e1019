"""`reelwise models` fetches by profile and removes what a profile does not name; nothing here needs a network."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.main import app


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REELWISE_MODELS", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.delenv("REELWISE_WEIGHTS_FOLDER", raising=False)
    return tmp_path


def run(*arguments: str, status: int = 0, answer: str = "") -> str:
    result = CliRunner().invoke(app, ["models", *arguments], input=answer)
    assert result.exit_code == status, result.output
    return " ".join(result.output.split())


def test_prune_removes_what_the_profile_does_not_name(weights: Path) -> None:
    for name in ("whisper-large-v3-turbo-ct2", "whisper-base-ct2", "siglip2-base-patch16-256", "of my own"):
        (weights / name).mkdir()
        (weights / name / "model.bin").write_bytes(b"x" * 1000)
    run("prune", status=1, answer="n\n")
    assert (weights / "whisper-large-v3-turbo-ct2").is_dir()
    said = run("prune", "--keep", "siglip2-base-patch16-256", "--yes")
    assert "whisper-large-v3-turbo-ct2: 1.0 kB" in said
    assert {path.name for path in weights.iterdir() if path.is_dir()} == {
        "whisper-base-ct2", "siglip2-base-patch16-256", "of my own",
    }  # fmt: skip
    assert "Nothing to remove" in run("prune", "--keep", "siglip2-base-patch16-256")


def test_fetching_a_profile_offline_names_what_is_missing_and_its_origin(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REELWISE_OFFLINE", "1")
    said = run("fetch", "--profile", "standard", status=1)
    assert "whisper-large-v3-turbo-ct2" in said
    assert "https://huggingface.co/mobiuslabsgmbh/faster-whisper-large-v3-turbo" in said
    assert "REELWISE_WEIGHTS_FOLDER" in said


def test_the_list_shows_what_only_a_hub_has(weights: Path) -> None:
    said = run("list")
    assert "qwen3-embedding-0.6b" in said
    assert "never fetched (from a hub)" in said
