"""What the API is mounted on: the library, the models that embed queries, and whoever does the work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from services.library.library import Library
from services.library.record.types import Lane
from services.recommend import QueryModels, Recommender


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the stage that runs now has come; `fraction` is in [0, 1], None where it cannot be said."""

    stage: str
    fraction: float | None


class Dispatcher(Protocol):
    """Whoever gets queued videos worked on. The record holds what is due, so a lost notice only costs time.

    `elsewhere`: the work is done by other processes, so that requests can be served whether or not it is.
    """

    @property
    def elsewhere(self) -> bool:
        """Whether other processes do the work."""
        ...

    def notify(self, video_id: str, lane: Lane) -> None:
        """A lane of a video is due now."""
        ...

    def progress(self, video_id: str) -> Progress | None:
        """What is known of the video's running stage, None when nothing is."""
        ...

    def ready(self) -> bool:
        """Whether work that is queued now will be picked up."""
        ...


@dataclass(frozen=True, slots=True)
class Sweeping:
    """A dispatcher for an API process without a worker of its own: the workers' sweep of the record finds the work."""

    elsewhere: bool = True

    def notify(self, video_id: str, lane: Lane) -> None:
        """Nothing to do: `Library.record` already says that the lane is due."""

    def progress(self, video_id: str) -> Progress | None:
        """Unknown here; the video's lane says as much as the record knows."""
        return None

    def ready(self) -> bool:
        """The API itself can take work in."""
        return True


@dataclass(frozen=True, slots=True)
class Service:
    """Everything a handler may use."""

    library: Library
    models: QueryModels
    dispatcher: Dispatcher
    recommender: Recommender = field(init=False)

    def __post_init__(self) -> None:
        """One recommender serves all requests: it keeps caches and threads."""
        object.__setattr__(self, "recommender", Recommender(self.library))
