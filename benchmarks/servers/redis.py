"""A Redis server that keeps nothing on disk, and what waiting for any server takes."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

_PATIENCE_S = 120.0


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until the process listens. Raises `RuntimeError` when it ended, or did not within two minutes."""
    ends = time.monotonic() + _PATIENCE_S
    while time.monotonic() < ends:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listened on port {port} after {_PATIENCE_S} s")


@contextmanager
def running_redis(command: str) -> Iterator[str]:
    """The URL of a server that `command` (`redis-server`) starts."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="reelwise-redis-") as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder]
        process = subprocess.Popen([command, *options], stdout=subprocess.DEVNULL)
        try:
            wait_for_port(port, process)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(30)
