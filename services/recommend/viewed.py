"""What the record says of a request's viewer: acts, edits, and what they were shown lately."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.library.record.events import Event, ProfileEdit
from services.library.record.store import Record
from services.recommend.evidence import ACTS
from services.recommend.policies import Policy

MAX_EVENTS = 500
"""Latest acts that a profile is made of."""

MAX_SHOWN = 500
"""Latest impressions that are looked at for repeats."""


@dataclass(frozen=True, slots=True)
class Viewed:
    """Acts, newest first, edits that are in force, and how often each video was shown within the policy's days."""

    user: str
    events: Sequence[Event]
    edits: Sequence[ProfileEdit]
    shown: Mapping[str, int]


def read_viewed(record: Record, user: str, policy: Policy, now: datetime) -> Viewed:
    """The viewer as they were at `now`."""
    since = now - timedelta(days=policy.repeat_days)
    state = record.viewer_state(user, kinds=ACTS, events=MAX_EVENTS, shown_since=since, shown=MAX_SHOWN)
    return Viewed(
        user,
        [event for event in state.events if event.at <= now],
        [edit for edit in state.edits if edit.at <= now and (edit.expires_at is None or edit.expires_at > now)],
        Counter(one for one, at in state.shown if at <= now),
    )
