"""The viewer of a request: what they did and corrected, read from the record and made into a taste."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.library.index.port import Vector
from services.library.record.events import Event, ProfileEdit
from services.recommend.catalogue import Catalogue
from services.recommend.context import ResolvedContext
from services.recommend.evidence import DISLIKES, Moment
from services.recommend.indexed import LabelKey
from services.recommend.profile import CREATOR, Profile
from services.recommend.profile_build import build_profile
from services.recommend.rarity import Rarity
from services.recommend.taste import Interest, Taste, is_positive, topic_shares

SESSION_SHARE = 0.3
"""What the session's interest in labels counts, against the long-term one."""

CREATOR_SHARE = 0.5
"""What interest in a creator counts beside interest in a label."""

_MAX_AVOIDED = 3


def taste_of(
    catalogue: Catalogue,
    rarity: Rarity,
    user: str,
    events: Sequence[Event],
    edits: Sequence[ProfileEdit],
    now: datetime,
    context: ResolvedContext,
) -> Taste:
    """A viewer's taste from their events and edits, for the local time of the context."""
    profile = build_profile(catalogue, events, now=now, rarity=rarity, edits=edits)
    heaviest = max((one.weight for one in profile.vectors), default=1.0)
    interests = tuple(
        Interest(
            one.weight / heaviest,
            (one.medoid, *(video for video in one.videos if video != one.medoid)),
            one.text,
            one.looks,
        )
        for one in sorted(profile.vectors, key=lambda one: -one.weight)
    )
    session = profile.session
    taken = {event.video_id for event in events if event.video_id is not None and is_positive(event)}
    return Taste(
        user=user,
        events=tuple(events),
        edits=tuple(edits),
        interests=interests,
        session=Interest(1.0, session.videos, session.text) if session is not None and session.videos else None,
        labels=_labels(profile, context),
        support=profile.support,
        topics=topic_shares(catalogue.videos(taken).values()),
        avoided=_avoided(catalogue, events),
    )


def _labels(profile: Profile, context: ResolvedContext) -> Mapping[LabelKey, float]:
    """Interest in labels at this time of day, in this session, and in creators."""
    lasting = profile.labels_at(Moment.of(context.local)) if context.local is not None else dict(profile.labels)
    current = profile.session.labels if profile.session is not None else {}
    if any(value > 0 for value in current.values()):
        muted = profile.muted
        lasting = {
            label: (1 - SESSION_SHARE) * lasting.get(label, 0.0) + SESSION_SHARE * current.get(label, 0.0)
            for label in dict.fromkeys((*lasting, *current))
            if label not in muted
        }
    creators = {
        one.label: CREATOR_SHARE * one.score
        for one in profile.interests
        if one.label.field == CREATOR and not one.muted and one.score
    }
    return {**lasting, **creators}


def _avoided(catalogue: Catalogue, events: Sequence[Event]) -> tuple[Vector, ...]:
    turned_down = dict.fromkeys(
        event.video_id for event in events if event.kind in DISLIKES and event.video_id is not None
    )
    return tuple(catalogue.texts(list(turned_down)[:_MAX_AVOIDED]).values())
