"""Brokers of the tests' own, on free loopback ports, with folders of their own, stopped by their ids at the end."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.servers.redis import free_port, running_redis, wait_for_port

_RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


@contextmanager
def redis_server() -> Iterator[str]:
    command = shutil.which("redis-server")
    if command is None:
        pytest.skip("redis-server is not installed (apt-get install redis-server)")
    with running_redis(command) as url:
        yield url


@contextmanager
def rabbitmq_server() -> Iterator[str]:
    """A node without plugins, with a name and a port mapper (epmd) of its own, so that it meets no other."""
    epmd = shutil.which("epmd")
    if not _RABBITMQ.exists() or epmd is None:
        pytest.skip("RabbitMQ is not installed (Debian: apt-get install rabbitmq-server)")
    folder = Path(tempfile.mkdtemp(prefix="reelwise-rabbitmq-"))
    port, names = free_port(), free_port()
    (folder / "enabled_plugins").write_text("[].\n")
    (folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\n")
    environment = os.environ | {
        "HOME": str(folder),
        "ERL_EPMD_PORT": str(names),
        "RABBITMQ_NODENAME": f"reelwise{port}@localhost",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 -kernel inet_dist_use_interface {127,0,0,1}",
    }
    mapper = subprocess.Popen([epmd, "-address", "127.0.0.1", "-port", str(names)], stderr=subprocess.DEVNULL)
    try:
        wait_for_port(names, mapper)
        with (folder / "out").open("wb") as output:
            node = subprocess.Popen([str(_RABBITMQ)], env=environment, cwd=folder, stdout=output, stderr=output)
        try:
            wait_for_port(port, node)
            yield f"amqp://guest:guest@127.0.0.1:{port}//"
        finally:
            node.terminate()
            node.wait(60)
    finally:
        mapper.terminate()
        mapper.wait(30)
        shutil.rmtree(folder, ignore_errors=True)
