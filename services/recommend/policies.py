"""Policies: how sources are weighed and a list is varied, read from a file and checked before it is used."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.intake.errors import ServiceError
from services.library.yaml_text import parsed

SOURCES = (
    "meaning",
    "looks",
    "labels",
    "fit",
    "collaborative",
    "sequence",
    "wish",
    "trending",
    "fresh",
    "unexplored",
    "adventurous",
)
"""Every source that a policy may weigh."""

NEWNESS = ("fresh", "unexplored")
"""Sources that know nothing of the viewer but favour what is new."""

KNOWN_AFTER = 5
"""Videos that a viewer took to after which their taste counts as half known."""

Weight = Annotated[float, Field(ge=0.0, le=100.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class PolicyFault(ServiceError):
    """The file of policies cannot be used, or a request names a policy that is not in it."""

    code = "unknown_policy"
    status = 422


class _Checked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Policy(_Checked):
    """One way to rank. A source that `weights` leaves out is not asked."""

    weights: dict[str, Weight]
    relevance: Share = 0.75
    per_creator: int = Field(2, ge=1, le=100)
    calibration: Share = 0.15
    exploration_share: Share = 0.1
    newness_when_known: Share = 1.0
    repeat_discount: Share = 0.5
    repeat_drop: int = Field(4, ge=1, le=1000)
    repeat_days: float = Field(7.0, gt=0, le=365)

    def weights_for(self, taken: int) -> dict[str, float]:
        """The weights for a viewer who took to so many videos. Newness counts less the more is known of the viewer,
        down to `newness_when_known` of its weight.
        """
        known = taken / (taken + KNOWN_AFTER)
        left = 1.0 - (1.0 - self.newness_when_known) * known
        return {name: weight * (left if name in NEWNESS else 1.0) for name, weight in self.weights.items()}

    @model_validator(mode="after")
    def _known_sources(self) -> Policy:
        unknown = sorted(set(self.weights) - set(SOURCES))
        if unknown:
            raise ValueError(f"unknown sources {', '.join(unknown)}: there are {', '.join(SOURCES)}")
        if not any(self.weights.values()):
            raise ValueError("at least one weight must be above 0")
        return self


class Experiment(_Checked):
    """Which share of viewers gets which policy; the rest get the default."""

    arms: dict[str, Share]

    @model_validator(mode="after")
    def _adds_up(self) -> Experiment:
        if not self.arms or sum(self.arms.values()) > 1.0 + 1e-9:
            raise ValueError(f"shares of the arms must add up to 1 at most, they are {dict(self.arms)}")
        return self


class Policies(_Checked):
    """The whole file. At most one experiment runs at a time: two would blur each other."""

    default: str
    policies: dict[str, Policy] = Field(min_length=1)
    experiments: dict[str, Experiment] = Field(default_factory=dict, max_length=1)

    @model_validator(mode="after")
    def _names_exist(self) -> Policies:
        named = {self.default, *(arm for experiment in self.experiments.values() for arm in experiment.arms)}
        unknown = sorted(named - set(self.policies))
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: no such policy; there are {', '.join(self.policies)}")
        return self

    def choose(self, user: str, asked: str | None = None) -> Chosen:
        """The policy of a request. Raises `PolicyFault` for a name that is not in the file."""
        if asked is not None:
            if asked not in self.policies:
                raise PolicyFault(
                    f"There is no policy {asked[:80]!r}.", remedy=f"Use one of: {', '.join(self.policies)}."
                )
            return Chosen(asked, "asked", self.policies[asked])
        for name, experiment in self.experiments.items():
            place, edge = _place(name, user), 0.0
            for arm, share in experiment.arms.items():
                edge += share
                if place < edge:
                    return Chosen(arm, f"{name}:{arm}", self.policies[arm])
            return Chosen(self.default, f"{name}:control", self.policies[self.default])
        return Chosen(self.default, "default", self.policies[self.default])


@dataclass(frozen=True, slots=True)
class Chosen:
    """A policy with its name; `variant` says how it was chosen: `default`, `asked`, or `experiment:arm`."""

    name: str
    variant: str
    policy: Policy


def load_policies(path: Path | None = None) -> Policies:
    """The operator's file, or the one that ships. Raises `PolicyFault` naming the file and what is wrong in it."""
    return _read(None) if path is None else _read(path.expanduser().absolute())


@lru_cache(maxsize=8)
def _read(path: Path | None) -> Policies:
    where = path or files("services.recommend") / "policies.yaml"
    remedy = "Correct the file that REELWISE_POLICIES names; docs/recommending.md explains every field."
    try:
        data = parsed(where.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyFault(f"The policies in {where} cannot be read: {error}.", remedy=remedy) from error
    except yaml.YAMLError as error:
        raise PolicyFault(f"The policies in {where} are no YAML: {error}.", remedy=remedy) from error
    if not isinstance(data, Mapping):
        raise PolicyFault(f"The policies in {where} are no mapping of names to values.", remedy=remedy)
    try:
        return Policies.model_validate(data)
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}".lstrip(": ") for one in error.errors())
        raise PolicyFault(f"The policies in {where} do not fit: {said}.", remedy=remedy) from error


def _place(experiment: str, user: str) -> float:
    """Where a viewer falls in [0, 1): the same for ever, and unrelated from one experiment to the next."""
    digest = hashlib.sha256(f"{experiment}\x1f{user}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8]) / 2**64
