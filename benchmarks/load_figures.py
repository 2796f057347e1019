"""The figures of `benchmarks.load`."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.load_client import Latency


@dataclass(frozen=True, slots=True)
class Alone:
    """CPU ms a video without a queue: of the API and PostgreSQL while `videos` were handed in, of one process and
    PostgreSQL while the lanes ran one after another.
    """

    videos: int
    api: float
    handing_in: float
    lanes: float
    lanes_postgres: float

    @property
    def whole(self) -> float:
        """All of it."""
        return self.api + self.handing_in + self.lanes + self.lanes_postgres


@dataclass(frozen=True, slots=True)
class Rate:
    """So many worker processes that always have something waiting. `videos` were handed in; the rate is that of the
    last `seconds`, without filling up. `cpu_ms` is a video's, by kind of process.
    """

    processes: int
    videos: int
    seconds: float
    per_s: float
    cpu_ms: dict[str, float]


@dataclass(frozen=True, slots=True)
class Throughput:
    """A rate, and the same work without a queue right before and right after: a machine's speed changes by the hour."""

    rate: Rate
    alone: tuple[Alone, Alone]

    @property
    def alone_ms(self) -> float:
        """CPU ms a video without a queue: the mean of both."""
        return sum(one.whole for one in self.alone) / len(self.alone)

    @property
    def queue_ms(self) -> float:
        """CPU ms a video that are the queue's own."""
        return sum(self.rate.cpu_ms.values()) - self.alone_ms


@dataclass(frozen=True, slots=True)
class Memory:
    """MiB resident at first and at last, and the slope per 1,000 videos (None: too few for one)."""

    first: float
    last: float
    per_1000: float | None


@dataclass(frozen=True, slots=True)
class Part:
    """A burst or a steady rate: `submitted` in `submit_s` seconds, of which `ready` were done after `seconds`."""

    processes: int
    submitted: int
    ready: int
    submit_s: float
    seconds: float
    per_s: float
    cpu_ms: dict[str, float]
    latency: dict[str, Latency]
    memory: dict[str, Memory]
    errors: dict[str, int]


@dataclass(frozen=True, slots=True)
class Load:
    """All figures. `waited_s`: seconds of a video that stages wait, by stage; `cores` of the machine."""

    cores: int
    threads: int
    waited_s: dict[str, float]
    scaling: tuple[Throughput, ...]
    burst: Part
    steady: Part
