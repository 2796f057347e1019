"""Whether a profile's engines fit into memory, told before anything is loaded; and what would fit if they don't."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from models.devices import Gpu, asked_device, gpus, runs_on_gpu
from models.engine_spec import EngineSpec
from models.engines import engine_options, engine_spec
from models.errors import DoesNotFit
from models.limits import RuntimeLimits
from models.machine import host_memory
from models.memory_fit import PROCESS, Fit, Need, gib
from models.memory_offers import changes_that_fit
from models.profile import Profile, Role, RoleSpec
from models.weights.catalogue import default_catalogue

_MAX_OFFERS = 6

AskGpus = Callable[[], Sequence[Gpu]]


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
    offers = changes_that_fit(profile, roles, lambda tried: fit(tried, roles, processes))[:_MAX_OFFERS]
    if processes > 1 and (most := next((n for n in range(processes - 1, 0, -1) if fit(profile, roles, n).fits), 0)):
        offers.insert(0, f"{most} process{'es' if most > 1 else ''} instead of {processes}")
    apart = {lane: fit(profile, of, 1) for lane, of in lanes.items()}
    if len(lanes) > 1 and all(one.fits for one in apart.values()):
        each = ", ".join(f"{lane} {gib(one.host_bytes)}" for lane, one in apart.items())
        offers.append(f"a worker of its own for each lane, on machines of their own ({each} of host memory)")
    would = "; ".join(offers) or "nothing that is known: take a larger machine, or another profile"
    each = "; ".join(str(need) for need in found.needs)
    times = f" in each of {processes} processes" if processes > 1 else ""
    raise DoesNotFit(
        f"profile {profile.name!r} does not fit: {'; '.join(found.shortages())}. Needed{times}: {each}; "
        f"{gib(PROCESS)} for the process itself. What would fit: {would}"
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
