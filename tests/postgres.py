"""A PostgreSQL server of the tests' own: a cluster in a temporary folder, on a free loopback port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def binaries() -> Path | None:
    """Folder of `initdb` and `postgres`, the newest version where Debian has several; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    if found:
        return found[-1]
    initdb = shutil.which("initdb")
    return None if initdb is None else Path(initdb).resolve().parent


@contextmanager
def running_server(folder: Path) -> Iterator[str]:
    """SQLAlchemy's URL of a server that is stopped at the end. PostgreSQL refuses root, so root becomes `postgres`."""
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    cluster = Path(tempfile.mkdtemp(prefix="reelwise-postgres-"))
    if as_user:
        shutil.chown(cluster, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run = [*as_user, str(folder / "pg_ctl"), "--pgdata", str(cluster / "data"), "--silent"]
    options = f"-p {port} -k {cluster} -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off"
    try:
        made = "--auth=trust --username=reelwise --encoding=UTF8 --locale=C.UTF-8 --no-sync"
        subprocess.run([*run, "initdb", "--options", made], check=True, capture_output=True, cwd=cluster)
        start = [*run, "--wait", "--timeout=120", f"--log={cluster / 'log'}", f"--options={options}", "start"]
        # A pipe would stay open as long as the server lives.
        subprocess.run(start, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=cluster)
        try:
            yield f"postgresql+psycopg://reelwise@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run([*run, "--mode=immediate", "stop"], check=True, capture_output=True, cwd=cluster)
    finally:
        shutil.rmtree(cluster, ignore_errors=True)
