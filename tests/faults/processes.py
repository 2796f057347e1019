"""Processes that a test starts, kills and starts again: a Redis, workers, `reelwise up`. All listen on loopback."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import uvicorn

from services.cli.runfile import noted_run
from tests.brokers import free_port
from tests.faults.engines import PATIENCE_S
from tests.qdrant_server import Stand, app_of

ROOT = Path(__file__).parents[2]
T = TypeVar("T")


def until(what: str, found: Callable[[], T | bool | None], patience_s: float = PATIENCE_S) -> T:
    """Ask until there is an answer, and give it."""
    ends = time.monotonic() + patience_s
    while time.monotonic() < ends:
        answer = found()
        if answer is not None and answer is not False:
            return answer  # type: ignore[return-value]
        time.sleep(0.02)
    raise AssertionError(f"after {patience_s:.0f} s still not: {what}")


@dataclass
class RedisServer:
    """A Redis that keeps nothing on disk: started again, it is empty. `stop` is kill -9."""

    folder: Path
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = shutil.which("redis-server")
        if command is None:
            pytest.skip("redis-server is not installed (apt-get install redis-server)")
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([command, *options, "--dir", str(self.folder)], stdout=subprocess.DEVNULL)
        until("Redis answers", lambda: _listens(self.port))

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def halt(self) -> None:
        """It keeps its connections, and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


class IndexServer:
    """The stand-in for a Qdrant server (`tests/qdrant_server.py`); stopped and started again, it has what it had."""

    def __init__(self) -> None:
        self._app, self.port = app_of(Stand()), free_port()
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._server = uvicorn.Server(uvicorn.Config(self._app, port=self.port, log_config=None))
        self._thread = threading.Thread(target=self._server.run, name="index-server", daemon=True)
        self._thread.start()
        until("the index server answers", lambda: _listens(self.port))

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = self._server.force_exit = True
            self._thread.join(PATIENCE_S)
            self._server = self._thread = None


class Nursery:
    """Forks commands (`nursery.py`); leaving it ends whatever still runs."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._hear() == "ready"

    def start(self, arguments: tuple[str, ...], environment: Mapping[str, str], log: Path) -> Started:
        return Started(self, self.ask(start=arguments, environment=dict(environment), log=str(log)))

    def ask(self, **question: Any) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return json.loads(self._hear())

    def close(self) -> None:
        self._process.communicate(timeout=PATIENCE_S)

    def _hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@dataclass
class Started:
    """A process that runs a command."""

    nursery: Nursery
    pid: int
    status: int | None = None

    def poll(self) -> int | None:
        """The exit status (negative: the signal), None while it runs."""
        if self.status is None:
            self.status = self.nursery.ask(ended=self.pid)
        return self.status

    def send(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def ended(self) -> int:
        """Wait for the exit status."""
        until(f"process {self.pid} ends", lambda: self.poll() is not None)
        assert self.status is not None
        return self.status

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self.send(signal.SIGKILL)
        self.ended()

    def stop(self) -> int:
        """SIGTERM, and wait for the exit status."""
        self.send(signal.SIGTERM)
        return self.ended()


@dataclass
class Commands:
    """`reelwise` commands with the tests' engines as processes on one data folder."""

    nursery: Nursery
    folder: Path
    environment: dict[str, str]
    running: list[Started] = field(default_factory=list)

    def start(self, *arguments: str) -> Started:
        log = self.folder / f"{len(self.running)}-{arguments[0]}.log"
        process = self.nursery.start(arguments, self.environment, log)
        self.running.append(process)
        return process

    def up(self) -> tuple[Started, httpx.Client]:
        """A running `reelwise up`, and a client that may do everything there."""
        process = self.start("up", "--port", "0")

        def answers() -> httpx.Client | None:
            assert process.poll() is None, self.logs()
            noted = noted_run(Path(self.environment["REELWISE_DATA_DIR"]))
            if noted is None or noted.pid != process.pid:
                return None
            try:
                httpx.get(f"{noted.url}/healthz", timeout=PATIENCE_S, trust_env=False).raise_for_status()
            except httpx.TransportError:
                return None
            headers = {"Authorization": f"Bearer {noted.secret}"}
            return httpx.Client(base_url=noted.url, headers=headers, timeout=PATIENCE_S, trust_env=False)

        return process, until("reelwise up answers", answers)

    def get(self, path: str) -> httpx.Response:
        """Ask whichever `reelwise up` runs."""
        noted = noted_run(Path(self.environment["REELWISE_DATA_DIR"]))
        assert noted is not None
        headers = {"Authorization": f"Bearer {noted.secret}"}
        return httpx.get(f"{noted.url}{path}", headers=headers, timeout=PATIENCE_S, trust_env=False)

    def logs(self) -> str:
        return "\n".join(f"--- {log.name}\n{log.read_text()}" for log in sorted(self.folder.glob("*.log")))

    def end(self) -> None:
        """Kill whatever still runs."""
        for process in self.running:
            process.kill()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
