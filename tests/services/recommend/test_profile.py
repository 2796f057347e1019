from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from services.library.record.events import EditKind, Event, EventKind, ProfileEdit
from services.recommend.catalogue import Catalogue
from services.recommend.evidence import DayPart, Moment
from services.recommend.indexed import LabelKey
from services.recommend.profile import CREATOR, LANGUAGE
from services.recommend.profile_build import build_profile
from services.recommend.rarity import Rarity

NOW = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)  # a Friday evening
PETS, COOKING = LabelKey("topics", "cats"), LabelKey("topics", "home-cooking")


@pytest.fixture
def videos(add) -> dict[str, str]:
    """Three of cats, three of cooking, one of football that nobody acts on."""
    cats = {f"cat{n}": add(f"cat{n}", 0, topics=["cats"], creator="amy", language="en") for n in range(3)}
    meals = {f"meal{n}": add(f"meal{n}", 1, topics=["home-cooking"], creator="bo", language="zh") for n in range(3)}
    return {**cats, **meals, "goal": add("goal", 2, topics=["football"], language="en")}


@pytest.fixture
def profile_of(plain):
    def build(*events, edits=(), now=NOW):
        return build_profile(
            Catalogue(plain.index, ttl_s=0.0), events, now=now, rarity=Rarity(plain.index), edits=edits
        )

    return build


def event(ident, kind, video=None, *, ago_h=48.0, **more) -> Event:
    return Event(ident, "u", kind, NOW - timedelta(hours=ago_h), video, **more)


def edit(kind, field, value, weight=1.0, *, ident="edit", ago_h=1.0, expires_in_h=None) -> ProfileEdit:
    expires = None if expires_in_h is None else NOW + timedelta(hours=expires_in_h)
    return ProfileEdit(ident, "u", kind, field, value, weight, NOW - timedelta(hours=ago_h), expires)


def interest(profile, label):
    return next(one for one in profile.interests if one.label == label)


def test_an_interest_names_the_events_and_videos_it_comes_from(profile_of, videos) -> None:
    profile = profile_of(
        event("like", EventKind.LIKE, videos["cat0"]),
        event("play", EventKind.PLAY, videos["cat1"], watch_s=40, duration_s=40),
        event("meal", EventKind.PLAY, videos["meal0"]),
        event("seen", EventKind.IMPRESSION, videos["goal"]),
    )
    cats = interest(profile, PETS)
    assert (cats.score, cats.events, cats.videos) == (1.0, ("like", "play"), (videos["cat0"], videos["cat1"]))
    assert 0 < interest(profile, COOKING).score < 1
    assert interest(profile, LabelKey(CREATOR, "amy")).score == interest(profile, LabelKey(LANGUAGE, "en")).score == 1
    assert set(profile.seen) == {videos["cat0"], videos["cat1"], videos["meal0"]}
    assert set(profile.labels) == {PETS, COOKING}


def test_older_evidence_counts_less(profile_of, videos) -> None:
    profile = profile_of(
        event("old", EventKind.LIKE, videos["cat0"], ago_h=24 * 21 + 48), event("new", EventKind.LIKE, videos["meal0"])
    )
    assert profile.labels[PETS] == pytest.approx(0.5)


def test_skips_take_interest_away_but_only_a_dislike_turns_it_round(profile_of, videos) -> None:
    skips = [event(f"s{n}", EventKind.SKIP, videos["cat1"]) for n in range(30)]
    liked = event("l", EventKind.LIKE, videos["meal0"])
    assert PETS not in profile_of(liked, *skips).labels
    assert interest(profile_of(liked, *skips), PETS).negative > 1
    assert profile_of(liked, event("n", EventKind.NOT_INTERESTED, videos["cat1"])).labels[PETS] < 0
    halved = profile_of(liked, event("c", EventKind.LIKE, videos["cat0"]), *skips[:3])
    assert 0 < halved.labels[PETS] < halved.labels[COOKING]


def test_two_tastes_are_two_vectors_with_their_events_not_one_mean(profile_of, videos) -> None:
    likes = [event(name, EventKind.LIKE, videos[name]) for name in ("cat0", "cat1", "cat2", "meal0", "meal1")]
    cats, meals = profile_of(*likes, event("no", EventKind.NOT_INTERESTED, videos["meal2"])).vectors
    assert (cats.weight, meals.weight) == (pytest.approx(0.6), pytest.approx(0.4))
    assert set(cats.events) == {"cat0", "cat1", "cat2"}
    assert set(meals.videos) == {videos["meal0"], videos["meal1"]}
    assert cats.medoid in cats.videos
    assert cats.text is not None
    assert meals.text is not None
    assert cats.text[0] > 0.9
    assert meals.text[1] > 0.9
    assert abs(float(cats.text @ meals.text)) < 0.3
    np.testing.assert_allclose(np.linalg.norm(cats.text), 1, rtol=1e-5)


def test_the_session_is_told_from_long_term_taste(profile_of, videos) -> None:
    likes = [event(f"l{n}", EventKind.LIKE, videos[f"cat{n}"]) for n in range(3)]
    now = event("now", EventKind.PLAY, videos["meal0"], ago_h=0.1)
    search = event("find", EventKind.SEARCH, query="家常菜 怎么做", ago_h=0.2)
    profile = profile_of(*likes, now, search)
    assert profile.session is not None
    assert (profile.session.events, profile.session.videos) == (("now", "find"), (videos["meal0"],))
    assert profile.session.labels == {COOKING: 1.0}
    assert profile.session.text is not None
    assert profile.session.text[1] > 0.9
    assert profile.labels[PETS] == 1.0
    assert profile_of(*likes).session is None


def test_mornings_and_evenings_have_interests_of_their_own(profile_of, videos) -> None:
    likes = [
        *(
            event(f"m{n}", EventKind.LIKE, videos["meal0"], ago_h=12 + 24 * (n % 5), utc_offset_minutes=0)
            for n in range(9)
        ),
        *(
            event(f"e{n}", EventKind.LIKE, videos["cat0"], ago_h=24 + 24 * (n % 4), utc_offset_minutes=0)
            for n in range(9)
        ),
    ]
    profile = profile_of(*likes)
    morning = profile.labels_at(Moment(DayPart.MORNING, weekend=False))
    evening = profile.labels_at(Moment(DayPart.EVENING, weekend=False))
    assert morning[COOKING] > morning[PETS]
    assert evening[PETS] > evening[COOKING]
    assert profile.labels_at(Moment(DayPart.NIGHT, weekend=True)) == pytest.approx(profile.labels)


def test_edits_boost_mute_and_forget(profile_of, videos) -> None:
    likes = (event("c", EventKind.LIKE, videos["cat0"]), event("m", EventKind.LIKE, videos["meal0"]))
    boosted = profile_of(*likes, edits=[edit(EditKind.BOOST, "topics", "home-cooking", 2.0)])
    assert boosted.labels[COOKING] == 1 > boosted.labels[PETS] > 0
    assert interest(boosted, COOKING).edits == ("edit",)
    muted = profile_of(*likes, edits=[edit(EditKind.MUTE, "topics", "cats")])
    assert (muted.muted, set(muted.labels)) == ({PETS}, {COOKING})
    assert [anchor.video.video_id for anchor in muted.anchors] == [videos["meal0"]]
    assert [vector.medoid for vector in muted.vectors] == [videos["meal0"]]
    removed = edit(EditKind.REMOVE, "topics", "cats")
    forgetful = profile_of(*likes, edits=[removed])
    assert PETS not in forgetful.labels
    assert [anchor.video.video_id for anchor in forgetful.anchors] == [videos["meal0"]]
    again = event("again", EventKind.LIKE, videos["cat1"], ago_h=0.5)
    assert interest(profile_of(*likes, again, edits=[removed]), PETS).events == ("again",)


def test_a_wish_for_a_whole_field_reaches_its_leaves_until_it_expires(profile_of, videos) -> None:
    like = event("c", EventKind.LIKE, videos["cat0"])
    wish = edit(EditKind.WISH, "topics", "sports", 3.0, expires_in_h=1)
    assert profile_of(like, edits=[wish]).labels[LabelKey("topics", "football")] > 0
    assert set(profile_of(like, edits=[wish], now=NOW + timedelta(hours=2)).labels) == {PETS}
    alone = profile_of(edits=[wish])
    assert alone.cold
    assert alone.labels


def test_nobody_known_has_an_empty_profile(profile_of) -> None:
    profile = profile_of()
    assert profile.cold
    assert (profile.interests, profile.vectors, profile.session, profile.seen) == ((), (), None, ())
