from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.library.record.events import Event, EventKind
from services.recommend.behind import Behind
from services.recommend.indexed import LabelKey
from services.recommend.taste import Taste

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CAT, CALM = LabelKey("tags", "cat"), LabelKey("moods", "calm")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def behind(ages: dict[str, timedelta], **support: tuple[str, ...]) -> Behind:
    """A viewer who liked videos so long ago; `support` has the videos that carry each label."""
    events = [Event(one, "amy", EventKind.LIKE, NOW - age, one) for one, age in ages.items()]
    events.sort(key=lambda event: event.at, reverse=True)
    named = {"cat": CAT, "calm": CALM}
    return Behind(Taste("amy", tuple(events), support={named[key]: one for key, one in support.items()}), NOW)


def test_a_run_is_of_the_subject_where_a_mood_would_leave_some_of_it_out() -> None:
    ages = {name: (place + 1) * DAY for place, name in enumerate("abcd")}
    found = behind(ages, cat=("a", "b", "c", "d"), calm=("a", "b")).series([CAT, CALM], besides="x")
    assert (found.labels, found.videos, found.whole) == ((CAT,), ("a", "b", "c", "d"), 4)


def test_a_run_is_of_mood_and_subject_where_nearly_all_have_both() -> None:
    ages = {name: (place + 1) * DAY for place, name in enumerate("abcd")}
    found = behind(ages, cat=("a", "b", "c", "d"), calm=("a", "b", "d")).series([CAT, CALM], besides="x")
    assert (found.labels, found.videos) == ((CALM, CAT), ("a", "b", "d"))


def test_just_now_is_said_only_of_nearly_all_of_a_run() -> None:
    now, old = {"a": MINUTE, "b": 2 * MINUTE, "c": 3 * MINUTE}, {"d": DAY}
    of_now = behind({**now, **old}, cat=("a", "b", "c", "d")).series([CAT], besides="x")
    assert (of_now.now, of_now.videos) == (True, ("a", "b", "c"))
    older = behind({**now, **old, "e": DAY, "f": 2 * DAY}, cat=tuple("abcdef")).series([CAT], besides="x")
    assert (older.now, older.recently, older.videos) == (False, True, tuple("abcdef"))
    oldest = behind({"a": DAY, "b": DAY, "c": 90 * DAY}, cat=("a", "b", "c")).series([CAT], besides="x")
    assert (oldest.now, oldest.recently, len(oldest.videos)) == (False, False, 3)


def test_the_pick_itself_is_no_part_of_a_run() -> None:
    viewer = behind({"a": DAY, "b": DAY}, cat=("a", "b"))
    assert viewer.series([CAT], besides="a") is None
    assert viewer.series([CAT], besides="x").videos == ("a", "b")
