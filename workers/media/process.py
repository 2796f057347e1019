"""One decoder process as its parent sees it: start, ask, watch, kill."""

from __future__ import annotations

import json
import os
import queue
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from workers.media.errors import DecoderUnavailableError, MediaCrashed, MediaRejected
from workers.media.types import MediaLimits, PreparedMedia

_START_TIMEOUT_S = 60.0
_WATCH_EVERY_S = 0.1
_STDERR_LINES = 40
_END = None


class DecoderProcess:
    """A child that decodes one file at a time. Not for several threads at once; `DecoderPool` sees to that."""

    def __init__(self) -> None:
        root = str(Path(__file__).resolve().parents[2])
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "workers.media.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            encoding="utf-8",
            errors="replace",
        )
        self._answers: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._stderr: deque[str] = deque(maxlen=_STDERR_LINES)
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers = (
            _start(_forward, self._process.stdout, self._answers),
            _start(_remember, self._process.stderr, self._stderr),
        )
        self.files = 0
        self.idle = True
        self._await_hello()
        self.resident_at_start = self.resident_bytes()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the child runs."""
        return self._process.poll() is None

    def resident_bytes(self) -> int:
        """Memory the child has in use; 0 where the system doesn't say (no /proc) or the child is gone."""
        try:
            fields = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()
        except (FileNotFoundError, ProcessLookupError):
            return 0
        return int(fields[1]) * resource.getpagesize()

    def prepare(
        self, path: Path, out: Path, limits: MediaLimits, on_progress: Callable[[float], None] | None
    ) -> PreparedMedia:
        """Have the child run `prepare_media`. Raises what it raised, or MediaCrashed; the child may be dead then."""
        self.files += 1
        self.idle = False
        before = self.resident_bytes()
        deadline = time.monotonic() + limits.timeout_s
        job = {"path": str(path.absolute()), "out": str(out.absolute()), "limits": asdict(limits)}
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._crashed() from None
        while True:
            answer = self._next_answer(deadline, limits, before)
            if "progress" not in answer:
                self.idle = True
                return _result(answer)
            if on_progress is not None:
                on_progress(float(answer["progress"]))

    def kill(self) -> None:
        """End the child, whatever it does, and wait until it is gone."""
        if self.alive:
            self._process.kill()
        self._process.wait()
        for reader in self._readers:
            reader.join(timeout=1.0)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                _close(pipe)

    def _next_answer(self, deadline: float, limits: MediaLimits, before: int) -> dict[str, Any]:
        while True:
            try:
                line = self._answers.get(timeout=_WATCH_EVERY_S)
            except queue.Empty:
                line = ""
            if line is _END:
                raise self._crashed()
            answer: dict[str, Any] = json.loads(line) if line else {"progress": None}
            if "progress" not in answer:
                return answer
            # A child that keeps reporting progress may be over time or too large all the same.
            self._check_limits(limits, deadline, before)
            if line:
                return answer

    def _check_limits(self, limits: MediaLimits, deadline: float, before: int) -> None:
        if time.monotonic() > deadline:
            self.kill()
            raise MediaCrashed(
                f"Decoding the file took longer than {limits.timeout_s:g} seconds and was stopped (setting "
                "decode_timeout_s)."
            )
        if self.resident_bytes() - before > limits.memory_bytes:
            self.kill()
            raise MediaCrashed(
                f"Decoding the file needed more than {limits.memory_bytes / 2**20:.0f} MiB of memory and was stopped "
                "(setting decode_memory_bytes)."
            )

    def _crashed(self) -> MediaCrashed:
        self.kill()
        code = self._process.returncode
        how = f"signal {_signal_name(-code)}" if code < 0 else f"exit status {code}"
        return MediaCrashed(f"The decoder crashed on the file ({how}): the file is damaged in a way it can't handle.")

    def _await_hello(self) -> None:
        try:
            line = self._answers.get(timeout=_START_TIMEOUT_S)
        except queue.Empty:
            line = _END
        if line is _END or "hello" not in json.loads(line):
            self.kill()
            raise DecoderUnavailableError(
                f"The decoder process ({sys.executable} -m workers.media.child) does not start: "
                f"{' '.join(self._stderr) or 'it said nothing'}. Check the installation."
            )


def _result(answer: dict[str, Any]) -> PreparedMedia:
    if "prepared" in answer:
        return PreparedMedia.from_json(answer["prepared"])
    if "rejected" in answer:
        raise MediaRejected(answer["rejected"])
    if "memory" in answer:
        raise MediaCrashed(f"Decoding the file was stopped: {answer['memory']} (setting decode_memory_bytes).")
    raise DecoderUnavailableError(f"The decoder failed: {answer['failed']}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def _start(target: Callable[..., None], *args: Any) -> threading.Thread:
    thread = threading.Thread(target=target, args=args, daemon=True)
    thread.start()
    return thread


def _forward(pipe: IO[str], answers: queue.SimpleQueue[str | None]) -> None:
    for line in pipe:
        answers.put(line)
    answers.put(_END)


def _remember(pipe: IO[str], lines: deque[str]) -> None:
    for line in pipe:
        lines.append(line.rstrip())


def _close(pipe: IO[str]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        return  # Unsent bytes of a job for a child that is gone.
