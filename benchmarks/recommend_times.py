"""What was measured of recommendations' latency, and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of one kind of request, over `count` of them."""

    count: int
    p50: float
    p95: float
    p99: float
    most: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Times:
        """From durations in seconds."""
        ms = np.array(seconds) * 1000
        p50, p95, p99 = (float(np.quantile(ms, share)) for share in (0.5, 0.95, 0.99))
        return cls(len(ms), round(p50, 2), round(p95, 2), round(p99, 2), round(float(ms.max()), 2))


@dataclass(frozen=True, slots=True)
class Latency:
    """What was measured at one size."""

    videos: int
    events: int
    recommendation: Times
    recommendation_first: Times
    busy_viewer: Times
    unknown_viewer: Times
    search: Times
    naive: Times
    naive_ratio: float
    cpu_ms: float
    per_second: dict[str, float]
    rss_mib: float
    index_mib: float
    record_mib: float
    build_s: float
    warm_s: float
    left_out: int


def print_latency(console: Console, results: Sequence[Latency]) -> None:
    """The figures as a table."""
    table = Table(title="Latency, milliseconds (p50 / p99)")
    for column in ("", *(f"{one.videos:,} videos" for one in results)):
        table.add_column(column, justify="right" if column else "left")
    names = {
        "recommendation": "recommendation, warm",
        "recommendation_first": "recommendation, first 20",
        "busy_viewer": "viewer with very many events",
        "unknown_viewer": "unknown viewer",
        "search": "search, query embedded",
        "naive": "naive: nothing kept",
    }
    for field, name in names.items():
        times = [getattr(one, field) for one in results]
        table.add_row(name, *(f"{one.p50:.1f} / {one.p99:.1f}" for one in times))
    table.add_row("processor time of a recommendation", *(f"{one.cpu_ms:.1f}" for one in results))
    table.add_row("naive over warm, p50", *(f"{one.naive_ratio:.1f}x" for one in results))
    for threads in results[0].per_second:
        table.add_row(f"requests a second, {threads} at once", *(f"{one.per_second[threads]:.1f}" for one in results))
    table.add_row("memory of the process, MiB", *(f"{one.rss_mib:,.0f}" for one in results))
    table.add_row("index / record on disk, MiB", *(f"{one.index_mib:,.0f} / {one.record_mib:,.0f}" for one in results))
    table.add_row("reading the catalogue ahead, s", *(f"{one.warm_s:.1f}" for one in results))
    table.add_row("sources that were left out", *(str(one.left_out) for one in results))
    console.print(table)
