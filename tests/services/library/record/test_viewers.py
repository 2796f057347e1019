from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from services.library.errors import InvalidValue
from services.library.record.events import (
    DropReason,
    EditKind,
    Erased,
    Event,
    EventCount,
    EventKind,
    Impression,
    ImpressionBatch,
    ProfileEdit,
    QualityCount,
    ShownReason,
)

BEIJING = timezone(timedelta(hours=8))


@pytest.fixture
def video(record, submission):
    return record.submit(submission("a"))[0].id


def test_events_come_back_as_they_were_newest_first_and_once(record, clock, video):
    play = Event(
        "1", "小红", EventKind.PLAY, clock.now.astimezone(BEIJING), video, watch_s=9.0, duration_s=12.0,
        request_id="r", position=3, utc_offset_minutes=480, audience="zh",
    )  # fmt: skip
    follow = Event("2", "小红", EventKind.FOLLOW, clock.now - timedelta(hours=1), creator="阿明")
    search = Event("3", "小红", EventKind.SEARCH, clock.now - timedelta(hours=2), query="治愈的猫")
    assert record.add_events([search, play, follow, play]) == replace(record.add_events([]), stored=3, duplicates=1)
    assert record.add_events([play]).duplicates == 1
    assert record.events("小红") == [play, follow, search]
    assert play.watch_ratio == 0.75
    assert record.events("小红", limit=1, kinds=[EventKind.FOLLOW, EventKind.SEARCH]) == [follow]
    assert record.events("小红", since=clock.now - timedelta(minutes=90)) == [play, follow]
    assert record.events_of_video(video) == [play]
    assert record.events("somebody else") == []


def test_the_same_id_of_two_users_is_two_events(record, clock, video):
    like = Event("1", "amy", EventKind.LIKE, clock.now, video)
    assert record.add_events([like, replace(like, user_id="ben")]).stored == 2


def test_bad_events_are_dropped_one_by_one_and_counted_per_day(record, clock, video):
    good = Event("good", "amy", EventKind.PLAY, clock.now, video, watch_s=5, duration_s=10)
    bad = {
        "gone": (replace(good, video_id="f" * 32), DropReason.UNKNOWN_VIDEO),
        "backwards": (replace(good, watch_s=-1.0), DropReason.IMPOSSIBLE_WATCH),
        "nan": (replace(good, watch_s=float("nan")), DropReason.IMPOSSIBLE_WATCH),
        "for ever": (replace(good, watch_s=5000.0), DropReason.IMPOSSIBLE_WATCH),
        "tomorrow": (replace(good, at=clock.now + timedelta(days=1)), DropReason.FROM_THE_FUTURE),
        "long ago": (replace(good, at=clock.now - timedelta(days=3000)), DropReason.TOO_OLD),
        "no creator": (replace(good, kind=EventKind.FOLLOW), DropReason.MALFORMED),
        "no query": (replace(good, kind=EventKind.SEARCH), DropReason.MALFORMED),
        "no video": (replace(good, video_id=None), DropReason.MALFORMED),
        "no user": (replace(good, user_id=" \x00"), DropReason.MALFORMED),
        "no zone": (replace(good, at=clock.now.replace(tzinfo=None)), DropReason.MALFORMED),
        "x" * 500: (good, DropReason.MALFORMED),
    }
    batch = [good, *(replace(event, id=name) for name, (event, _) in bad.items())]
    outcome = record.add_events(batch, unreadable=2)
    assert (outcome.stored, outcome.duplicates) == (1, 0)
    assert {drop.id: drop.reason for drop in outcome.dropped} == {name[:128]: why for name, (_, why) in bad.items()}
    assert [batch[drop.index].id[:128] for drop in outcome.dropped] == [drop.id for drop in outcome.dropped]
    day = clock.now.date().isoformat()
    counts = {one.outcome: one.count for one in record.event_quality()}
    assert counts == {**outcome.dropped_by_reason(), "malformed": 8, "stored": 1}
    clock.now += timedelta(days=1)
    record.add_events([good])
    assert record.event_quality(days=1) == [QualityCount((clock.now).date().isoformat(), "duplicate", 1)]
    assert {one.day for one in record.event_quality()} == {day, clock.now.date().isoformat()}


def test_a_rate_that_no_person_reaches_is_cut_over_batches_too(record, clock, video):
    limit = record.rules.max_per_minute
    start = clock.now - timedelta(hours=1)
    burst = [Event(str(n), "bot", EventKind.PLAY, start + timedelta(milliseconds=n), video) for n in range(limit + 9)]
    first = record.add_events(burst[:200])
    rest = record.add_events([*burst[200:], Event("a", "amy", EventKind.PLAY, start, video)])
    assert first.stored + rest.stored == limit + 1
    assert [drop.id for drop in rest.dropped] == [event.id for event in burst[limit:]]
    assert record.add_events(burst[:limit]).duplicates == limit
    later = Event("later", "bot", EventKind.PLAY, start + timedelta(minutes=1), video)
    assert record.add_events([later]).stored == 1


def test_hostile_text_is_stored_as_every_database_takes_it(record, clock, video):
    event = Event("\ud800\x00id", "\udfff\x01\x1b[31m", EventKind.SEARCH, clock.now, query="a\x00b\ud83d")
    assert record.add_events([event]).stored == 1
    assert record.add_events([event]).duplicates == 1
    (found,) = record.events("\udfff\x01\x1b[31m")
    assert (found.id, found.query) == ("\ufffdid".replace("\ufffd", "\ufffd" * 3), "ab" + "\ufffd" * 3)


def test_counts_are_kept_by_video_kind_hour_and_audience(record, clock, video):
    hour = clock.now.replace(minute=0)
    record.add_events(
        [
            Event("1", "amy", EventKind.LIKE, hour + timedelta(minutes=5), video, audience="zh"),
            Event("2", "ben", EventKind.LIKE, hour - timedelta(minutes=5), video, audience="zh"),
            Event("3", "cat", EventKind.LIKE, hour, video, audience="en"),
            Event("4", "cat", EventKind.PLAY, hour, video),
        ]
    )
    before = hour - timedelta(hours=1)
    assert record.event_counts(since=before, kinds=[EventKind.LIKE]) == [
        EventCount(video, EventKind.LIKE, before, 1),
        EventCount(video, EventKind.LIKE, hour, 2),
    ]
    assert [one.count for one in record.event_counts(since=hour, audience="zh")] == [1]
    assert sum(one.count for one in record.event_counts(since=hour)) == 3


def test_what_is_taken_up_is_weighed_and_halves_with_time(record, clock, submission):
    old, new, disliked = (record.submit(submission(name))[0].id for name in ("a", "b", "c"))
    hour = clock.now.replace(minute=0, second=0, microsecond=0)
    record.add_events(
        [
            Event("1", "amy", EventKind.LIKE, hour - timedelta(hours=12), old),
            Event("2", "ben", EventKind.LIKE, hour - timedelta(hours=12), old, audience="zh"),
            Event("3", "amy", EventKind.PLAY, hour, old),
            Event("4", "amy", EventKind.LIKE, hour - timedelta(hours=6), new),
            Event("5", "amy", EventKind.PLAY, hour, disliked),
            Event("6", "ben", EventKind.SKIP, hour, disliked),
            Event("7", "ben", EventKind.LIKE, hour - timedelta(days=2), disliked),
        ]
    )
    weights = {EventKind.LIKE: 4.0, EventKind.PLAY: 1.0, EventKind.SKIP: -1.0}
    asked = {"since": hour - timedelta(days=1), "now": hour, "half_life_h": 12.0, "weights": weights, "limit": 9}
    found = record.taken_up(**asked)
    assert list(found) == [old, new]
    assert found[old].score == pytest.approx(2 * 4.0 / 2 + 1.0)
    assert found[new].score == pytest.approx(4.0 * 0.5**0.5)
    assert found[old].counts == {EventKind.LIKE: 2, EventKind.PLAY: 1}
    assert list(record.taken_up(**{**asked, "limit": 1})) == [old]
    one = record.taken_up(**asked, audience="zh")
    assert {video: (taken.score, taken.counts) for video, taken in one.items()} == {old: (2.0, {EventKind.LIKE: 1})}


def batch_of(video, clock, request_id="r1", user="amy"):
    reason = ShownReason("meaning", "Because", "因为", 0.3, ("S1",), ("topics:pets",), ("e1", "e2"))
    items = (Impression(0, video, 0.9, {"meaning": 0.3, "fresh": 0.6}, (reason,)),)
    return ImpressionBatch(request_id, user, clock.now, "default", "control", items, {"mood": "healing", "hour": 21})


def test_what_was_shown_is_found_again_by_its_request(record, clock, video):
    batch = batch_of(video, clock)
    record.put_impressions(batch)
    record.put_impressions(replace(batch, policy="another"))
    assert record.impressions("r1") == batch
    assert record.impressions("r2") is None
    assert record.impression_counts([video, "x"]) == {video: 1, "x": 0}


def test_a_feed_reads_of_its_viewer_at_once_what_is_there_one_by_one(record, clock, video):
    acts = [EventKind.PLAY, EventKind.FOLLOW]
    record.add_events(
        [
            Event("1", " 小红", EventKind.PLAY, clock.now, video, watch_s=9.0, duration_s=12.0, utc_offset_minutes=480),
            Event("2", "小红", EventKind.FOLLOW, clock.now - timedelta(hours=1), creator="阿明"),
            Event("3", "小红", EventKind.LIKE, clock.now, video),
            Event("4", "amy", EventKind.PLAY, clock.now, video),
        ]
    )
    record.add_profile_edits(
        [ProfileEdit("e1", "小红", EditKind.WISH, "topics", "pets", 3.0, clock.now, clock.now, text="猫")]
    )
    record.put_impressions(batch_of(video, clock, user="小红"))
    record.put_impressions(batch_of(video, clock, "r2", user="amy"))
    state = record.viewer_state("小红 ", kinds=acts, events=9, shown_since=clock.now, shown=9)
    assert list(state.events) == record.events("小红", kinds=acts)
    assert list(state.edits) == record.profile_edits("小红")
    assert list(state.shown) == [(video, clock.now)]
    later = clock.now + timedelta(seconds=1)
    least = record.viewer_state("小红", kinds=acts, events=1, shown_since=later, shown=9)
    assert ([one.id for one in least.events], least.shown) == (["1"], ())


def test_an_answer_that_cannot_be_stored_is_refused_whole(record, clock, video):
    batch = batch_of(video, clock)
    (item,) = batch.items
    for items in ((item, item), (replace(item, video_id="gone"),), (replace(item, score=float("nan")),)):
        with pytest.raises(InvalidValue):
            record.put_impressions(replace(batch, items=items))
    assert record.impressions("r1") is None


def test_edits_are_kept_replaced_and_removed_for_their_viewer_only(record, clock):
    wish = ProfileEdit(
        "1",
        "amy",
        EditKind.WISH,
        "topics",
        "sports",
        1.0,
        clock.now,
        clock.now + timedelta(days=14),
        "我最近喜欢运动类视频",
    )
    mute = ProfileEdit("2", "amy", EditKind.MUTE, "creators", "阿明", 0.0, clock.now)
    record.add_profile_edits([wish])
    record.add_profile_edits([replace(mute, id="3", user_id="ben")], instead_of=["1"])
    assert record.profile_edits("amy") == [wish]
    record.add_profile_edits([mute], instead_of=["1"])
    assert record.profile_edits("amy") == [mute]
    assert not record.remove_profile_edit("ben", "2")
    assert record.remove_profile_edit("amy", "2")
    assert record.profile_edits("amy") == []


def test_export_holds_everything_and_erasing_leaves_nothing(record, clock, video):
    start = clock.now - timedelta(days=5)
    plays = [Event(str(n), "amy", EventKind.PLAY, start + timedelta(minutes=n), video) for n in range(1100)]
    other = Event("1", "ben", EventKind.PLAY, start, video)
    edit = ProfileEdit("1", "amy", EditKind.BOOST, "topics", "pets", 1.0, clock.now)
    record.add_events([*plays, other])
    record.put_impressions(batch_of(video, clock))
    record.add_profile_edits([edit])
    first, *events, last = record.export_user("amy")
    assert (first, last) == (edit, batch_of(video, clock))
    assert sorted(events, key=lambda event: event.at) == plays
    assert record.erase_user("amy") == Erased(events=1100, impression_batches=1, edits=1)
    assert list(record.export_user("amy")) == []
    assert record.impressions("r1") is None
    assert record.impression_counts([video]) == {video: 0}
    assert sum(one.count for one in record.event_counts(since=start - timedelta(hours=1))) == 1
    assert record.events("ben") == [other]
    assert record.erase_user("nobody") == Erased(0, 0, 0)
