"""How much memory this process may take: what the machine has, and what its container allows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_UNLIMITED = 1 << 60
"""Version 1 of control groups says "no limit" by a number near 2^63."""


@dataclass(frozen=True, slots=True)
class HostMemory:
    """Bytes, and what sets them, in words."""

    bytes: int
    source: str


def host_memory(limit: int | None = None, root: Path = Path("/")) -> HostMemory:
    """The least of the machine's memory, its control groups' limits, and `limit` (REELWISE_MEMORY_LIMIT_BYTES).

    `root` is where /proc and /sys are.
    """
    found = [HostMemory(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), "this machine's memory")]
    found += [HostMemory(size, "the container's limit (cgroup)") for size in _cgroup_limits(root)]
    if limit is not None:
        found.append(HostMemory(limit, "REELWISE_MEMORY_LIMIT_BYTES"))
    return min(found, key=lambda one: one.bytes)


def _cgroup_limits(root: Path) -> Iterator[int]:
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="ascii").splitlines()
    except OSError:
        return
    mount = root / "sys/fs/cgroup"
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            yield from _upwards(mount, path, "memory.max")
        elif "memory" in controllers.split(","):
            yield from _upwards(mount / "memory", path, "memory.limit_in_bytes")


def _upwards(mount: Path, path: str, name: str) -> Iterator[int]:
    """Limits of the group and all above it. In a container the path may be the host's: then the mount is the group."""
    group = mount / path.lstrip("/")
    for folder in (group, *group.parents):
        try:
            said = (folder / name).read_text(encoding="ascii").strip()
        except OSError:
            said = "max"
        if said != "max" and int(said) < _UNLIMITED:
            yield int(said)
        if folder == mount:
            return
