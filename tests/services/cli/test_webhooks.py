"""Webhooks and failed videos from the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from services.library.record.store import Record
from services.library.record.types import Lane, Submission
from services.library.understanding import VideoState


def reelwise(data: Path, *arguments: str) -> str:
    ran = CliRunner(env={"REELWISE_ALLOWED_HOSTS": '["127.0.0.1"]', "COLUMNS": "200"}).invoke(
        app, [*arguments, "--data", str(data)], catch_exceptions=False
    )
    assert ran.exit_code == 0, ran.output
    return ran.output


@pytest.mark.models
def test_a_dead_message_and_a_failed_video_are_shown_and_tried_again(tmp_path, runtime) -> None:
    assert reelwise(tmp_path, "webhooks", "add", "cms", "http://127.0.0.1:9/hook").startswith("whsec_")
    record = Record.open(f"sqlite:///{tmp_path / 'reelwise.db'}")
    digest = sha256(b"video").hexdigest()
    video, _ = record.submit(Submission(digest, 1, f"videos/{digest}", "made up"))
    lease = record.claim(video.id, Lane.PREPARE, now=datetime.now(UTC), lease_s=60)
    record.retry_later(lease, reason="broken", not_before=datetime.now(UTC), max_attempts=1)
    record.give_delivery_up(record.claim_delivery("cms", lease_s=60), "nobody is there")
    listed = reelwise(tmp_path, "webhooks", "list")
    assert "nobody is there" in listed
    assert "video.failed" in listed
    assert "1 messages are sent again" in reelwise(tmp_path, "webhooks", "retry", "--webhook", "cms")
    assert "1 failed videos go on" in reelwise(tmp_path, "retry", "--all-failed")
    assert record.video(video.id).state is VideoState.QUEUED
    reelwise(tmp_path, "webhooks", "remove", "cms")
    assert record.webhooks() == []
    record.close()


def test_retry_wants_one_video_or_all_that_failed() -> None:
    for arguments in (["retry"], ["retry", "91028f", "--all-failed"]):
        assert CliRunner().invoke(app, arguments).exit_code == 2
