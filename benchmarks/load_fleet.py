"""The processes of `benchmarks.load`: Redis, PostgreSQL, `reelwise api`, `reelwise sweep`, workers with stand-ins."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import redis
from celery import Celery
from sqlalchemy import create_engine, text

from benchmarks.load_work import Recording
from benchmarks.processes import cpu_seconds, parent_of, resident_bytes
from benchmarks.servers.postgres import binaries, running_server
from benchmarks.servers.redis import free_port, running_redis

_PATIENCE_S = 300.0
_CONNECTIONS = 300
"""A process holds up to 15 connections to the record."""


class FleetUnavailable(Exception):
    """A server is not installed, or a process ended that should not."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """What runs, by process id. `workers` starts more."""

    url: str
    folder: Path
    environment: Mapping[str, str]
    fixed: Mapping[str, int]

    @contextmanager
    def workers(self, processes: int, threads: int) -> Iterator[list[int]]:
        """So many worker processes of all lanes, with `threads` lanes at once each; told to stop at the end.

        All are connected to the broker when the block begins. Raises `FleetUnavailable` where one does not get there.
        """
        arguments = ["-m", "benchmarks.load_work", "--recording", str(self.folder / "recording.json")]
        with ExitStack() as stack:
            started = [
                stack.enter_context(
                    _process(self.folder, f"worker{number}", [*arguments, "--threads", str(threads)], self.environment)
                )
                for number in range(processes)
            ]
            self._until_all_consume(started)
            try:
                yield [worker.pid for worker in started]
            finally:
                for worker in started:  # all at once; each is waited for one after another
                    worker.send_signal(signal.SIGTERM)

    def alone(self) -> tuple[int, float]:
        """Do all that is due in one process without a queue, waiting for nothing: (videos, its processor seconds).

        Raises `FleetUnavailable`.
        """
        command = [sys.executable, "-m", "benchmarks.load_work", "--recording", str(self.folder / "recording.json")]
        environment = {**os.environ, **self.environment, "REELWISE_DATA_DIR": str(self.folder / "alone")}
        done = subprocess.run([*command, "--alone"], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise FleetUnavailable(f"the work without a queue failed:\n{done.stderr}")
        told = json.loads(done.stdout.splitlines()[-1])
        return int(told["videos"]), float(told["cpu_s"])

    def _until_all_consume(self, workers: Sequence[subprocess.Popen[bytes]]) -> None:
        ends = time.monotonic() + _PATIENCE_S
        with Celery(broker=self.environment["REELWISE_BROKER_URL"]) as app:
            while len(app.control.ping(timeout=1.0)) < len(workers):
                if time.monotonic() > ends or any(worker.poll() is not None for worker in workers):
                    raise FleetUnavailable(f"not all workers got to the broker: see {self.folder}/worker*.log")

    def cpu(self, workers: list[int]) -> dict[str, float]:
        """Processor seconds so far, by kind of process."""
        return {name: cpu_seconds(pid) for name, pid in self.fixed.items()} | {
            "workers": sum(cpu_seconds(pid) for pid in workers)
        }

    def resident(self, workers: list[int]) -> dict[str, float]:
        """MiB of the API, and of a worker process on average."""
        found = {"api": resident_bytes(self.fixed["api"]) / 2**20}
        if workers:
            found["worker"] = sum(resident_bytes(pid) for pid in workers) / len(workers) / 2**20
        return found


@contextmanager
def running_fleet(folder: Path, recording: Recording) -> Iterator[Fleet]:
    """Everything but workers. `folder` holds the blobs that the recording names in `folder/blobs`.

    Raises `FleetUnavailable`.
    """
    postgres, command = binaries(), shutil.which("redis-server")
    if postgres is None or command is None:
        missing = "postgresql" if postgres is None else "redis-server"
        raise FleetUnavailable(f"{missing} is not installed here (Debian: apt-get install {missing})")
    recording.write(folder / "recording.json")
    port = free_port()
    with ExitStack() as stack:
        broker = stack.enter_context(running_redis(command))
        database = stack.enter_context(running_server(postgres, connections=_CONNECTIONS))
        environment = {
            "REELWISE_BROKER_URL": broker,
            "REELWISE_DATABASE_URL": database,
            "REELWISE_BLOB_URL": f"file://{folder / 'blobs'}",
            # The API wants an index that it can open; nothing is searched.
            "REELWISE_INDEX_URL": ":memory:",
            "REELWISE_SWEEP_S": "2",
            "REELWISE_TRAIN_S": "0",
        }
        serve = ["-m", "services.cli.main", "api", "--port", str(port)]
        api = stack.enter_context(_process(folder, "api", serve, environment))
        url = f"http://127.0.0.1:{port}"
        _until_answering(url, api, folder)
        sweep = stack.enter_context(_process(folder, "sweep", ["-m", "services.cli.main", "sweep"], environment))
        fixed = {"api": api.pid, "sweep": sweep.pid, "redis": _redis(broker), "postgres": _postgres(database)}
        yield Fleet(url, folder, environment, fixed)


@contextmanager
def _process(
    folder: Path, name: str, arguments: list[str], environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    own = {"REELWISE_DATA_DIR": str(folder / name)}
    with (folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *arguments], env={**os.environ, **environment, **own}, stdout=log, stderr=log
        )
        try:
            yield process
            if process.poll():
                raise FleetUnavailable(f"{name} ended with status {process.returncode}: see {folder / name}.log")
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(60)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _until_answering(url: str, api: subprocess.Popen[bytes], folder: Path) -> None:
    ends = time.monotonic() + _PATIENCE_S
    while True:
        try:
            if httpx.get(f"{url}/healthz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > ends or api.poll() is not None:
            raise FleetUnavailable(f"the API does not answer:\n{(folder / 'api.log').read_text(encoding='utf-8')}")
        time.sleep(0.2)


def _redis(url: str) -> int:
    with redis.Redis.from_url(url) as client:
        return int(client.info("server")["process_id"])


def _postgres(url: str) -> int:
    """The server's first process: the parent of any connection's."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return parent_of(int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one()))
    finally:
        engine.dispose()
