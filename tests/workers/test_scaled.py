"""Scaled mode as on many machines: API, sweeper and worker are processes that share servers and nothing else.

Redis and PostgreSQL are real. The Qdrant server is not: it is qdrant-client's in-memory engine behind HTTP
(`tests/qdrant_server.py`), since none can be installed here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from services.library.record.store import Record
from tests.brokers import free_port, redis_server
from tests.commands import command
from tests.postgres import binaries, running_server
from tests.qdrant_server import running_stand

pytestmark = pytest.mark.models

PATIENCE_S = 600.0


@pytest.fixture(scope="module")
def environment(warmed: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Settings of every process; each has a data folder of its own beside them."""
    folder = binaries()
    if folder is None:
        pytest.skip("PostgreSQL is not installed here (Debian: apt-get install postgresql)")
    shared = warmed(tmp_path_factory.mktemp("scaled"))
    with ExitStack() as servers:
        broker = servers.enter_context(redis_server())
        database = servers.enter_context(running_server(folder))
        index = servers.enter_context(running_stand())
        yield {
            "REELWISE_BROKER_URL": broker,
            "REELWISE_DATABASE_URL": database,
            "REELWISE_INDEX_URL": index,
            "REELWISE_BLOB_URL": f"file://{shared / 'blobs'}",
            "REELWISE_MAX_FRAMES": "2",
            "REELWISE_MAX_OCR_FRAMES": "1",
            "REELWISE_SWEEP_S": "0.5",
            "COLUMNS": "200",
        }


def until(condition: Callable[[], object], logs: Callable[[], str]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < ends, logs()
        time.sleep(0.1)


def test_a_video_handed_to_one_of_two_apis_is_understood_elsewhere_and_found_by_the_other(
    environment: dict[str, str], clip: Callable[..., Path], tmp_path: Path
) -> None:
    ports = (free_port(), free_port())
    file = clip(tmp_path / "harbour.mp4", 401, seconds=0.8)

    def own(name: str) -> dict[str, str]:
        return environment | {"REELWISE_DATA_DIR": str(tmp_path / name)}

    def logs() -> str:
        return "\n".join(f"{log.name}:\n{log.read_text()}" for log in sorted(tmp_path.glob("*.log")))

    with ExitStack() as processes:
        for number, port in enumerate(ports):
            processes.enter_context(
                command(tmp_path / f"api{number}.log", own(f"api{number}"), "api", "--port", str(port))
            )
        processes.enter_context(command(tmp_path / "sweep.log", own("sweep"), "sweep"))
        worker = processes.enter_context(
            command(tmp_path / "worker.log", own("worker"), "worker", "--concurrency", "1")
        )
        first, second = (processes.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{port}")) for port in ports)
        for api in (first, second):
            until(lambda api=api: answers(api), logs)
        with file.open("rb") as content:
            sent = first.post(
                "/v1/videos", files={"file": ("harbour.mp4", content)}, data={"title": "A harbour at dawn"}
            )
        assert sent.status_code == 202, sent.text
        video = sent.json()["id"]
        seen: list[str] = []

        def done() -> bool:
            answer = second.get(f"/v1/videos/{video}").json()
            if answer["progress"]:
                seen.append(answer["progress"]["stage"])
            return answer["state"] in ("ready", "failed", "rejected")

        until(done, logs)
        assert second.get(f"/v1/videos/{video}").json()["state"] == "ready", logs()
        assert set(seen) <= {"prepare", "perceive", "describe", "publish"}
        found = second.get("/v1/search", params={"q": "a harbour at dawn"}).json()["videos"]
        assert [one["video_id"] for one in found] == [video], found
        assert second.get("/readyz").json()["ready"]
        assert worker.poll() is None


def answers(api: httpx.Client) -> bool:
    try:
        return api.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_a_round_for_cron_announces_what_is_due_and_ends(environment: dict[str, str], tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "services.cli.main", "sweep", "--once"],
        env={**os.environ, **environment, "REELWISE_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    record = Record.open(environment["REELWISE_DATABASE_URL"])
    due = len(record.due(now=record._clock()))
    record.close()
    assert (ran.returncode, f"{due} lanes announced" in ran.stderr) == (0, True), ran.stderr
