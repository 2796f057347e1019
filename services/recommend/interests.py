"""Interests: the evidence for and against every label, and what a viewer's edits make of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.library.record.events import EditKind, Event, EventKind, ProfileEdit
from services.library.taxonomy import load_taxonomy
from services.recommend.evidence import Moment, ProfileParameters, decay, is_skip, moment_of
from services.recommend.indexed import IndexedVideo, LabelKey
from services.recommend.profile import CREATOR, LANGUAGE, Interest
from services.recommend.query_labels import labels_in
from services.recommend.rarity import Rarity

MAX_NAMED_EVENTS = 10
"""Events that an interest names, of all that are behind it."""

EDIT_FIELDS = {
    "topics": "topics",
    "tags": "tags",
    "moods": "moods",
    "occasions": "occasions",
    "creators": CREATOR,
    "languages": LANGUAGE,
}
"""Fields that a viewer can edit, and what they are called in the index."""


@dataclass(slots=True)
class Evidence:
    """What speaks for and against one label. `skips` can take interest away, `against` can make it a dislike."""

    taken: float = 0.0
    asked: float = 0.0
    skips: float = 0.0
    against: float = 0.0
    by_event: dict[str, float] = field(default_factory=dict)
    by_video: dict[str, float] = field(default_factory=dict)
    moments: dict[Moment, float] = field(default_factory=lambda: defaultdict(float))
    edits: list[str] = field(default_factory=list)
    muted: bool = False

    @property
    def balance(self) -> float:
        """What is left of it, in likes."""
        return max(0.0, self.taken - self.skips) + self.asked - self.against

    def add(self, event: Event, weight: float, moment: Moment | None) -> None:
        """Count one event, which fell into `moment`."""
        self.by_event[event.id] = self.by_event.get(event.id, 0.0) + weight
        if weight > 0:
            self.taken += weight
            if event.video_id is not None:
                self.by_video[event.video_id] = self.by_video.get(event.video_id, 0.0) + weight
            if moment is not None:
                self.moments[moment] += weight
        elif is_skip(event, weight):
            self.skips -= weight
        else:
            self.against -= weight


def forgotten_until(edits: Iterable[ProfileEdit]) -> dict[LabelKey, datetime]:
    """Label -> until when its evidence was removed by the viewer."""
    times: dict[LabelKey, datetime] = {}
    for edit in edits:
        if edit.kind is EditKind.REMOVE:
            for label in edited_labels(edit):
                times[label] = max(edit.at, times.get(label, edit.at))
    return times


def edited_labels(edit: ProfileEdit) -> tuple[LabelKey, ...]:
    """What an edit is about: a topic of the first level stands for its leaves as well."""
    name = EDIT_FIELDS.get(edit.field, edit.field)
    taxonomy = load_taxonomy()
    leaves: tuple[str, ...] = ()
    if name == "topics" and any(topic.slug == edit.value for topic in taxonomy.first_level):
        leaves = tuple(leaf.slug for leaf in taxonomy.leaves_of(edit.value))
    return tuple(LabelKey(name, value) for value in dict.fromkeys((edit.value, *leaves)))


def gather(
    weighed: Sequence[tuple[Event, float]],
    videos: Mapping[str, IndexedVideo],
    forgotten: Mapping[LabelKey, datetime],
) -> dict[LabelKey, Evidence]:
    """Per label, creator and language, what the events say, but for what was removed."""
    taxonomy = load_taxonomy()
    found: dict[LabelKey, Evidence] = defaultdict(Evidence)
    for event, weight in weighed:
        labels: Sequence[LabelKey] = ()
        video = videos.get(event.video_id) if event.video_id is not None else None
        if event.kind is EventKind.FOLLOW:
            labels = [LabelKey(CREATOR, event.creator)] if event.creator else []
        elif event.kind is EventKind.SEARCH:
            labels = labels_in(event.query or "", taxonomy)
        elif video is not None:
            labels = video.interests
        moment = moment_of(event)
        for label in labels:
            until = forgotten.get(label)
            if until is None or event.at > until:
                found[label].add(event, weight, moment)
    return found


def add_edits(
    evidence: dict[LabelKey, Evidence], edits: Iterable[ProfileEdit], now: datetime, parameters: ProfileParameters
) -> None:
    """Add what edits say: more of a label, or that it is muted. Removals are in `gather` already."""
    for edit in edits:
        for label in edited_labels(edit):
            known = evidence[label]
            known.edits.append(edit.id)
            if edit.kind is EditKind.MUTE:
                known.muted = True
            elif edit.kind is EditKind.ONBOARDING:  # a first guess, which what the viewer does outgrows
                known.asked += edit.weight * decay(edit.at, now, parameters.half_life_days)
            elif edit.kind is not EditKind.REMOVE:
                known.asked += edit.weight


def weigh(
    evidence: Mapping[LabelKey, Evidence], rarity: Rarity, *, most_events: int = MAX_NAMED_EVENTS
) -> tuple[Interest, ...]:
    """The interests, strongest first: the balance times the rarity, over the strongest of its group."""
    raw = {label: known.balance * _says(label, rarity) for label, known in evidence.items()}
    strongest: dict[str, float] = defaultdict(float)
    for label, value in raw.items():
        if not evidence[label].muted:
            strongest[_group(label)] = max(strongest[_group(label)], abs(value))
    interests = []
    for label, known in evidence.items():
        heaviest = sorted(known.by_event, key=lambda one: (-abs(known.by_event[one]), one))
        share = raw[label] / (strongest[_group(label)] or 1.0)
        interests.append(
            Interest(
                label=label,
                score=max(-1.0, min(1.0, share)),
                positive=known.taken + known.asked,
                negative=known.skips + known.against,
                events=tuple(heaviest[:most_events]),
                event_count=len(heaviest),
                videos=tuple(sorted(known.by_video, key=lambda one: (-known.by_video[one], one))),
                edits=tuple(known.edits),
                moments=dict(known.moments),
                muted=known.muted,
            )
        )
    return tuple(sorted(interests, key=lambda one: (-abs(one.score), one.label.field, one.label.value)))


def _says(label: LabelKey, rarity: Rarity) -> float:
    return 1.0 if label.field in (CREATOR, LANGUAGE) else rarity.of(label)


def _group(label: LabelKey) -> str:
    return label.field if label.field in (CREATOR, LANGUAGE) else "labels"
