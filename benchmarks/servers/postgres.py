"""A PostgreSQL server: a cluster in a temporary folder, on a free loopback port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


def binaries() -> Path | None:
    """Folder of `initdb` and `postgres`, the newest version where Debian has several; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    if found:
        return found[-1]
    initdb = shutil.which("initdb")
    return None if initdb is None else Path(initdb).resolve().parent


@dataclass(frozen=True, slots=True)
class Cluster:
    """A server that can be stopped, at once and without a word to its clients, and started again on its data."""

    url: str
    _run: tuple[str, ...]
    _options: str
    _folder: Path

    def start(self) -> None:
        """Start, and wait until it takes connections."""
        log = f"--log={self._folder / 'log'}"
        start = [*self._run, "--wait", "--timeout=120", log, f"--options={self._options}", "start"]
        # A pipe would stay open as long as the server lives.
        subprocess.run(start, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self._folder)

    def stop(self) -> None:
        """Stop as if it had crashed."""
        subprocess.run([*self._run, "--mode=immediate", "stop"], check=True, capture_output=True, cwd=self._folder)


@contextmanager
def running_cluster(folder: Path, *, connections: int = 100) -> Iterator[Cluster]:
    """A server that runs, and is stopped at the end. PostgreSQL refuses root, so root becomes `postgres`.

    It takes up to `connections`, and waits for no disk: what it holds is not kept anyway.
    """
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    cluster = Path(tempfile.mkdtemp(prefix="reelwise-postgres-"))
    if as_user:
        shutil.chown(cluster, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run = (*as_user, str(folder / "pg_ctl"), "--pgdata", str(cluster / "data"), "--silent")
    options = (
        f"-p {port} -k {cluster} -c listen_addresses=127.0.0.1 -c max_connections={connections} "
        "-c fsync=off -c full_page_writes=off"
    )
    server = Cluster(f"postgresql+psycopg://reelwise@127.0.0.1:{port}/postgres", run, options, cluster)
    try:
        made = "--auth=trust --username=reelwise --encoding=UTF8 --locale=C.UTF-8 --no-sync"
        subprocess.run([*run, "initdb", "--options", made], check=True, capture_output=True, cwd=cluster)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(cluster, ignore_errors=True)


@contextmanager
def running_server(folder: Path, *, connections: int = 100) -> Iterator[str]:
    """SQLAlchemy's URL of a server that is stopped at the end."""
    with running_cluster(folder, connections=connections) as server:
        yield server.url
