from __future__ import annotations

from datetime import timedelta

import pytest

from services.library.record.events import Event, EventKind
from services.library.record.store import Record
from tests.services.library.record.conftest import T0


@pytest.fixture
def videos(record: Record, submission) -> tuple[str, str, str]:
    a, b, c = (record.submit(submission(name))[0].id for name in ("a", "b", "c"))
    return a, b, c


def did(record: Record, user: str, kind: EventKind, video: str, hours: float, ratio: float | None = None) -> None:
    at = T0 - timedelta(hours=100 - hours)
    assert record.add_events([Event(f"{user}{kind}{video}{hours}", user, kind, at, video, watch_ratio=ratio)]).stored


def ask(record: Record, video: str, *others: str, but: str = "me", **options) -> str | None:
    return record.somebody_took_to_both({video: others}, but=but, watched_ratio=0.5, **options).get(video)


def test_somebody_else_who_took_to_both_is_found(record: Record, videos) -> None:
    a, b, c = videos
    did(record, "ann", EventKind.LIKE, a, 1)
    did(record, "ann", EventKind.PLAY, b, 2, 0.9)
    assert ask(record, b, a) == a
    assert ask(record, b, c, a) == a
    assert ask(record, b, c) is None
    assert ask(record, b, a, but="ann") is None, "the viewer is not somebody else"


def test_what_was_left_early_or_turned_down_is_not_taken_to(record: Record, videos) -> None:
    a, b, _ = videos
    did(record, "ann", EventKind.LIKE, a, 1)
    did(record, "ann", EventKind.PLAY, b, 2, 0.4)
    did(record, "ann", EventKind.SKIP, b, 3)
    did(record, "ann", EventKind.NOT_INTERESTED, b, 4)
    assert ask(record, b, a) is None


def test_later_asks_for_the_order(record: Record, videos) -> None:
    a, b, _ = videos
    did(record, "ann", EventKind.LIKE, a, 1)
    did(record, "ann", EventKind.LIKE, b, 2)
    assert ask(record, b, a, later=True) == a
    assert ask(record, a, b, later=True) is None
    assert ask(record, a, b) == b


def test_only_the_latest_acts_of_a_video_are_looked_at_unless_all_are_asked_for(record: Record, videos) -> None:
    a, b, _ = videos
    did(record, "ann", EventKind.LIKE, a, 1)
    did(record, "ann", EventKind.LIKE, b, 2)
    for place in range(3):
        did(record, f"bob{place}", EventKind.LIKE, b, 3 + place)
    assert ask(record, b, a, latest=4) == a
    assert ask(record, b, a, latest=3) is None
    assert ask(record, b, a, latest=None) == a


def test_several_videos_are_asked_about_at_once(record: Record, videos) -> None:
    a, b, c = videos
    did(record, "ann", EventKind.LIKE, a, 1)
    did(record, "ann", EventKind.LIKE, b, 2)
    did(record, "bob", EventKind.LIKE, b, 3)
    did(record, "bob", EventKind.LIKE, c, 4)
    wanted = {a: [c, b], b: [c], c: [a], "unknown": [a]}
    assert record.somebody_took_to_both(wanted, but="me", watched_ratio=0.5) == {a: b, b: c}
    assert record.somebody_took_to_both({a: []}, but="me", watched_ratio=0.5) == {}
