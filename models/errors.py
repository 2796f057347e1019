"""The failures of the models package, each with a text that says what to do."""

from __future__ import annotations


class ModelError(Exception):
    """Base of everything `models` raises on purpose."""


class WeightsMissing(ModelError):
    """A profile needs weights that are not in the weights folder; the message names the command that fetches them."""


class WeightsCorrupt(ModelError):
    """A file's sha256 is not the catalogue's. The file has been removed, so the next fetch starts clean."""


class EngineUnavailable(ModelError):
    """An engine's library cannot be imported; the message names the package to install."""


class ProfileInvalid(ModelError):
    """A profile names a role or an engine that does not exist."""
