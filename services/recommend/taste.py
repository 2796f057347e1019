"""What a request knows of its viewer: the profile as the sources, the filters and the reasons read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from services.library.index.port import Vector
from services.library.record.events import EditKind, Event, EventKind, ProfileEdit
from services.recommend.evidence import LIKES, ProfileParameters, weight_of
from services.recommend.indexed import IndexedVideo, LabelKey
from services.recommend.interests import edited_labels

TAKEN_RATIO = 0.5
"""From this share of its length on, a play of somebody else counts as having been watched."""


@dataclass(frozen=True, slots=True)
class Interest:
    """One direction that a viewer is drawn to.

    `weight` is in (0, 1], the strongest interest 1. `text` and `looks` are unit vectors of the index's spaces, None
    where no video behind it has one. `videos` are the ids of those behind it, strongest first.
    """

    weight: float
    videos: tuple[str, ...]
    text: Vector | None = None
    looks: Vector | None = None


@dataclass(frozen=True)
class Taste:
    """A viewer. `events` are the latest, newest first; `edits` those that are in force.

    `labels` holds interest in [-1, 1] per label, the strongest 1; `support` lists, per label, the ids of the videos
    whose positive events it comes from. `topics` is the share of each topic in what the viewer takes to; it adds up
    to 1. `avoided` are text vectors of videos that the viewer turned down.
    """

    user: str
    events: tuple[Event, ...] = ()
    edits: tuple[ProfileEdit, ...] = ()
    interests: tuple[Interest, ...] = ()
    session: Interest | None = None
    labels: Mapping[LabelKey, float] = field(default_factory=dict)
    support: Mapping[LabelKey, tuple[str, ...]] = field(default_factory=dict)
    topics: Mapping[str, float] = field(default_factory=dict)
    avoided: tuple[Vector, ...] = ()

    @property
    def cold(self) -> bool:
        """Whether the viewer has done nothing that says what they take to."""
        return not self.interests

    @cached_property
    def seen(self) -> tuple[str, ...]:
        """Ids of the videos that the viewer acted on, latest first. Having been shown one is no act."""
        acted = (event.video_id for event in self.events if event.kind is not EventKind.IMPRESSION)
        return tuple(dict.fromkeys(one for one in acted if one is not None))

    @cached_property
    def taken(self) -> Mapping[str, tuple[Event, ...]]:
        """Video id -> the viewer's positive events about it, newest first."""
        found: dict[str, list[Event]] = {}
        for event in self.events:
            if event.video_id is not None and is_positive(event):
                found.setdefault(event.video_id, []).append(event)
        return {one: tuple(events) for one, events in found.items()}

    @cached_property
    def followed(self) -> Mapping[str, Event]:
        """Creator -> the latest event by which the viewer followed them."""
        found: dict[str, Event] = {}
        for event in self.events:
            if event.kind is EventKind.FOLLOW and event.creator:
                found.setdefault(event.creator, event)
        return found

    @cached_property
    def muted(self) -> Mapping[str, tuple[str, ...]]:
        """Field of the index -> values that the viewer muted."""
        found: dict[str, list[str]] = {}
        for edit in self.edits:
            if edit.kind is EditKind.MUTE:
                for label in edited_labels(edit):
                    found.setdefault(label.field, []).append(label.value)
        return {name: tuple(dict.fromkeys(values)) for name, values in found.items()}

    def wished(self, label: LabelKey) -> ProfileEdit | None:
        """The latest edit by which the viewer asked for a label; `creator` and `language` count as labels here."""
        for edit in reversed(self.edits):
            if edit.kind in _ASKING and label in edited_labels(edit):
                return edit
        return None

    @property
    def onboarded(self) -> bool:
        """Whether the viewer said what they like."""
        return any(edit.kind in _ASKING for edit in self.edits)


_PARAMETERS = ProfileParameters()
_ASKING = frozenset({EditKind.BOOST, EditKind.WISH, EditKind.ONBOARDING})


def is_positive(event: Event) -> bool:
    """Whether an event says that the viewer took to its video."""
    if event.kind is EventKind.PLAY:
        return weight_of(event, _PARAMETERS) > 0
    return event.kind in LIKES


def topic_shares(videos: Iterable[IndexedVideo]) -> dict[str, float]:
    """How videos are spread over topics, each counting once in all (Steck 2018, p(g|u))."""
    topics_of = [topics for video in videos if (topics := video.values("topics"))]
    shares: dict[str, float] = {}
    for topics in topics_of:
        for topic in topics:
            shares[topic] = shares.get(topic, 0.0) + 1.0 / len(topics) / len(topics_of)
    return shares
