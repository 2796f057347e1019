"""What a process and its children took, by /proc (Linux)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def cpu_seconds(root: int) -> float:
    """Processor time of the process, of its children that live, and of those that ended and were waited for."""
    ticks = 0
    for pid in _tree(root):
        try:
            # The name of the program may hold spaces and brackets; what follows the last one is numbers.
            fields = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_bytes(root: int) -> int:
    """Resident memory of the process and of its children and their children; shared pages count in each."""
    page = os.sysconf("SC_PAGE_SIZE")
    total = 0
    for pid in _tree(root):
        try:
            total += int((Path("/proc") / str(pid) / "statm").read_text().split()[1]) * page
        except OSError:
            continue
    return total


def parent_of(pid: int) -> int:
    """Who started the process."""
    return int((Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])


def _tree(root: int) -> Iterator[int]:
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        yield pid
        for listed in (Path("/proc") / str(pid) / "task").glob("*/children"):
            try:
                waiting += [int(child) for child in listed.read_text().split()]
            except OSError:
                continue
