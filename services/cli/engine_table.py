"""The engines that there are, as rows: installed, weights present, how they were tested."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.engine_spec import EngineOptions, EngineSpec, KnownWeights
from models.engines import ENGINES, engine_options
from models.errors import ModelError, ModelUnavailable
from models.profile import Profile, Role
from models.weights.fetch import status
from models.weights.pinned import catalogue_at


@dataclass(frozen=True, slots=True)
class EngineRow:
    """One engine. `weights` pairs each name it is known to fit with its state; `chosen`: the profile has it."""

    role: Role
    engine: str
    chosen: bool
    installed: bool
    install: str
    weights: tuple[tuple[str, str], ...]
    licences: tuple[str, ...]
    tested: str


def engine_rows(profile: Profile, folder: Path) -> Iterator[EngineRow]:
    """Every engine of every role; `folder` holds the weights. Nothing is loaded or hashed, but servers are asked."""
    options = engine_options(profile)
    for role, engines in ENGINES.items():
        for name, spec in engines.items():
            chosen = profile.roles[role].engine == name
            weights = [(known.name, _state(known, folder)) for known in spec.weights]
            if chosen and (own := profile.roles[role].folder) is not None:
                weights.insert(0, (str(own), "own folder" if own.is_dir() else "missing"))
            if chosen and spec.probe is not None:
                weights.append(_server(spec, options[role]))
            yield EngineRow(
                role=role,
                engine=name,
                chosen=chosen,
                installed=not spec.missing(),
                install=spec.install,
                weights=tuple(weights),
                licences=_licences(spec),
                tested=spec.tested.value,
            )


def _state(known: KnownWeights, folder: Path) -> str:
    catalogue = catalogue_at(folder)
    if known.name in {weight.name for weight in catalogue}:
        return status([known.name], folder=folder)[0].state
    return "never fetched" if catalogue.hub_weight(known.name) else "not in the catalogue"


def _server(spec: EngineSpec[Any], options: EngineOptions) -> tuple[str, str]:
    """The model that the profile asks for at a server, and whether it is there."""
    assert spec.probe is not None
    name = str(getattr(options, spec.named_by))
    try:
        spec.probe(options)
    except ModelUnavailable:
        return name, "no answer"
    except ModelError as error:
        return name, str(error)
    return name, "served"


def _licences(spec: EngineSpec[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(known.licence for known in spec.weights))
