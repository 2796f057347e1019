"""Whether a profile's engines fit into memory, told before anything is loaded; and what would fit if they don't."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from models.devices import Gpu, asked_device, gpus, runs_on_gpu
from models.engine_spec import CUDA, GIB, EngineSpec, KnownWeights, Memory
from models.engines import ENGINES, engine_options, engine_spec
from models.errors import DoesNotFit
from models.limits import RuntimeLimits
from models.machine import HostMemory, host_memory
from models.profile import Profile, Role, RoleSpec
from models.weights.catalogue import default_catalogue

PROCESS = GIB // 4
"""What a process takes before it loads an engine: Python, and the libraries that all of them share."""

_MAX_OFFERS = 6

AskGpus = Callable[[], Sequence[Gpu]]


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
        where = f"{_gib(self.memory.gpu)} on GPU {self.gpu}" if self.gpu is not None else _gib(self.memory.host)
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
            yield f"{_gib(self.host_bytes)} of host memory are needed and {self.host.source} is {_gib(self.host.bytes)}"
        for gpu in sorted(self._on()):
            room = self.gpu_room(gpu)
            if room is not None and self.gpu_bytes(gpu) > room:
                yield f"{_gib(self.gpu_bytes(gpu))} of GPU {gpu} are needed and {_gib(room)} are free or allowed"

    @property
    def fits(self) -> bool:
        """Whether nothing is too little."""
        return not any(self.shortages())

    def _on(self) -> set[int]:
        return {need.gpu for need in self.needs if need.gpu is not None}


def check_fit(
    profile: Profile,
    limits: RuntimeLimits,
    *,
    lanes: Mapping[str, frozenset[Role]],
    processes: int = 1,
    ask_gpus: AskGpus = gpus,
) -> Fit:
    """What the roles of the lanes take in `processes`. Nothing is loaded, and no GPU touched by this process.

    Raises `DoesNotFit` naming what each role needs and what would fit: other weights, another device, fewer processes,
    or the lanes in workers of their own.
    """
    asked = cache(lambda: tuple(ask_gpus()))
    roles = frozenset[Role]().union(*lanes.values())
    host = host_memory(limits.host_bytes)

    def fit(tried: Profile, served: frozenset[Role], copies: int) -> Fit:
        needs = tuple(_needs(tried, served, asked))
        seen = asked() if any(need.gpu is not None for need in needs) else ()
        return Fit(needs, copies, host, seen, limits.gpu_bytes)

    found = fit(profile, roles, processes)
    if found.fits:
        return found
    offers = [*_smaller(profile, roles, processes, fit)][:_MAX_OFFERS]
    if processes > 1 and (most := next((n for n in range(processes - 1, 0, -1) if fit(profile, roles, n).fits), 0)):
        offers.insert(0, f"{most} process{'es' if most > 1 else ''} instead of {processes}")
    apart = {lane: fit(profile, of, 1) for lane, of in lanes.items()}
    if len(lanes) > 1 and all(one.fits for one in apart.values()):
        each = ", ".join(f"{lane} {_gib(one.host_bytes)}" for lane, one in apart.items())
        offers.append(f"a worker of its own for each lane, on machines of their own ({each} of host memory)")
    would = "; ".join(offers) or "nothing that is known: take a larger machine, or another profile"
    each = "; ".join(str(need) for need in found.needs)
    times = f" in each of {processes} processes" if processes > 1 else ""
    raise DoesNotFit(
        f"profile {profile.name!r} does not fit: {'; '.join(found.shortages())}. Needed{times}: {each}; "
        f"{_gib(PROCESS)} for the process itself. What would fit: {would}"
    )


def _needs(profile: Profile, roles: frozenset[Role], asked: AskGpus) -> Iterator[Need]:
    options = engine_options(profile)
    through_text = any(engine_spec(role, profile.roles[role].engine).in_text_space for role in roles)
    for role in Role:
        if role not in roles and not (through_text and role is Role.TEXT):
            continue
        given = profile.roles[role]
        spec = engine_spec(role, given.engine)
        device = asked_device(spec, options[role])
        on_gpu = runs_on_gpu(spec, options[role], there=device == "auto" and bool(asked()))
        size = weights_bytes(spec, given)
        yield Need(
            role=role,
            engine=given.engine,
            weights=(given.folder.name if given.folder else given.weights) or "",
            memory=spec.memory(size or 0, on_gpu),
            gpu=_number(device, options[role]) if on_gpu else None,
            known=size is not None,
        )


def weights_bytes(spec: EngineSpec[Any], given: RoleSpec) -> int | None:
    """Bytes of the weights' files, 0 for an engine that needs none, None where nobody knows yet."""
    if given.weights is None:
        return 0
    if given.folder is not None:
        return _files(given.folder)
    catalogue = default_catalogue()
    catalogued = {weight.name: weight.size for weight in (*catalogue.hub, *catalogue)}
    return catalogued.get(given.weights) or next((w.bytes for w in spec.weights if w.name == given.weights), None)


def _files(folder: Path) -> int | None:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else None


def _number(device: str, options: Any) -> int:
    _, _, number = device.partition(":")
    return int(number) if number else int(getattr(options, "gpu", 0))


def _smaller(
    profile: Profile, roles: frozenset[Role], processes: int, fit: Callable[[Profile, frozenset[Role], int], Fit]
) -> Iterator[str]:
    """Single changes of the profile with which it fits, in words; those of the same engine first."""
    for role in (role for role in Role if role in roles):
        given = profile.roles[role]
        options = dict(given.options)
        spec = engine_spec(role, given.engine)
        for device in ("cpu", "cuda") if spec.uses_gpu else ():
            moved = given.model_copy(update={"options": options | {"device": device}})
            if options.get("device") != device and _on_gpu_there(device, fit, profile, role, moved, roles, processes):
                yield f"{role} with the option device: {device}"
        for engine, other in sorted(ENGINES[role].items(), key=lambda pair: pair[0] != given.engine):
            for known in other.weights or (KnownWeights("", "", 0),):
                if known.bytes is None or (engine, known.name or None) == (given.engine, given.weights):
                    continue
                kept = options if engine == given.engine else {}
                changed = given.model_copy(update={"engine": engine, "weights": known.name or None, "options": kept})
                if fit(_changed(profile, role, changed), roles, processes).fits:
                    yield f"{role} by {engine}" + (f" with {known.name}" if known.name else "")


def _on_gpu_there(
    device: str,
    fit: Callable[[Profile, frozenset[Role], int], Fit],
    profile: Profile,
    role: Role,
    moved: RoleSpec,
    roles: frozenset[Role],
    processes: int,
) -> bool:
    found = fit(_changed(profile, role, moved), roles, processes)
    return found.fits and (device == "cpu" or bool(found.gpus))


def _changed(profile: Profile, role: Role, spec: RoleSpec) -> Profile:
    return profile.model_copy(update={"roles": {**profile.roles, role: spec}})


def _gib(size: int) -> str:
    return f"{size / GIB:.1f} GiB"
