from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from services.library.record.events import EditKind, Event, EventKind, ProfileEdit
from services.recommend import Ask, Basis, Context, Recommender
from services.recommend.exposure import exposure
from services.recommend.recommend import default_sources
from services.recommend.sources.base import Source
from services.recommend.sources.learnt import Learnt
from services.recommend.truth import Told, untruths
from services.recommend.why import UnknownAnswer, why
from tests.services.recommend.made_up import TAXONOMY, Made, Stage, video_id

CATS = tuple(Made(f"cat {n}", 0, ("cat",), ("pets",), ("healing",), creator=f"keeper {n}") for n in range(6))
MEALS = tuple(Made(f"meal {n}", 1, ("noodles",), ("home-cooking",), ("relaxing",), ("meal",)) for n in range(4))
GOALS = tuple(Made(f"goal {n}", 2, ("football",), ("football",), ("exciting",)) for n in range(4))


@pytest.fixture
def zoo(stage: Stage) -> Stage:
    stage.add(*CATS, *MEALS, *GOALS)
    return stage


def names(feed) -> list[str]:
    return [item.title for item in feed.items]


def edit(user: str, kind: EditKind, field: str, value: str, at: datetime, text: str | None = None) -> ProfileEdit:
    return ProfileEdit(f"{user}{kind}{value}", user, kind, field, value, 1.0, at - timedelta(minutes=1), text=text)


def test_three_healing_cats_are_a_reason_that_names_them_all(zoo: Stage) -> None:
    events = zoo.did("amy", "play", "cat 0", "cat 1", "cat 2", ago_s=7200)
    feed = zoo.recommender.recommend(Ask("amy", limit=3))
    first = feed.items[0]
    assert first.title.startswith("cat")
    reason = next(one for one in first.reasons if "三条" in one.text.zh)
    assert reason.text.zh == "因为你最近看了三条治愈中cat视频。"
    assert reason.text.en == "Because you recently watched three healing cat videos."
    assert set(reason.events) == set(events)
    assert reason.evidence
    assert feed.basis == "interactions"
    assert not {"cat 0", "cat 1", "cat 2"} & set(names(feed))


def test_every_answer_is_noted_as_shown_but_a_dry_run(zoo: Stage) -> None:
    feed = zoo.recommender.recommend(Ask("amy", Context(mood="healing"), limit=2, session="s1"))
    batch = zoo.library.record.impressions(feed.request_id)
    assert [one.video_id for one in batch.items] == [item.video_id for item in feed.items]
    assert batch.items[0].reasons[0].en == feed.items[0].reasons[0].text.en
    assert sum(batch.items[0].contributions.values()) == pytest.approx(feed.items[0].score)
    assert (batch.context["mood"], batch.context["session"], batch.policy) == ("healing", "s1", "balanced")
    dry = zoo.recommender.recommend(Ask("amy", dry_run=True))
    assert zoo.library.record.impressions(dry.request_id) is None


def test_what_was_shown_and_not_taken_up_steps_back_and_then_is_left_out(zoo: Stage) -> None:
    first = zoo.recommender.recommend(Ask("amy", limit=3, policy="familiar"))
    second = zoo.recommender.recommend(Ask("amy", limit=3, policy="familiar"))
    assert len(first.items) == len(second.items) == 3
    assert not set(names(first)) & set(names(second))
    for _ in range(20):
        feed = zoo.recommender.recommend(Ask("amy", limit=5))
        assert len(feed.items) == 5  # better the same again than nothing
    repeated = [item for item in feed.items if "repeat" in item.sources]
    assert repeated
    assert all(item.sources["repeat"].contribution <= 0 for item in repeated)


def test_nothing_passes_that_is_severe_withheld_muted_or_in_another_language(zoo: Stage) -> None:
    zoo.add(
        Made("knife", 0, ("cat",), ("pets",), ("healing",), risk="violence"),
        Made("withheld", 0, ("cat",), ("pets",), payload={"review_state": "withheld"}),
        Made("lagging", 0, ("cat",), ("pets",), risk="violence", payload={"safety": []}),
        Made("猫", 0, ("cat",), ("pets",), language="zh"),
    )
    zoo.did("amy", "like", "cat 0")
    zoo.library.record.add_profile_edits(
        [
            edit("amy", EditKind.MUTE, "topics", "sports", zoo.now),
            edit("amy", EditKind.MUTE, "creators", "keeper 1", zoo.now),
        ]
    )
    shown = set(names(zoo.recommender.recommend(Ask("amy", limit=50))))
    assert shown
    assert not shown & {"knife", "withheld", "lagging", "cat 0", "cat 1", "goal 0", "goal 1"}
    only = zoo.recommender.recommend(Ask("amy", Context(language="zh"), limit=50))
    assert names(only) == ["猫"]
    assert only.language == "zh"


def test_a_source_that_fails_is_left_out_and_the_answer_says_so(zoo: Stage) -> None:
    class Broken:
        name, relative = "trending", False

        def applies(self, request) -> bool:
            return True

        def asks(self, request):
            return ()

        def candidates(self, request, answers):
            raise RuntimeError("boom")

        def score(self, request, videos):
            raise AssertionError

    sources: list[Source] = [one for one in default_sources() if one.name != "trending"]
    recommender = Recommender(zoo.library, sources=[*sources, Broken()], cache_s=0.0)
    feed = recommender.recommend(Ask("amy", limit=4))
    assert len(feed.items) == 4
    assert [one.source for one in feed.left_out] == ["trending"]
    assert "RuntimeError" in feed.left_out[0].why


def test_without_the_index_trending_and_new_videos_come_from_the_record(zoo: Stage) -> None:
    zoo.add(Made("knife", 0, risk="violence"))
    for user in ("a", "b", "c"):
        zoo.did(user, "like", "goal 2")
    zoo.did("amy", "play", "cat 3")
    zoo.library.index.close()
    feed = Recommender(zoo.library, clock=lambda: zoo.now, cache_s=0.0).recommend(Ask("amy", limit=20))
    assert names(feed)[0] == "goal 2"
    assert "3 likes" in feed.items[0].reasons[0].text.en
    assert not {"knife", "cat 3"} & set(names(feed))
    assert feed.fallback
    assert feed.basis.startswith("fallback")
    assert len(feed.items) == 13


def test_a_cold_start_says_what_it_went_by(zoo: Stage) -> None:
    record = zoo.library.record
    assert zoo.recommender.recommend(Ask("new")).basis == "cold start"
    feed = zoo.recommender.recommend(Ask("new", Context(mood="治愈", language="en")))
    assert feed.basis == "cold start with context and language"
    assert feed.grounds == (Basis.CONTEXT, Basis.LANGUAGE, Basis.CONTENT)
    record.add_profile_edits([edit("fan", EditKind.ONBOARDING, "topics", "football", zoo.now)])
    feed = zoo.recommender.recommend(Ask("fan", limit=4))
    assert Basis.ONBOARDING in feed.grounds
    zoo.did("someone", "like", "meal 1")
    assert Basis.TRENDS in zoo.recommender.recommend(Ask("newer")).grounds


def test_a_policy_without_new_videos_still_has_something_for_a_first_viewer(zoo: Stage) -> None:
    quiet = Context(local_time=datetime(2026, 3, 4, 3, 30, tzinfo=UTC))
    feed = zoo.recommender.recommend(Ask("new", quiet, limit=3, policy="familiar"))
    assert len(feed.items) == 3
    assert feed.fallback is None or feed.basis.startswith("fallback")
    nobody = zoo.recommender.recommend(Ask("new", Context(language="fr"), policy="familiar"))
    assert nobody.items == ()
    assert nobody.note


def test_an_occasion_is_read_off_the_clock_of_any_zone(zoo: Stage) -> None:
    zoo.now = datetime(2026, 3, 4, 4, 30, tzinfo=UTC)  # a Wednesday, 12:30 in Shanghai
    feed = zoo.recommender.recommend(Ask("new", Context(zone="Asia/Shanghai"), limit=2, policy="familiar"))
    assert names(feed)[0].startswith("meal")
    said = next(reason.text.en for reason in feed.items[0].reasons if reason.source == "fit")
    assert said == "Good at this hour (meal time): relaxing, 20 s, slow music."
    for zone in ("Pacific/Kiritimati", "America/St_Johns", "+05:45", "UTC-12", "Etc/GMT+12"):
        assert zoo.recommender.recommend(Ask("new", Context(zone=zone), dry_run=True)).items


def test_taking_cats_away_lowers_the_cat_and_not_the_meal(zoo: Stage) -> None:
    zoo.did("amy", "like", "cat 0", "cat 1")
    zoo.did("amy", "play", "meal 0", ratio=0.6)
    feed = zoo.recommender.recommend(Ask("amy", limit=11, without=("topic:pets",), dry_run=True))
    cat = next(item for item in feed.items if item.title.startswith("cat"))
    meal = next(item for item in feed.items if item.title.startswith("meal"))
    assert cat.without.lower
    assert cat.without.score < cat.score
    assert not meal.without.lower


def test_why_repeats_what_was_stored_and_every_cause_lowers_its_item(zoo: Stage) -> None:
    zoo.did("amy", "like", "cat 0", "cat 1", "cat 2")
    feed = zoo.recommender.recommend(Ask("amy", limit=3, policy="familiar"))
    first = feed.items[0]
    zoo.did("amy", "skip", first.title, ago_s=-60.0)  # what happened later does not change the explanation
    told = why(zoo.recommender, feed.request_id, first.video_id)
    assert [reason.en for reason in told.item.reasons] == [reason.text.en for reason in first.reasons]
    assert told.without
    assert any(place.lower for place in told.without.values())
    named = why(zoo.recommender, feed.request_id, first.video_id, without=["tag:cat", "topic:pets"])
    assert named.without["tag:cat,topic:pets"].lower
    with pytest.raises(UnknownAnswer):
        why(zoo.recommender, "nonsense", first.video_id)


def test_the_own_newness_of_a_video_is_taken_from_it_alone(zoo: Stage) -> None:
    before = zoo.recommender.recommend(Ask("new", limit=14, dry_run=True))
    alone = zoo.recommender.recommend(Ask("new", limit=14, without=("own:fresh",), dry_run=True))
    everywhere = zoo.recommender.recommend(Ask("new", limit=14, without=("source:fresh",), dry_run=True))
    assert all(item.sources["fresh"].contribution > 0 for item in before.items)
    assert any(item.without.lower for item in alone.items)
    for item in alone.items:
        assert item.without.score == pytest.approx(item.score - item.sources["fresh"].contribution)
    assert sum(item.without.lower for item in alone.items) > sum(item.without.lower for item in everywhere.items)


def test_what_the_viewer_did_comes_before_newness_where_it_carries_more(zoo: Stage) -> None:
    zoo.did("amy", "like", "cat 0", "cat 1", "cat 2", ago_s=7200)
    cats = [item for item in zoo.recommender.recommend(Ask("amy", limit=3)).items if item.title.startswith("cat")]
    assert cats
    assert all(item.reasons[0].events for item in cats)


def test_a_new_video_gets_a_fair_first_audience_and_the_record_shows_how(stage: Stage) -> None:
    old = [Made(f"old {n}", 0, ("cat",), ("pets",), ("healing",)) for n in range(12)]
    stage.add(*old, Made("unwatched", 1, ("noodles",), ("home-cooking",), ("relaxing",)))
    for user in range(8):
        stage.did(f"u{user}", "play", *(video.name for video in old))
    stage.did("amy", "like", "old 0")
    for _ in range(4):
        stage.recommender.recommend(Ask("bob", Context(mood="relaxing"), limit=3, policy="curious"))
    seen = exposure(stage.library.record, stage.library.record.video(video_id("unwatched")), stage.now)
    assert seen.state == "exploring"
    assert seen.newcomer.shown >= 1
    assert seen.explored
    assert seen.explored[0].contributions["unexplored"] > 0
    low, high = seen.interval
    assert low < seen.newcomer.expected == 0.5 < high
    watched = exposure(stage.library.record, stage.library.record.video(video_id("old 1")), stage.now)
    assert watched.newcomer.expected == pytest.approx(9 / 10)


def test_the_adventurous_look_outside_of_the_known_topics(zoo: Stage) -> None:
    zoo.did("amy", "like", "cat 0", "cat 1")
    zoo.did("amy", "not_interested", "goal 0")
    feed = zoo.recommender.recommend(Ask("amy", limit=12, policy="curious"))
    bold = [item for item in feed.items if item.sources.get("adventurous")]
    assert bold
    assert all("cat" not in item.title for item in bold)


def test_what_others_of_the_same_taste_took_to_is_said_only_if_somebody_did(zoo: Stage) -> None:
    class Viewer:
        def best(self, limit, *, without=()):
            return [(video_id("goal 1"), 0.9), (video_id("goal 2"), 0.8)]

        def score(self, video_ids):
            return {one: 0.9 if one == video_id("goal 1") else 0.1 for one in video_ids}

        def causes(self, video):
            return [(video_id("cat 0"), 0.5)]

    zoo.did("amy", "like", "cat 0")
    zoo.did("zoe", "like", "cat 0", "goal 1")
    source = Learnt("collaborative", lambda request: Viewer())
    recommender = Recommender(zoo.library, sources=[*default_sources(), source], clock=lambda: zoo.now, cache_s=0.0)
    feed = recommender.recommend(Ask("amy", limit=11))
    said = {item.title: [one for one in item.reasons if one.source == "collaborative"] for item in feed.items}
    assert said["goal 1"][0].text.en == "Viewers who took to “cat 0”, as you did, took to this too."
    assert not said.get("goal 2")


def test_what_others_went_on_to_is_said_only_if_somebody_did_so_in_that_order(zoo: Stage) -> None:
    class Viewer:
        def best(self, limit, *, without=()):
            return [(video_id("goal 1"), 0.9), (video_id("goal 2"), 0.8)]

        def score(self, video_ids):
            return {one: 0.9 if one.startswith((video_id("goal 1"), video_id("goal 2"))) else 0.1 for one in video_ids}

        def causes(self, video):
            return [(video_id("cat 0"), 0.5)]

    zoo.did("amy", "like", "cat 0")
    zoo.did("zoe", "like", "cat 0", ago_s=600)
    zoo.did("zoe", "like", "goal 1", ago_s=60)
    zoo.did("joe", "like", "goal 2", ago_s=600)
    zoo.did("joe", "like", "cat 0", ago_s=60)
    source = Learnt("sequence", lambda request: Viewer())
    recommender = Recommender(zoo.library, sources=[*default_sources(), source], clock=lambda: zoo.now, cache_s=0.0)
    feed = recommender.recommend(Ask("amy", limit=11))
    said = {item.title: [one for one in item.reasons if one.source == "sequence"] for item in feed.items}
    reason = said["goal 1"][0]
    assert reason.text.en == "Because you liked “cat 0”: somebody who did went on to this."
    assert not untruths(Told(reason, video_id("goal 1"), "amy", zoo.now), zoo.library.record, TAXONOMY)
    assert untruths(Told(reason, video_id("goal 2"), "amy", zoo.now), zoo.library.record, TAXONOMY)
    assert not said["goal 2"]


def test_a_follow_an_edit_and_a_wish_are_reasons(zoo: Stage) -> None:
    zoo.store_events([Event("f1", "amy", EventKind.FOLLOW, zoo.now - timedelta(hours=1), creator="keeper 3")])
    zoo.did("amy", "like", "cat 0")
    zoo.library.record.add_profile_edits(
        [edit("amy", EditKind.WISH, "topics", "football", zoo.now, text="我最近喜欢运动类视频")]
    )
    wish = np.eye(16, dtype=np.float32)[1]
    ask = Ask("amy", Context(wish="something about home cooking"), limit=12, wish=wish)
    feed = zoo.recommender.recommend(ask)
    said = {item.title: [reason.text.en for reason in item.reasons] for item in feed.items}
    meal = next(name for name in said if name.startswith("meal"))
    assert any("something about home cooking" in one for one in said[meal])


@pytest.mark.parametrize("user", ["'; drop table events; --", "\x00", "名" * 200, "👩‍👩‍👧", "a\ud800b", "%s%n", "  "])
def test_hostile_names_get_a_feed(zoo: Stage, user: str) -> None:
    assert zoo.recommender.recommend(Ask(user, limit=2)).items


def test_an_empty_library_says_so(stage: Stage) -> None:
    feed = stage.recommender.recommend(Ask("amy", Context(mood="healing")))
    assert feed.items == ()
    assert "no videos yet" in feed.note
