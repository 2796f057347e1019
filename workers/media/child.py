"""The decoder process: reads jobs from standard input, answers on standard output, one JSON object a line.

A job is `{"path", "out", "limits": {...}}`. Answers are `{"progress": 0..1}` while it runs, then one of
`{"prepared": "<PreparedMedia as JSON>"}`, `{"rejected": reason}`, `{"memory": reason}` or `{"failed": reason}`.
The process ends when its standard input does, that is, when its parent is gone. Run as `python -m workers.media.child`.
"""

from __future__ import annotations

import faulthandler
import json
import os
import queue
import resource
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, TextIO

from workers.media.errors import MediaRejected
from workers.media.prepare import prepare_media
from workers.media.types import MediaLimits

# Thread stacks, allocator arenas and mapped files take address space that never becomes memory in use. The parent
# watches what is in use; this ceiling is for one allocation that is too large to wait for.
_ADDRESS_SPACE_SLACK = 2 * 1024**3


def main() -> None:
    """Serve jobs until standard input ends."""
    faulthandler.enable()
    # Whatever a library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    jobs: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read_jobs, args=(jobs,), daemon=True).start()
    _answer(answers, {"hello": os.getpid()})
    while True:
        _answer(answers, _run(jobs.get(), answers))


def _read_jobs(jobs: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        jobs.put(json.loads(line))
    # The parent is gone: nobody wants the rest, and the main thread may be deep inside a decoder.
    os._exit(0)


def _run(job: dict[str, Any], answers: TextIO) -> dict[str, Any]:
    limits = MediaLimits(**job["limits"])
    _limit_address_space(limits.memory_bytes)
    try:
        prepared = prepare_media(
            Path(job["path"]), Path(job["out"]), limits, lambda share: _answer(answers, {"progress": share})
        )
    except MediaRejected as error:
        return {"rejected": error.reason}
    except MemoryError:
        return {"memory": "the decoder asked for more memory than the limit allows"}
    except Exception as error:  # noqa: BLE001 - the process boundary: the parent raises it again, with this text
        traceback.print_exc()
        return {"failed": f"{type(error).__name__}: {error}"}
    return {"prepared": prepared.to_json()}


def _limit_address_space(growth: int) -> None:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except FileNotFoundError:
        return  # Not Linux: the operating system's own limits have to do.
    ceiling = pages * resource.getpagesize() + growth + _ADDRESS_SPACE_SLACK
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        ceiling = min(ceiling, hard)
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, hard))


def _answer(answers: TextIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")


if __name__ == "__main__":
    main()
