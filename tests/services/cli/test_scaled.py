"""`reelwise api` and `sweep` refuse what lives in one process, and say what to set."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from services.cli.scaled import BrokerDispatcher
from services.library.record.database import utc_now
from services.library.record.store import Record
from services.library.record.types import Lane, Submission


@pytest.fixture(autouse=True)
def data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REELWISE_DATA_DIR", str(tmp_path))


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "500"})
    assert result.exit_code == 1, result.output
    return " ".join(result.output.split())


@pytest.mark.parametrize("command", ["api", "sweep"])
def test_a_broker_that_lives_in_one_process_is_refused(command: str) -> None:
    said = refused(command)
    assert "lives inside one process" in said
    assert "Set REELWISE_BROKER_URL" in said


def test_an_api_apart_needs_an_index_that_others_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELWISE_BROKER_URL", "redis://127.0.0.1:1/0")
    assert "Set REELWISE_INDEX_URL to a Qdrant server" in refused("api", "--port", "0")


def test_what_is_being_done_of_a_video_is_told_from_the_record(tmp_path: Path) -> None:
    record = Record.open(f"sqlite:///{tmp_path / 'reelwise.db'}")
    video, _ = record.submit(Submission("a" * 64, 1, "videos/a", "clip.mp4"))
    dispatcher = BrokerDispatcher(lambda *_: None, record)
    assert dispatcher.progress(video.id) is None
    assert record.claim(video.id, Lane.PREPARE, now=utc_now(), lease_s=60)
    progress = dispatcher.progress(video.id)
    assert progress is not None
    assert (progress.stage, progress.fraction) == ("prepare", None)
    assert dispatcher.ready()
    record.close()
