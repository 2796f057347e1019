"""`python -m tests.faults.nursery`: imports everything once, then forks a `reelwise` command for every line it reads.

What a child runs is the command line as it is, in a process of its own; only the seconds of importing are saved.
Replaced are the models (`engines.py`), and behind the first write of a video to the index a fault may be put, where the
video's point is there and its moments are not.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from services.cli.main import app
from services.library.index.edge import EdgeIndex
from services.library.index.port import Collection
from services.library.index.server import ServerIndex
from tests.faults.engines import Faults, register


def load() -> None:
    """Import what the commands import when they need it."""
    import cv2  # noqa: F401
    import redis  # noqa: F401
    from celery.worker import WorkController  # noqa: F401

    import services.api.app
    import services.cli.scaled  # noqa: F401
    import workers.launcher
    import workers.standalone
    import workers.training.collaborative  # noqa: F401


def put_a_door_into(kind: type[EdgeIndex] | type[ServerIndex]) -> None:
    upsert = kind.upsert

    def half(self: Any, collection: Collection, points: Any) -> None:
        upsert(self, collection, points)
        if collection is Collection.VIDEOS:
            Faults(Path(os.environ["FAULTS"])).pass_by("index")

    kind.upsert = half  # type: ignore[assignment]


def run(arguments: list[str], environment: dict[str, str], log: str) -> None:
    """In the child: become the command."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, descriptor), (2, descriptor)):
        os.dup2(source, target)
    os.environ.update(environment)
    status = 1
    try:
        app(arguments, standalone_mode=True)
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    finally:
        # As an interpreter ends: threads first, then what has registered itself.
        import threading

        threading._shutdown()  # type: ignore[attr-defined]
        import atexit

        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def main() -> None:
    """Answer each line of input with one of output, until there is no more; then nothing that was started is left."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal; the tests end what they started
    register()
    load()
    put_a_door_into(EdgeIndex)
    put_a_door_into(ServerIndex)
    children: set[int] = set()
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if "start" in asked:
            pid = os.fork()
            if pid == 0:
                run(asked["start"], asked["environment"], asked["log"])
            children.add(pid)
            print(pid, flush=True)
        else:
            pid, status = os.waitpid(asked["ended"], os.WNOHANG)
            children.discard(pid)
            print("null" if pid == 0 else os.waitstatus_to_exitcode(status), flush=True)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
