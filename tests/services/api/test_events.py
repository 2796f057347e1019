from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest


@pytest.fixture
def videos(add) -> dict[str, str]:
    pets = {name: add(name, 0, topics=["cats"], duration_s=20.0, creator="bo") for name in ("cat", "kitten")}
    return {**pets, "goal": add("goal", 1, topics=["football"], duration_s=20.0)}


def ago(**delta: float) -> str:
    return (datetime.now(UTC) - timedelta(**delta)).isoformat()


def test_a_batch_keeps_what_is_good_and_says_what_is_not(api, plain, videos) -> None:
    good = {"id": "1", "user": "amy", "video": videos["cat"][:8], "kind": "play", "watch_s": 15, "at": ago(hours=1)}
    bad = [
        {**good, "id": "2", "video": "ffffffff"},
        {**good, "id": "3", "kind": "dance"},
        {**good, "id": "4", "surprise": 1},
        "not an event",
        {**good, "id": "5", "watch_s": -3},
        {**good, "id": "6", "at": (datetime.now(UTC) + timedelta(days=1)).isoformat()},
        {**good, "id": "7", "at": "2026-01-01T00:00:00"},
        {**good, "id": "8", "at": "0001-01-01T00:00:00+14:00"},
        {**good, "id": "9", "user": "\ud800 "},
    ]
    written = json.dumps([*bad, good, good])  # escapes the lone surrogate, as a sender in JavaScript would
    answer = api.post("/v1/events", content=written, headers={"content-type": "application/json"})
    assert answer.status_code == 202
    body = answer.json()
    assert (body["stored"], body["duplicates"]) == (1, 1)
    assert [(one["index"], one["id"], one["reason"]) for one in body["dropped"]] == [
        (0, "2", "unknown_video"),
        (1, "3", "malformed"),
        (2, "4", "malformed"),
        (3, None, "malformed"),
        (4, "5", "impossible_watch"),
        (5, "6", "from_the_future"),
        (6, "7", "malformed"),
        (7, "8", "malformed"),
        (8, "9", "malformed"),
    ]
    assert all(one["message"] for one in body["dropped"])
    (stored,) = plain.record.events("amy")
    assert (stored.video_id, stored.watch_ratio) == (videos["cat"], 0.75)
    (day,) = api.get("/v1/events/quality").json()["days"]
    assert (day["stored"], day["duplicates"], day["dropped"]) == (1, 1, body["dropped_by_reason"])


def test_a_batch_of_which_nothing_can_be_used_is_an_error_of_its_sender(api, videos) -> None:
    events = [{"user": "amy", "video": "ffffff", "kind": "like"}, {"user": "amy"}]
    error = api.post("/v1/events", json=events).json()["error"]
    assert error["code"] == "no_usable_events"
    assert "item 0: there is no video 'ffffff'." in error["message"]
    late = [{"user": "amy", "video": videos["cat"], "kind": "like", "at": ago(days=5000)}]
    assert api.post("/v1/events", json=late).json()["dropped_by_reason"] == {"too_old": 1}
    for body in ([], {}, "x", None, [{"user": "a"}] * 1001):
        assert api.post("/v1/events", json=body).status_code == 422


def test_sending_again_changes_nothing_even_without_ids(api, plain, videos) -> None:
    event = {"user": "amy", "video": videos["cat"], "kind": "like", "at": ago(hours=1)}
    assert api.post("/v1/events", json=[event]).json()["stored"] == 1
    assert api.post("/v1/events", json=[event]).json() == {
        "stored": 0, "duplicates": 1, "dropped": [], "dropped_by_reason": {}
    }  # fmt: skip
    assert len(plain.record.events("amy")) == 1


def test_follows_and_searches_and_the_way_back_to_the_answer_are_kept(api, plain, videos) -> None:
    zoned = (datetime.now(UTC) - timedelta(hours=1)).astimezone(tz=None).strftime("%Y-%m-%dT%H:%M:%S") + "+05:30"
    events = [
        {"user": "amy", "kind": "follow", "video": videos["cat"]},
        {"user": "amy", "kind": "search", "query": "治愈的猫"},
        {"user": "amy", "kind": "like", "video": videos["cat"], "request_id": "r", "position": 2, "at": zoned},
    ]
    assert api.post("/v1/events", json=events).json()["stored"] == 3
    like, follow, search = sorted(plain.record.events("amy"), key=lambda event: event.kind != "like")[:3]
    assert {follow.creator, search.creator} == {"bo", None}
    assert (like.request_id, like.position, like.utc_offset_minutes) == ("r", 2, 330)


def test_an_event_changes_the_next_request(api, videos) -> None:
    def first() -> tuple[str, str]:
        feed = api.get("/v1/recommendations", params={"user": "amy"}).json()
        return feed["basis"], feed["items"][0]["video_id"]

    assert first()[0] == "cold start"
    for liked, next_one in (("cat", "kitten"),):
        api.post("/v1/events", json=[{"user": "amy", "video": videos[liked], "kind": "like"}])
        assert first() == ("interactions", videos[next_one])
    api.post("/v1/events", json=[{"user": "amy", "video": videos["kitten"], "kind": "not_interested"}])
    assert first()[1] == videos["goal"]
