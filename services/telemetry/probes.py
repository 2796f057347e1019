"""Checks of the parts that requests need, each with a time limit, all at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.library.index.port import Collection
from services.library.library import Library
from services.settings import Settings
from services.telemetry.redaction import redacted

_NO_POINT = "00000000-0000-0000-0000-000000000000"
_NO_VIDEO = "0" * 32

_KEPT_S = 1.0
"""For how long an answer stands, seconds: a hundred balancers that ask cost as much as one."""


@dataclass(frozen=True, slots=True)
class Probe:
    """`check` returns when all is well and raises what is wrong; `remedy` says what a person can do."""

    check: Callable[[], object]
    remedy: str


@dataclass(frozen=True, slots=True)
class Finding:
    """`problem` None: all is well. `seconds` is how long the part took to say so."""

    problem: str | None
    remedy: str | None
    seconds: float


class Probes:
    """Runs probes in threads of its own. One that hangs keeps its one thread, and is not started again meanwhile."""

    def __init__(self, probes: Mapping[str, Probe], *, timeout_s: float) -> None:
        self._probes = probes
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._runs: dict[str, _Run] = {}
        self._at = float("-inf")
        self._found: dict[str, Finding] = {}

    def findings(self) -> dict[str, Finding]:
        """One for each probe, within the time limit."""
        with self._lock:
            if time.monotonic() - self._at < _KEPT_S:
                return self._found
            for name, probe in self._probes.items():
                if name not in self._runs or self._runs[name].over.is_set():
                    self._runs[name] = _Run(probe)
            ends = time.monotonic() + self._timeout_s
            for run in self._runs.values():
                run.over.wait(max(0.0, ends - time.monotonic()))
            self._found = {name: run.finding() for name, run in self._runs.items()}
            self._at = time.monotonic()
            return self._found


class _Run:
    """A probe under way, in a thread that the process need not wait for when it ends."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._error: Exception | None = None
        self._started = time.perf_counter()
        self._seconds = 0.0
        self.over = threading.Event()
        threading.Thread(target=self._run, name="probe", daemon=True).start()

    def finding(self) -> Finding:
        if not self.over.is_set():
            waited = time.perf_counter() - self._started
            return Finding(f"no answer for {waited:.1f} s", self._probe.remedy, waited)
        if self._error is None:
            return Finding(None, None, self._seconds)
        return Finding(redacted(str(self._error)) or type(self._error).__name__, self._probe.remedy, self._seconds)

    def _run(self) -> None:
        try:
            self._probe.check()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            self._error = error
        self._seconds = time.perf_counter() - self._started
        self.over.set()


def library_probes(library: Library) -> dict[str, Probe]:
    """The record, the blob store and the index: each is asked for something cheap."""
    return {
        "record": Probe(
            lambda: library.record.video(_NO_VIDEO), "Start the database, or correct REELWISE_DATABASE_URL."
        ),
        "blobs": Probe(library.blobs.check, "Mount or start the store, or correct REELWISE_BLOB_URL."),
        "index": Probe(
            lambda: library.index.retrieve(Collection.VIDEOS, [_NO_POINT], fields=()),
            "Start Qdrant, or correct REELWISE_INDEX_URL and REELWISE_INDEX_API_KEY.",
        ),
    }


def broker_probe(settings: Settings) -> Probe:
    """Whether the broker takes a connection."""

    def check() -> None:
        from kombu.connection import Connection  # an API over no broker needs none of it

        with Connection(settings.broker_url, connect_timeout=settings.ready_timeout_s) as connection:
            connection.ensure_connection(max_retries=1, timeout=settings.ready_timeout_s)

    return Probe(check, "Start the broker, or correct REELWISE_BROKER_URL; what is due stays in the record meanwhile.")
