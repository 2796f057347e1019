"""Causes of a pick, named, and what is left of a viewer without them: the counterfactual's scissors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.intake.errors import ServiceError
from services.library.record.events import Event, ProfileEdit
from services.library.taxonomy import Taxonomy
from services.recommend import claims as c
from services.recommend.catalogue import Catalogue
from services.recommend.indexed import IndexedVideo, LabelKey
from services.recommend.policies import SOURCES
from services.recommend.reasons import Reason
from services.recommend.taste import Taste

_FIELDS = {
    "topic": "topics",
    "tag": "tags",
    "mood": "moods",
    "occasion": "occasions",
    "creator": "creator",
}
_EDIT_FIELDS = {"creators": "creator", "languages": "language"}
_KINDS = (*_FIELDS, "video", "event", "edit", "source", "own")

OF_THE_VIDEO = ("trending", "fresh", "unexplored")
"""Sources whose reasons say something of the video, whoever the viewer is."""


class BadCause(ServiceError):
    """A cause is not written as `kind:value`, or of a kind that there is not."""

    code = "unknown_cause"
    status = 422


@dataclass(frozen=True, slots=True)
class Causes:
    """What is taken away: labels (with every event about a video that carries one), single videos, events and edits,
    and whole sources. `context` among the sources is the mood and the occasion of the request. `own` are sources that
    are taken from one video alone, while all others keep theirs: "had this video been as old as the rest".
    """

    labels: frozenset[LabelKey] = frozenset()
    videos: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    edits: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()

    def left(
        self, events: Sequence[Event], edits: Sequence[ProfileEdit], catalogue: Catalogue
    ) -> tuple[list[Event], list[ProfileEdit]]:
        """The events and edits that do not rest on the causes."""
        known = catalogue.videos({one.video_id for one in events if one.video_id}) if self.labels else {}
        kept = [event for event in events if not self._behind(event, known.get(event.video_id or ""))]
        return kept, [
            edit
            for edit in edits
            if edit.id not in self.edits
            and LabelKey(_EDIT_FIELDS.get(edit.field, edit.field), edit.value) not in self.labels
        ]

    def muffled(self, taste: Taste) -> Taste:
        """The taste without interest in the labels themselves, whatever else it came from."""
        if not self.labels:
            return taste
        return replace(
            taste,
            labels={key: value for key, value in taste.labels.items() if key not in self.labels},
            support={key: videos for key, videos in taste.support.items() if key not in self.labels},
        )

    def _behind(self, event: Event, video: IndexedVideo | None) -> bool:
        if event.id in self.events or event.video_id in self.videos:
            return True
        creators = {key.value for key in self.labels if key.field == "creator"}
        if event.creator is not None and event.creator in creators:
            return True
        return video is not None and (video.creator in creators or not self.labels.isdisjoint(video.labels))


def read_causes(causes: Sequence[str], taxonomy: Taxonomy) -> Causes:
    """Causes as they are written: `topic:cooking`, `tag:cat`, `mood:healing`, `occasion:bedtime`, `creator:amy`,
    `video:<id>`, `event:<id>`, `edit:<id>`, `source:trending`, `own:fresh`, or `context`. A first-level topic
    stands for its leaves.

    Raises `BadCause`.
    """
    labels: set[LabelKey] = set()
    named: dict[str, set[str]] = {"video": set(), "event": set(), "edit": set(), "source": set(), "own": set()}
    for cause in causes:
        kind, _, value = cause.partition(":")
        kind, value = kind.strip().lower(), value.strip()
        if kind == "context":
            named["source"].add("context")
        elif kind not in _KINDS or not value:
            raise BadCause(
                f"{cause[:80]!r} is no cause.", remedy=f"Write kind:value with one of {', '.join(_KINDS)}, or context."
            )
        elif kind in _FIELDS:
            labels |= _labels(kind, value, taxonomy)
        elif kind in ("source", "own") and value not in SOURCES:
            raise BadCause(f"There is no source {value[:80]!r}.", remedy=f"Use one of: {', '.join(SOURCES)}.")
        else:
            named[kind].add(value)
    return Causes(
        frozenset(labels),
        frozenset(named["video"]),
        frozenset(named["event"]),
        frozenset(named["edit"]),
        frozenset(named["source"]),
        frozenset(named["own"]),
    )


def cause_of(reason: Reason) -> tuple[str, ...]:
    """The causes that a reason names, as they are written."""
    singular = {field: kind for kind, field in _FIELDS.items()}
    match reason.claim:
        case c.Series():
            # The interest in what all of them are about, and with it everything that it rests on.
            subject = reason.claim.labels[-1].key
            return (f"{singular[subject.field]}:{subject.value}",)
        case c.Alike():
            return (*(f"video:{one}" for one in reason.interactions),)
        case c.SharedTaste() | c.WentOn():
            return (f"video:{reason.claim.anchor}",)
        case c.Follows():
            return (f"creator:{reason.claim.creator}",)
        case c.AskedFor():
            label = reason.claim.label.key
            return (
                (f"edit:{reason.claim.edit}", f"{singular[label.field]}:{label.value}")
                if reason.claim.edit
                else ("source:wish",)
            )
        case c.NearWish():
            return ("source:wish",)
        case c.MoodAsked() | c.SuitsOccasion():
            return ("context",)
        case c.PublishedOn() | c.TakenUp() | c.FirstAudience():
            # What is said is true of this video: its age, its counts, its trial. It is taken from this video alone.
            return (f"own:{reason.source}",)
        case c.ForVariety() | None:
            return ()
        case _:
            return (f"source:{reason.source}",)


def _labels(kind: str, value: str, taxonomy: Taxonomy) -> set[LabelKey]:
    field = _FIELDS[kind]
    if kind != "topic":
        return {LabelKey(field, value)}
    known = {topic.slug for topic in taxonomy.topics}
    leaves = [leaf.slug for leaf in taxonomy.leaves_of(value)] if value in known else []
    return {LabelKey(field, slug) for slug in (value, *leaves)}
