"""Those who use the fleet of `benchmarks.load`: submitters, readers, and who watches memory and progress."""

from __future__ import annotations

import random
import struct
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import numpy as np

_SUBMITTERS = 4
_READERS = 4
_READS_PER_S = 5.0
"""Requests that a reader sends in a second."""

ROUTES = ("/v1/videos/{id}", "/v1/videos/{id}/understanding", "/v1/videos", "/v1/taxonomy")


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of requests of one kind."""

    count: int
    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, seconds: list[float]) -> Latency | None:
        """From durations in seconds; None for none."""
        if not seconds:
            return None
        p50, p95, p99 = (round(1000 * float(np.quantile(seconds, share)), 1) for share in (0.5, 0.95, 0.99))
        return cls(len(seconds), p50, p95, p99)


class Client:
    """Talks to one API. Videos are the given MP4 file with another `free` box each (ISO/IEC 14496-12, 8.1.2)."""

    def __init__(self, url: str, video: bytes) -> None:
        limits = httpx.Limits(max_connections=_SUBMITTERS + _READERS + 2)
        self._http = httpx.Client(base_url=url, timeout=120.0, trust_env=False, limits=limits)
        self._video = video
        self._lock = threading.Lock()
        self._number = 0
        self.ids: list[str] = []
        self.held_back = 0
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.errors: Counter[str] = Counter()

    def submit(self, count: int, *, per_s: float | None, until: float) -> int:
        """Hand in `count` new videos, as fast as they are taken or `per_s`; stops at `until` (monotonic). How many."""
        began = time.monotonic()

        def one(number: int) -> bool:
            at = time.monotonic() if per_s is None else began + number / per_s
            if max(at, time.monotonic()) > until:
                return False
            time.sleep(max(0.0, at - time.monotonic()))
            return self._submit(until)

        with ThreadPoolExecutor(_SUBMITTERS) as pool:
            return sum(pool.map(one, range(count)))

    def _submit(self, until: float) -> bool:
        with self._lock:
            self._number += 1
            number = self._number
        name = f"load {number} {random.random()}"
        content = self._video + struct.pack(">I4s", 8 + len(name), b"free") + name.encode()
        fields = {"title": f"Made-up clip {number}", "creator": f"creator-{number % 100}", "hashtags": "load,测试"}
        while True:
            began = time.monotonic()
            answer = self._http.post("/v1/videos", files={"file": ("clip.mp4", content)}, data=fields)
            if answer.status_code != 429:
                break
            self.held_back += 1
            pause_s = float(answer.headers.get("Retry-After", "1"))
            if time.monotonic() + pause_s > until:
                return False
            time.sleep(pause_s)
        self.seconds["POST /v1/videos"].append(time.monotonic() - began)
        answer.raise_for_status()
        self.ids.append(answer.json()["id"])
        return True

    def counts(self) -> Counter[str]:
        """Videos by state, as the API tells."""
        answer = self._http.get("/v1/videos", params={"limit": 1})
        answer.raise_for_status()
        return Counter(answer.json()["counts"])

    def wait(self, ready: int, *, until: float) -> bool:
        """Until so many are ready; False when the time is up before."""
        while True:
            counts = self.counts()
            if counts["failed"] or counts["rejected"]:
                raise RuntimeError(f"videos did not end ready: {dict(counts)}")
            if counts["ready"] >= ready:
                return True
            if time.monotonic() > until:
                return False
            time.sleep(0.2)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Readers ask for videos, documents, pages and the taxonomy at a steady rate until the block ends."""
        stop = threading.Event()
        readers = [threading.Thread(target=self._read, args=(stop, number), daemon=True) for number in range(_READERS)]
        for reader in readers:
            reader.start()
        try:
            yield
        finally:
            stop.set()
            for reader in readers:
                reader.join()

    def _read(self, stop: threading.Event, seed: int) -> None:
        chance = random.Random(seed)
        while not stop.wait(1 / _READS_PER_S):
            if not self.ids:
                continue
            route = chance.choice(ROUTES)
            began = time.monotonic()
            answer = self._http.get(route.format(id=chance.choice(self.ids)))
            self.seconds[f"GET {route}"].append(time.monotonic() - began)
            # A document of a video that is still on its way is answered with 409: an answer like any other.
            if answer.status_code not in (200, 409):
                self.errors[f"{answer.status_code} {route}"] += 1

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


class Watch:
    """Samples (videos done, MiB by kind of process) every `every_s` seconds."""

    def __init__(self, done: Callable[[], int], resident: Callable[[], dict[str, float]], every_s: float = 1.0) -> None:
        self._done, self._resident, self._every_s = done, resident, every_s
        self._samples: list[tuple[int, dict[str, float]]] = []

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Sample until the block ends."""
        stop = threading.Event()

        def run() -> None:
            while not stop.wait(self._every_s):
                self._samples.append((self._done(), self._resident()))

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def growth(self, kind: str) -> tuple[float, float, float | None]:
        """(MiB at first, MiB at last, MiB per 1,000 videos by least squares after the first quarter of the videos)."""
        points = [(done, mib[kind]) for done, mib in self._samples]
        if not points:
            return 0.0, 0.0, None
        last = max(done for done, _ in points)
        warm = [(done, mib) for done, mib in points if done >= last / 4]
        if len({done for done, _ in warm}) < 3:
            return points[0][1], points[-1][1], None
        done, mib = np.array(warm).T
        return points[0][1], points[-1][1], 1000 * float(np.polyfit(done, mib, 1)[0])
