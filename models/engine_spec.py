"""What an engine tells of itself: options, what it is built from, memory, where it may run, how it was tested."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.errors import ProfileInvalid
from models.grouping import Grouping, alone
from models.identity import ModelIdentity

if TYPE_CHECKING:
    from models.text.base import TextEngine

GIB = 1024**3


class EngineLane(StrEnum):
    """Where an engine is called: a worker's lane, or a request (a query is embedded)."""

    PREPARE = "prepare"
    PERCEIVE = "perceive"
    DESCRIBE = "describe"
    PUBLISH = "publish"
    REQUEST = "request"


class Tested(StrEnum):
    """How far the project's own tests go for an engine."""

    REAL = "real weights"
    TINY = "tiny random models of the real architecture"


class Groups(StrEnum):
    """Where the inputs of concurrent calls of an engine are joined unless the operator says otherwise."""

    NEVER = "never"
    ON_GPU = "on a GPU"
    ALWAYS = "always"


class EngineOptions(BaseModel):
    """Base of every engine's options.

    `neutral` are those that don't change what comes out: no fingerprint has them. `files` are paths of files, whose
    contents count as well.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    neutral: ClassVar[frozenset[str]] = frozenset()
    files: ClassVar[frozenset[str]] = frozenset()


class NoOptions(EngineOptions):
    """An engine without options."""


TorchDevice = Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")]
""""auto" (the first GPU where there is one), "cpu", "cuda" or "cuda:N"."""


class TorchOptions(EngineOptions):
    """Where and how a PyTorch model runs.

    `dtype` "auto" is float16 on a GPU and float32 on the CPU. `batch` is how many inputs go through the model at once.
    """

    neutral: ClassVar[frozenset[str]] = frozenset({"device", "batch"})

    device: TorchDevice = "auto"
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    batch: int = Field(default=16, ge=1)


OptionsT = TypeVar("OptionsT", bound=EngineOptions)


@dataclass(frozen=True, slots=True)
class BuildInputs(Generic[OptionsT]):
    """What an engine is built from: the folder of its weights (None: it needs none), identity, options, threads.

    `cache` is a folder for what an engine derives from its weights. `grouping` makes a model's call one that joins the
    inputs of concurrent callers (`models/grouping.py`). `text` gives the profile's text engine, for engines
    that place other things in its space.
    """

    folder: Path | None
    identity: ModelIdentity
    options: OptionsT
    threads: int
    cache: Path
    text: Callable[[], TextEngine]
    grouping: Grouping = alone

    def weights(self) -> Path:
        """The weights folder; raises `ProfileInvalid` where the profile names no weights."""
        if self.folder is None:
            raise ProfileInvalid(f"engine {self.identity.engine} needs weights; name them in the profile")
        return self.folder

    def weights_file(self, pattern: str) -> Path:
        """The first file of the weights folder that fits the pattern; raises `ProfileInvalid` where there is none."""
        folder = self.weights()
        found = sorted(folder.glob(pattern))
        if not found:
            raise ProfileInvalid(f"engine {self.identity.engine} needs a file {pattern} in {folder}, and there is none")
        return found[0]


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes that an engine takes while it works, beyond a bare process: in the host's memory and in the GPU's."""

    host: int
    gpu: int = 0


MemoryRule = Callable[[int, bool], Memory]
"""(bytes of the weights' files, whether it runs on a GPU) -> memory."""


CUDA = Memory(host=GIB, gpu=GIB // 2)
"""What CUDA's own libraries take of the host and its context of a GPU: once a process, whatever runs there."""


def takes(*, cpu: float, gpu: float | None, working_gib: float) -> MemoryRule:
    """A rule: the weights' bytes times a factor, and `working_gib` for inputs and activations at the default batch.

    `gpu` None: the engine never uses a GPU. On one, `CUDA` is taken as well.
    """

    def rule(weights: int, on_gpu: bool) -> Memory:
        if gpu is None or not on_gpu:
            return Memory(host=round(weights * cpu + working_gib * GIB))
        return Memory(host=CUDA.host, gpu=round(weights * gpu + working_gib * GIB) + CUDA.gpu)

    return rule


@dataclass(frozen=True, slots=True)
class KnownWeights:
    """Weights that an engine is known to fit: name in the catalogue, licence, bytes of the files where they are known.

    For those that only a hub has, `bytes` follow from the number of parameters and the files' precision. `hub` is where
    their authors publish them (owner and name at Hugging Face, unless it says otherwise).
    """

    name: str
    licence: str
    bytes: int | None = None
    hub: str = ""


@dataclass(frozen=True, slots=True)
class EngineSpec(Generic[OptionsT]):
    """One engine of a role. `version` is raised when its code changes what comes out.

    `modules` are the Python modules it imports, and `install` what to give pip for them; `weights` are those it is
    known to fit, the default first (empty: it needs none). `in_text_space`: it also speaks through the text engine.
    `groups` says where concurrent calls are joined, for an engine that asks for a `BuildInputs.grouping`.

    `sees`: a language engine that takes images.

    For an engine that asks a server: `named_by` is the option that names the model there, and `probe` asks whether it
    is there, in a sentence; it raises `ModelUnavailable` or `EndpointMisconfigured`.
    """

    version: int
    options: type[OptionsT]
    build: Callable[[BuildInputs[OptionsT]], Any]
    lanes: frozenset[EngineLane]
    memory: MemoryRule
    tested: Tested
    modules: tuple[str, ...]
    install: str
    weights: tuple[KnownWeights, ...] = ()
    in_text_space: bool = False
    groups: Groups = Groups.NEVER

    @property
    def uses_gpu(self) -> bool:
        """Whether it can run on a GPU at all."""
        return self.memory(1, True).gpu > 0

    sees: bool = False
    named_by: str = ""
    probe: Callable[[OptionsT], str] | None = None

    def missing(self) -> tuple[str, ...]:
        """The modules that are not installed."""
        return tuple(module for module in self.modules if find_spec(module) is None)

    def parse(self, given: dict[str, str | int | float | bool], where: str) -> OptionsT:
        """The options as the engine takes them. Raises `ProfileInvalid`, which begins with `where`, for a wrong one."""
        try:
            return self.options.model_validate(given)
        except ValidationError as error:
            known = ", ".join(self.options.model_fields) or "none"
            faults = "; ".join(_fault(item) for item in error.errors())
            raise ProfileInvalid(f"{where}: {faults}. Its options are: {known}") from None

    def telling(self, given: dict[str, str | int | float | bool]) -> str:
        """The given options that change what comes out, as an identity holds them."""
        untold = self.options.neutral | {self.named_by}
        told = {name: value for name, value in sorted(given.items()) if name not in untold}
        contents = {name: _digest(str(told[name])) for name in told if name in self.options.files}
        return " ".join(f"{name}={value}{contents.get(name, '')}" for name, value in told.items())


def _digest(path: str) -> str:
    """What tells a file's contents from others'; nothing for one that is not there, which the engine will report."""
    file = Path(path).expanduser()
    return f"#{hashlib.sha256(file.read_bytes()).hexdigest()[:12]}" if file.is_file() else ""


def _fault(item: Any) -> str:
    name = ".".join(str(part) for part in item["loc"]) or "options"
    if item["type"] == "extra_forbidden":
        return f"there is no option {name!r}"
    return f"option {name!r}: {item['msg']} (given: {item['input']!r})"
