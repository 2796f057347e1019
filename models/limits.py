"""How a process may use its engines: batching, idle time, memory. An operator's settings, as the runtime takes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from models.batching import BatchLimits
from models.profile import Role


@dataclass(frozen=True, slots=True)
class RuntimeLimits:
    """`batching` "auto" joins concurrent calls where the engine says so (`EngineSpec.groups`); "on" and "off" always.

    An engine that nobody called for `idle_ttl_s` seconds is unloaded (0: never), but for the `pinned` roles.
    `host_bytes` and `gpu_bytes` are what engines may take in all; None: what the machine has.
    """

    batching: Literal["auto", "on", "off"] = "auto"
    batch: BatchLimits = field(default_factory=BatchLimits)
    idle_ttl_s: float = 0.0
    pinned: frozenset[Role] = frozenset()
    host_bytes: int | None = None
    gpu_bytes: int | None = None
