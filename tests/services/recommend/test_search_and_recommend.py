from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest

from services.library.index.port import Collection
from services.library.record.events import Event, EventKind
from services.recommend import (
    Context,
    SearchFilters,
    UnknownLabel,
    recommend,
    search_moments,
    search_videos,
)
from services.recommend.indexed import IndexedVideo, point_id


def video_id(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def like(library, name: str, user: str = "amy") -> None:
    at = datetime.now(UTC)
    library.record.add_events([Event(f"{name} {at}", user, EventKind.LIKE, at, video_id(name))])


def stored(library, video: str) -> IndexedVideo:
    return IndexedVideo.of(point_id(video), library.index.retrieve(Collection.VIDEOS, [point_id(video)])[0].payload)


@pytest.mark.parametrize(
    ("query", "best"), [("football goal", "goal"), ("小猫睡觉", "kitten"), ("手工做面条", "noodles")]
)
def test_a_query_in_either_language_finds_its_video_first(library, models, query, best) -> None:
    assert search_videos(library, models, query)[0].video_id == video_id(best)


def test_a_hit_keeps_the_score_of_every_source_and_cites_the_line_that_says_it(library, models) -> None:
    hit = search_videos(library, models, "goal")[0]
    assert {"text", "lexical", "visual"} <= set(hit.sources)
    assert hit.score == pytest.approx(sum(score.contribution for score in hit.sources.values()))
    assert any(reason.evidence == ("S1",) and "goal" in reason.text.en for reason in hit.reasons)


def test_a_mood_named_in_the_query_is_a_reason(library, models) -> None:
    hit = search_videos(library, models, "治愈")[0]
    assert hit.video_id in {video_id("cat"), video_id("kitten")}
    assert any(label.value == "healing" for reason in hit.reasons for label in reason.labels)


def test_filters_take_names_in_either_language_and_unknown_ones_are_told(library, models) -> None:
    found = search_videos(library, models, "video", filters=SearchFilters(mood="治愈", language="zh"))
    assert [hit.video_id for hit in found] == [video_id("kitten")]
    with pytest.raises(UnknownLabel, match="no mood"):
        search_videos(library, models, "video", filters=SearchFilters(mood="sleepyish"))


def test_a_moment_has_a_time_to_jump_to(library, models) -> None:
    hit = search_moments(library, models, "the crowd goes wild")[0]
    assert (hit.video_id, hit.start, hit.end) == (video_id("goal"), 0.0, 4.0)


def test_liking_a_cat_brings_the_other_cat_first_and_says_so_truly(library) -> None:
    like(library, "cat")
    feed = recommend(library, "amy")
    first = feed.items[0]
    assert first.video_id == video_id("kitten")
    assert any("Because you liked “My cat opens the door”" in reason.text.en for reason in first.reasons)
    assert video_id("cat") not in {item.video_id for item in feed.items}


def test_no_reason_names_a_label_that_the_payload_does_not_hold(library) -> None:
    like(library, "cat")
    like(library, "noodles")
    for context in (Context(), Context(mood="exciting", occasion="break"), Context(hour=23)):
        for item in recommend(library, "amy", context=context).items:
            assert 1 <= len(item.reasons) <= 3
            for reason in item.reasons:
                assert set(reason.labels) <= set(stored(library, item.video_id).labels)
                assert set(reason.interactions) <= {video_id("cat"), video_id("noodles")}


def test_a_severe_risk_and_a_seen_video_never_come(library) -> None:
    assert video_id("fight") not in {item.video_id for item in recommend(library, "nobody", limit=50).items}


def test_an_unknown_viewer_gets_a_feed_that_fits_the_context(library) -> None:
    feed = recommend(library, "nobody", context=Context(mood="healing"))
    assert feed.basis == "cold start with context"
    assert feed.items[0].video_id in {video_id("cat"), video_id("kitten")}
    assert "healing" in feed.items[0].reasons[0].text.en


def test_contributions_add_up_to_the_score_and_the_language_asked_for_holds(library) -> None:
    feed = recommend(library, "nobody", context=Context(language="zh"))
    assert [item.video_id for item in feed.items] == [video_id("kitten")]
    item = feed.items[0]
    assert item.score == pytest.approx(sum(score.contribution for score in item.sources.values()))


def test_an_empty_library_gives_an_empty_feed_with_a_note(empty) -> None:
    feed = recommend(empty, "nobody")
    assert feed.items == ()
    assert feed.note is not None
    assert "no videos yet" in feed.note
