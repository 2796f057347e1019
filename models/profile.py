"""A profile names an engine and weights for every role; `models/profiles/` ships some, an operator may write others."""

from __future__ import annotations

from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.errors import ProfileInvalid


class Role(StrEnum):
    """What a model is for."""

    SPEECH = "speech"
    VISION = "vision"
    TEXT = "text"
    OCR = "ocr"
    SOUND = "sound"
    LANGUAGE = "language"


class RoleSpec(BaseModel):
    """The engine of a role, its weights (None: it needs none), and its options.

    `weights` is a name in the catalogue, or an operator's own folder: a path that begins with "/", "./", "../" or "~".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: str
    weights: str | None = None
    options: dict[str, str | int | float | bool] = Field(default_factory=dict)

    @property
    def folder(self) -> Path | None:
        """The operator's own folder, where the weights are one."""
        own = self.weights is not None and self.weights.startswith(("/", "./", "../", "~"))
        return Path(str(self.weights)).expanduser() if own else None


class Asking(BaseModel):
    """How the language model of a profile is asked to describe a video: a small one needs other questions than a large.

    `prompts` names a set of prompts: `brief` asks for a summary and tags from words alone, `full` for a reason to watch
    as well, and shows all evidence. With fewer than `min_words` words said, written or shown in captions it is not
    asked at all, and the sentences are put together from the evidence. `images` is how many frames a model that sees
    gets along, whatever the number of words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompts: Literal["brief", "full"] = "full"
    min_words: int = Field(default=0, ge=0)
    images: int = Field(default=0, ge=0, le=32)


class Profile(BaseModel):
    """All roles of one way to run Reelwise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    roles: dict[Role, RoleSpec]
    asking: Asking = Asking()

    @model_validator(mode="after")
    def _all_roles_are_filled(self) -> Profile:
        missing = [role.value for role in Role if role not in self.roles]
        if missing:
            raise ValueError(f"no engine is named for {', '.join(missing)}")
        return self

    def weights(self, roles: frozenset[Role] = frozenset(Role)) -> tuple[str, ...]:
        """Names in the catalogue of all weights the roles need, in their order; own folders are left out."""
        served = (spec for role, spec in self.roles.items() if role in roles)
        named = (spec.weights for spec in served if spec.weights and spec.folder is None)
        return tuple(dict.fromkeys(named))


def shipped_profiles() -> tuple[str, ...]:
    """Names of the profiles that come with Reelwise."""
    return tuple(sorted(item.name[:-5] for item in files("models.profiles").iterdir() if item.name.endswith(".yaml")))


def load_profile(name_or_path: str) -> Profile:
    """Read a shipped profile by name, or a file by path. Raises `ProfileInvalid` saying what is wrong with it."""
    if name_or_path in shipped_profiles():
        text = files("models.profiles").joinpath(f"{name_or_path}.yaml").read_text(encoding="utf-8")
    elif Path(name_or_path).is_file():
        text = Path(name_or_path).read_text(encoding="utf-8")
    else:
        known = ", ".join(shipped_profiles())
        raise ProfileInvalid(f"no profile {name_or_path!r}: give one of {known}, or the path of a profile's YAML file")
    try:
        return Profile.model_validate(yaml.safe_load(text))
    except (yaml.YAMLError, ValidationError) as error:
        raise ProfileInvalid(f"profile {name_or_path!r} cannot be used: {error}") from error
