"""Who said so: the identity of a model, which every result carries and every fingerprint covers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Names the weights and the code that produced a result.

    `engine` is the file in `models/<role>/` that ran, `name` the weights, `revision` what pins them (a hash or a
    release), `options` the settings that change its output, as a readable string.
    """

    engine: str
    name: str
    revision: str
    options: str = ""

    @property
    def short(self) -> str:
        """Engine and weights, without revision and options."""
        return f"{self.engine}:{self.name}"

    def __str__(self) -> str:
        return f"{self.engine}:{self.name}@{self.revision}" + (f"[{self.options}]" if self.options else "")
