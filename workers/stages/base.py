"""What a stage is: a pure function of its inputs, with everything that its fingerprint must cover."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from models.profile import Profile, Role
from models.runtime import Runtime
from services.library.blobs import BlobStore
from services.library.overlay.corrections import LineCorrection
from services.library.record.types import Lane, Video
from services.settings import Settings
from workers.stages.metadata import Metadata


class StageOutput(BaseModel):
    """Base of every stage's output: immutable JSON; large things are blob keys in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


OutputT = TypeVar("OutputT", bound=StageOutput)


@dataclass(frozen=True, slots=True)
class Source:
    """What comes from outside: the video, what its uploaders said of it, and the lines that editors corrected."""

    video: Video
    metadata: Metadata
    corrections: tuple[LineCorrection, ...] = ()


@dataclass(frozen=True, slots=True)
class StageContext:
    """What a stage may use. `outputs` are the results it needs, by stage name; `folder` is its own blob prefix."""

    source: Source
    settings: Settings
    runtime: Runtime
    blobs: BlobStore
    folder: str
    outputs: Mapping[str, StageOutput]
    progress: Callable[[float], None]

    def output(self, stage: str, kind: type[OutputT]) -> OutputT:
        """The result of a stage that this one needs."""
        found = self.outputs[stage]
        if not isinstance(found, kind):
            raise TypeError(f"stage {stage!r} gave {type(found).__name__}, not {kind.__name__}")
        return found


def _nothing(_: Source, __: Settings, ___: Profile) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage: `needs` name earlier stages, `role` the model it speaks through (and its fingerprint covers).

    `also` are further roles it uses. `inputs` gives everything else that changes the output: settings, metadata,
    prompts. Raise `version` with every change of the code that changes the output.
    """

    name: str
    lane: Lane
    version: int
    output: type[StageOutput]
    run: Callable[[StageContext], StageOutput]
    needs: tuple[str, ...] = ()
    role: Role | None = None
    also: tuple[Role, ...] = ()
    inputs: Callable[[Source, Settings, Profile], Mapping[str, Any]] = field(default=_nothing)
