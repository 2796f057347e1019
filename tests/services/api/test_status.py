"""The fleet at a glance: over HTTP, and by `reelwise status` here and elsewhere."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from typer.testing import CliRunner

from services.accounts.keys import make_key
from services.api import Service, Sweeping, create_app
from services.api.status import StatusAnswer
from services.cli.bridge import InProcessTransport
from services.cli.main import app as command
from services.library.library import Library
from services.library.record.accounts import Role
from services.library.record.fleet import WorkerRun
from services.library.record.types import Lane, Submission
from tests.services.telemetry.test_probes import runtime  # noqa: F401 - the fixture


@pytest.fixture
def busy(plain: Library) -> Library:
    """One video due for ten minutes, one at work, one failed, one rejected, one that waits for a model server.

    Three workers: an idle one, one at work, one that was killed two minutes ago.
    """
    record, now = plain.record, datetime.now(UTC)
    record._clock = lambda: now - timedelta(minutes=10)
    _due, at_work, failed, rejected, waits = (
        record.submit(Submission(name * 64, 100, f"videos/{name}", "source", title="Private title"))[0].id
        for name in "abcde"
    )
    record._clock = lambda: now
    leases = {
        video: record.claim(video, Lane.PREPARE, now=now - timedelta(seconds=90), lease_s=600)
        for video in (at_work, failed, rejected, waits)
    }
    assert all(leases.values())
    record.retry_later(leases[failed], reason="prepare: no such codec", not_before=now, max_attempts=1)
    record.reject(leases[rejected], "it is no video")
    later = now + timedelta(hours=1)
    record.wait(leases[waits], reason="describe: http://llm:8000 is away", not_before=later, give_up_at=later)
    for host, pid, running, ago in (("idle", 7, 0, 3), ("at-work", 8, 2, 3), ("killed", 9, 1, 120)):
        worker = WorkerRun(host * 2, host, pid, frozenset({Lane.PREPARE}), 4, 15.0, now - timedelta(hours=3))
        record.note_worker(worker, running=running, now=now - timedelta(seconds=ago))
    return plain


@pytest.fixture
def app(busy: Library, runtime) -> FastAPI:  # noqa: F811
    return create_app(Service(busy, runtime, Sweeping()))


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def test_the_status_tells_queues_workers_leases_outcomes_reasons_and_versions(app: FastAPI) -> None:
    with httpx.Client(transport=InProcessTransport(app), base_url="http://127.0.0.1") as http:
        answer = http.get("/v1/status")
    assert answer.status_code == 200, answer.text
    assert "Private title" not in answer.text
    status = StatusAnswer.model_validate_json(answer.text)
    prepare = next(lane for lane in status.lanes if lane.lane is Lane.PREPARE)
    assert (prepare.due, prepare.running, prepare.delayed, prepare.waiting_for_model) == (1, 1, 1, 1)
    assert prepare.oldest_s is not None
    assert prepare.oldest_s >= 600
    (lease,) = status.leases
    assert lease.video_id.startswith("bbbb")
    assert lease.holder == f"{socket.gethostname().partition('.')[0][:12]}:{os.getpid()}"
    assert lease.seconds >= 90
    assert [(one.host, one.pid, one.running, one.silent) for one in status.workers] == [
        ("killed", 9, 1, True),
        ("at-work", 8, 2, False),
        ("idle", 7, 0, False),
    ]
    assert {(one.lanes, one.at_once) for one in status.workers} == {((Lane.PREPARE,), 4)}
    assert status.workers[0].seen_s >= 120
    assert {state.value: count for state, count in status.hour.items()} == {"ready": 0, "failed": 1, "rejected": 1}
    assert [(one.reason, one.videos) for one in status.failures] == [
        ("prepare: no such codec", 1),
        ("it is no video", 1),
    ]
    assert [one.reason for one in status.waiting] == ["describe: http://llm:8000 is away"]
    assert status.disk.free > 0
    assert status.disk.videos == 500
    assert status.version


def test_the_command_shows_an_api_elsewhere_to_whoever_has_an_admin_s_key(
    app: FastAPI, busy: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    with served(app) as url:
        shown = CliRunner().invoke(command, ["status", "--url", url])
        assert shown.exit_code == 0, shown.output
        for words in (
            "prepare", r"\d\d min", f":{os.getpid()} ", "no such codec", "is away", "GB free",
            "1 at work, 1 idle, 1 silent", r"idle:7 +prepare +0 of 4 +3\.0 h +\d+ s ago", "killed:9 .* silent, 2 min",
        ):  # fmt: skip
            assert re.search(words, shown.stdout), words
        machine = CliRunner().invoke(command, ["status", "--url", url, "--json"])
        assert json.loads(machine.stdout)["hour"]["failed"] == 1
        keys = {}
        for name, role in (("root", Role.ADMIN), ("feed", Role.RECOMMENDER)):
            busy.record.add_account(name, role)
            keys[name] = make_key(busy.record, name)[1]
        refused = CliRunner().invoke(command, ["status", "--url", url], env={"REELWISE_API_KEY": keys["feed"]})
        assert refused.exit_code == 1
        assert "this is for admin" in refused.stderr
        allowed = CliRunner().invoke(command, ["status", "--url", url], env={"REELWISE_API_KEY": keys["root"]})
        assert allowed.exit_code == 0, allowed.output


def test_the_command_watches_until_it_is_interrupted(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []

    def pause(_seconds: float) -> None:
        looks.append(1)
        if len(looks) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("services.cli.commands.status.time.sleep", pause)
    with served(app) as url:
        watched = CliRunner().invoke(command, ["status", "--url", url, "--watch", "--json"])
    assert watched.exit_code == 0, watched.output
    assert [json.loads(line)["hour"]["failed"] for line in watched.stdout.splitlines()] == [1, 1, 1]
