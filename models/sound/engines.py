"""The sound engines there are. Imports are inside: a role that is not used costs nothing."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from models.engine_spec import (
    BuildInputs,
    EngineLane,
    EngineSpec,
    Groups,
    KnownWeights,
    NoOptions,
    Tested,
    TorchOptions,
    takes,
)


class ClapOptions(TorchOptions):
    """`vocabulary` is a YAML file with names of events and music moods to listen for; empty: those that ship."""

    files: ClassVar[frozenset[str]] = frozenset({"vocabulary"})

    batch: int = Field(default=8, ge=1)
    vocabulary: str = ""


def _librosa(inputs: BuildInputs[NoOptions]) -> Any:
    from models.sound.librosa_profile import LibrosaProfile

    return LibrosaProfile(inputs.identity)


def _clap(inputs: BuildInputs[ClapOptions]) -> Any:
    from models.sound.clap import Clap

    return Clap(
        inputs.weights(),
        inputs.identity,
        inputs.options,
        cache=inputs.cache,
        threads=inputs.threads,
        grouping=inputs.grouping,
    )


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
    "clap": EngineSpec(
        version=1,
        options=ClapOptions,
        build=_clap,
        lanes=frozenset({EngineLane.PERCEIVE}),
        # Working memory as measured on the CPU with 8 windows (HTSAT-tiny, random weights).
        memory=takes(cpu=1.0, gpu=0.5, working_gib=2.2),
        tested=Tested.TINY,
        groups=Groups.ON_GPU,
        modules=("torch", "transformers", "safetensors", "soxr", "librosa"),
        install="reelwise[standard]",
        weights=(
            KnownWeights("clap-htsat-unfused", "Apache-2.0", 615_000_000, hub="laion/clap-htsat-unfused"),
            KnownWeights("larger-clap-general", "Apache-2.0", hub="laion/larger_clap_general"),
            KnownWeights("clap-htsat-fused", "Apache-2.0", hub="laion/clap-htsat-fused"),
        ),
    ),
}
