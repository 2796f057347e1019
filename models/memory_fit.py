"""What engines take against what there is, as a sum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from models.devices import Gpu
from models.engine_spec import CUDA, GIB, Memory
from models.machine import HostMemory
from models.profile import Role

PROCESS = GIB // 4
"""What a process takes before it loads an engine: Python, and the libraries that all of them share."""


@dataclass(frozen=True, slots=True)
class Need:
    """What one role takes. `gpu` is the GPU's number, None on the host; `known`: the size of its weights is known."""

    role: Role
    engine: str
    weights: str
    memory: Memory
    gpu: int | None
    known: bool

    def __str__(self) -> str:
        where = f"{gib(self.memory.gpu)} on GPU {self.gpu}" if self.gpu is not None else gib(self.memory.host)
        unknown = "" if self.known else ", and its weights, whose size is not known"
        return f"{self.role} {where}{unknown} ({self.engine}{', ' + self.weights if self.weights else ''})"


@dataclass(frozen=True, slots=True)
class Fit:
    """What `processes` that each load these roles take, and what there is. `gpus` are only asked where one is used."""

    needs: tuple[Need, ...]
    processes: int
    host: HostMemory
    gpus: tuple[Gpu, ...]
    gpu_limit: int | None = None

    @property
    def host_bytes(self) -> int:
        """Host memory of all processes. What CUDA takes of it counts once in each."""
        here = sum(need.memory.host for need in self.needs if need.gpu is None)
        return self.processes * (PROCESS + here + (CUDA.host if self._on() else 0))

    def gpu_bytes(self, gpu: int) -> int:
        """Memory of a GPU that all processes take together; CUDA's context counts once in each."""
        there = [need.memory.gpu - CUDA.gpu for need in self.needs if need.gpu == gpu]
        return self.processes * (sum(there) + CUDA.gpu) if there else 0

    def gpu_room(self, gpu: int) -> int | None:
        """What is free on the GPU, None where nothing can be said of it."""
        free = self.gpus[gpu].free if gpu < len(self.gpus) else None
        rooms = [room for room in (free, self.gpu_limit) if room is not None]
        return min(rooms, default=None)

    def shortages(self) -> Iterator[str]:
        """What is too little, in words; nothing where all fits."""
        if self.host_bytes > self.host.bytes:
            yield f"{gib(self.host_bytes)} of host memory are needed and {self.host.source} is {gib(self.host.bytes)}"
        for gpu in sorted(self._on()):
            room = self.gpu_room(gpu)
            if room is not None and self.gpu_bytes(gpu) > room:
                yield f"{gib(self.gpu_bytes(gpu))} of GPU {gpu} are needed and {gib(room)} are free or allowed"

    @property
    def fits(self) -> bool:
        """Whether nothing is too little."""
        return not any(self.shortages())

    @property
    def sure(self) -> bool:
        """Whether it fits, and all is known: the weights' sizes, and the GPUs that are used."""
        return self.fits and all(need.known and (need.gpu is None or need.gpu < len(self.gpus)) for need in self.needs)

    def _on(self) -> set[int]:
        return {need.gpu for need in self.needs if need.gpu is not None}


def gib(size: int) -> str:
    """A size as a person reads it."""
    return f"{size / GIB:.1f} GiB"
