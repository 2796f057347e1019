"""The viewer of a request: what they did and corrected, read from the record and made into a taste."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.library.index.port import Collection, IndexPort, Vector
from services.library.record.events import Event, EventKind, ProfileEdit
from services.library.record.store import Record
from services.recommend.explain import mean_direction
from services.recommend.indexed import point_id
from services.recommend.profile import Rarity, build_profile
from services.recommend.taste import DISLIKES, Interest, Taste, topic_shares

MAX_EVENTS = 500
"""Latest events that a profile is made of."""

_MAX_AVOIDED = 3
_ACTS = tuple(kind for kind in EventKind if kind is not EventKind.IMPRESSION)


def read_viewer(record: Record, user: str, now: datetime) -> tuple[list[Event], list[ProfileEdit]]:
    """The viewer's latest acts, newest first, none after `now`, and the edits that are in force then."""
    events = [event for event in record.events(user, limit=MAX_EVENTS, kinds=_ACTS) if event.at <= now]
    edits = [
        edit
        for edit in record.profile_edits(user)
        if edit.at <= now and (edit.expires_at is None or edit.expires_at > now)
    ]
    return events, edits


def taste_of(
    index: IndexPort, rarity: Rarity, user: str, events: Sequence[Event], edits: Sequence[ProfileEdit], now: datetime
) -> Taste:
    """A viewer's taste from their events and edits."""
    profile = build_profile(index, events, now=now, rarity=rarity)
    heaviest = max((anchor.weight for anchor in profile.anchors), default=1.0)
    interests = tuple(
        Interest(
            anchor.weight / heaviest,
            (anchor.video.video_id,),
            mean_direction(anchor.vectors.vectors.get("text")),
            mean_direction(anchor.vectors.vectors.get("visual")),
        )
        for anchor in profile.anchors
    )
    return Taste(
        user=user,
        events=tuple(events),
        edits=tuple(edits),
        interests=interests,
        labels=profile.labels,
        support=profile.support,
        topics=topic_shares(profile.support),
        avoided=_avoided(index, events),
    )


def _avoided(index: IndexPort, events: Sequence[Event]) -> tuple[Vector, ...]:
    turned_down = dict.fromkeys(
        event.video_id for event in events if event.kind in DISLIKES and event.video_id is not None
    )
    wanted = [point_id(one) for one in list(turned_down)[:_MAX_AVOIDED]]
    if not wanted:
        return ()
    stored = index.retrieve(Collection.VIDEOS, wanted, with_vectors=["text"], fields=())
    vectors = (mean_direction(one.vectors.get("text")) for one in stored)
    return tuple(vector for vector in vectors if vector is not None)
