from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.library.preference import Reaction, preference, preferences, reactions_of
from services.library.record.events import Event, EventKind

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def reaction(kind: EventKind, video: str = "a", watched: float | None = None) -> Reaction:
    return Reaction("u", video, kind, 1, watched)


@pytest.mark.parametrize(
    ("watched", "expected"), [(0.25, 0.0), (0.1, 0.0), (0.625, 0.5), (1.0, 1.0), (3.0, 1.0), (None, 0.3)]
)
def test_a_play_counts_by_the_share_that_was_watched(watched: float | None, expected: float) -> None:
    assert preference(reaction(EventKind.PLAY, watched=watched)) == pytest.approx(expected)


@pytest.mark.parametrize("kind", [EventKind.SKIP, EventKind.IMPRESSION, EventKind.SEARCH, EventKind.FOLLOW])
def test_a_skip_is_not_a_dislike(kind: EventKind) -> None:
    assert preferences([reaction(kind)]) == {}


def test_what_was_done_with_a_video_adds_up_to_a_limit() -> None:
    found = preferences([reaction(kind) for kind in (EventKind.LIKE, EventKind.SHARE, EventKind.FAVOURITE)])
    assert found == {"a": 4.0}


def test_not_interested_outweighs_a_like() -> None:
    assert preferences([reaction(EventKind.LIKE), reaction(EventKind.NOT_INTERESTED)]) == {"a": -1.5}


def test_events_are_put_together_as_the_record_does() -> None:
    events = [
        Event("1", "u", EventKind.PLAY, NOW, "a", watch_ratio=0.3),
        Event("2", "u", EventKind.PLAY, NOW, "a", watch_ratio=0.9),
        Event("3", "u", EventKind.SEARCH, NOW, query="cats"),
        Event("4", "u", EventKind.LIKE, NOW, "b"),
    ]
    assert reactions_of(events) == [
        Reaction("u", "a", EventKind.PLAY, 2, 0.9, NOW),
        Reaction("u", "b", EventKind.LIKE, 1, None, NOW),
    ]
