from __future__ import annotations

from datetime import timedelta

from services.library.preference import Reaction
from services.library.record.events import Event, EventKind
from services.library.record.store import Record
from tests.services.library.record.conftest import T0


def test_events_are_put_together_per_viewer_video_and_kind(record: Record, submission) -> None:
    a, b = (record.submit(submission(name))[0].id for name in ("a", "b"))
    a, b = sorted((a, b))
    given = [
        ("1", "ann", EventKind.PLAY, b, 0.3),
        ("2", "ann", EventKind.PLAY, b, 0.9),
        ("3", "ann", EventKind.LIKE, a, None),
        ("4", "bob", EventKind.PLAY, a, None),
        ("5", "ann", EventKind.SKIP, a, None),
        ("6", "ann", EventKind.IMPRESSION, a, None),
    ]
    events = [
        Event(id_, user, kind, T0 - timedelta(minutes=place), video, watch_ratio=watched)
        for place, (id_, user, kind, video, watched) in enumerate(given)
    ]
    follow = Event("7", "bob", EventKind.FOLLOW, T0, creator="cats")
    assert record.add_events([*events, follow]).stored == 7
    assert list(record.reactions()) == [
        Reaction("ann", a, EventKind.LIKE, 1, None, T0 - timedelta(minutes=2)),
        Reaction("ann", b, EventKind.PLAY, 2, 0.9, T0),
        Reaction("bob", a, EventKind.PLAY, 1, None, T0 - timedelta(minutes=3)),
    ]


def test_an_erased_viewer_has_no_reactions(record: Record, submission) -> None:
    video = record.submit(submission("a"))[0].id
    record.add_events([Event("1", "ann", EventKind.LIKE, T0, video)])
    record.erase_user("ann")
    assert list(record.reactions()) == []
