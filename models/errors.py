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


class WorkCancelled(ModelError):
    """Nobody waits for this work any more, so it was not done."""


class EngineBusy(ModelError):
    """An engine had no time for a call within the limit. Trying again later can help."""


class EngineClosed(ModelError):
    """The engine was closed while a call waited for it."""


class OutOfMemory(ModelError):
    """Memory ran out, with half the batch as well. Trying again later, or elsewhere, can help."""


class DoesNotFit(ModelError):
    """A profile needs more memory than there is; the message says which role needs what, and what would fit."""


class ModelUnavailable(ModelError):
    """What a model runs on does not answer now, and may later: whoever asked tries again.

    `retry_after_s` is how long the server asked to be left alone, in seconds; None where it did not say.
    """

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class EndpointMisconfigured(ModelError):
    """A model server refuses until somebody changes the address, the model's name or the key."""


class RequestRefused(ModelError):
    """A model server refuses this one request as it stands; `status` is its HTTP status."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status
