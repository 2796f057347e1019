"""The sound engines there are. Imports are inside: a role that is not used costs nothing."""

from __future__ import annotations

from typing import Any

from models.engine_spec import BuildInputs, EngineLane, EngineSpec, NoOptions, Tested, takes


def _librosa(inputs: BuildInputs[NoOptions]) -> Any:
    from models.sound.librosa_profile import LibrosaProfile

    return LibrosaProfile(inputs.identity)


SOUND_ENGINES: dict[str, EngineSpec[Any]] = {
    "librosa-profile": EngineSpec(
        version=2,
        options=NoOptions,
        build=_librosa,
        lanes=frozenset({EngineLane.PERCEIVE}),
        memory=takes(cpu=1.0, gpu=None, working_gib=0.3),
        tested=Tested.REAL,
        modules=("librosa",),
        install="librosa",
    ),
}
