"""A worker of one made-up lane for the tests of brokers: `python -m tests.workers.broker_task LOG WORK`.

It writes a line to LOG for each message that it takes up. WORK is `hang` (for ever, to be killed) or `end`.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from services.library.record.store import Record
from services.library.record.types import Advanced, Lane, Window
from services.settings import Settings
from workers.app import create_app, queue_name


class Writes:
    def __init__(self, log: Path, work: str) -> None:
        self._log = log
        self._work = work
        self.record = Record.open(f"sqlite:///{log.with_suffix('.db')}")  # in which nothing is due

    def run(self, video_id: str, lane: Lane, window: Window | None = None) -> Advanced | None:
        with self._log.open("a") as log:
            log.write(f"{self._work} {video_id} {lane}\n")
        while self._work == "hang":
            time.sleep(0.1)
        return None


if __name__ == "__main__":
    settings = Settings()
    runner = Writes(Path(sys.argv[1]), sys.argv[2])
    app = create_app(settings, lambda: runner)
    app.Worker(
        pool="threads",
        concurrency=1,
        queues=[queue_name(settings, Lane.PREPARE)],
        hostname=f"{os.getpid()}@%h",
        without_gossip=True,
        without_mingle=True,
        loglevel="WARNING",
        quiet=True,
    ).start()
