from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from services.library.index.port import Collection
from services.library.record.events import Impression, ImpressionBatch

SECRET = "amy-0451-小红"


@pytest.fixture
def videos(add) -> dict[str, str]:
    pets = {name: add(name, 0, topics=["cats"], tags=["cat"], creator="bo") for name in ("cat", "kitten")}
    return {**pets, "goal": add("goal", 1, topics=["football"])}


def test_a_profile_says_which_events_made_it(api, videos) -> None:
    api.post("/v1/events", json=[{"id": "e1", "user": "amy", "video": videos["cat"], "kind": "share"}])
    profile = api.get("/v1/users/amy/profile").json()
    cats = next(one for one in profile["interests"] if one["value"] == "cats")
    assert (cats["score"], cats["name"]["zh"]) == (1.0, "猫")
    assert [(event["id"], event["kind"], event["video_id"]) for event in cats["events"]] == [
        ("e1", "share", videos["cat"])
    ]
    (vector,) = profile["vectors"]
    assert (vector["weight"], vector["title"], vector["events"]) == (1.0, "cat", ["e1"])
    assert profile["session"]["labels"]["topics:cats"] == 1.0
    assert len(api.get("/v1/users/amy/profile", params={"limit": 1}).json()["interests"]) == 1


def test_an_unknown_viewer_has_an_empty_profile_that_says_so(api) -> None:
    profile = api.get("/v1/users/nobody/profile").json()
    assert (profile["interests"], profile["vectors"], profile["session"], profile["edits"]) == ([], [], None, [])
    assert "POST /v1/events" in profile["note"]
    assert api.delete("/v1/users/nobody").json() == {"events": 0, "impression_batches": 0, "edits": 0}
    assert api.get("/v1/users/nobody/export").text == ""


def test_corrections_are_heeded_replaced_and_taken_back(api, videos) -> None:
    def edit(*edits):
        return api.patch("/v1/users/amy/profile", json={"edits": list(edits)})

    api.post("/v1/events", json=[{"user": "amy", "video": videos["cat"], "kind": "like"}])
    mute = {"action": "mute", "field": "topics", "value": "猫"}
    (muted,) = edit(mute).json()["edits"]
    profile = api.get("/v1/users/amy/profile").json()
    assert next(one for one in profile["interests"] if one["value"] == "cats")["muted"] is True
    edit({**mute, "action": "boost", "weight": 3})
    (boost,) = api.get("/v1/users/amy/profile").json()["edits"]
    assert (boost["kind"], boost["value"], boost["weight"]) == ("boost", "cats", 3.0)
    assert boost["id"] != muted["id"]
    assert api.delete(f"/v1/users/amy/profile/edits/{muted['id']}").json()["error"]["code"] == "unknown_edit"
    assert api.delete(f"/v1/users/ben/profile/edits/{boost['id']}").status_code == 404
    assert api.delete(f"/v1/users/amy/profile/edits/{boost['id']}").status_code == 204
    assert api.get("/v1/users/amy/profile").json()["edits"] == []
    refused = [edit({**mute, "value": "nonsense"}), edit({**mute, "weight": 1}), edit({**mute, "field": "x"}), edit()]
    assert [answer.status_code for answer in refused] == [422] * 4


def test_first_choices_shape_a_cold_profile_and_are_replaced_as_a_whole(api, videos) -> None:
    url = "/v1/users/amy/onboarding"
    assert (
        len(api.put(url, json={"topics": ["体育", "sports"], "moods": ["治愈"], "languages": ["zh"]}).json()["edits"])
        == 3
    )
    profile = api.get("/v1/users/amy/profile").json()
    assert {"football", "healing", "zh"} <= {one["value"] for one in profile["interests"]}
    api.put(url, json={"topics": ["pets"]})
    assert [edit["value"] for edit in api.get("/v1/users/amy/profile").json()["edits"]] == ["pets"]
    api.put(url, json={})
    assert api.get("/v1/users/amy/profile").json()["edits"] == []


def test_a_named_wish_is_a_dated_edit(api, videos) -> None:
    answer = api.post("/v1/users/amy/wishes", json={"text": "最近想看足球，不想看猫", "days": 7})
    edits = {edit["value"]: edit for edit in answer.json()["edits"]}
    assert {value: edit["kind"] for value, edit in edits.items()} == {"football": "wish", "cats": "mute"}
    lasts = datetime.fromisoformat(edits["football"]["expires_at"]) - datetime.fromisoformat(edits["football"]["at"])
    assert (lasts, edits["football"]["text"]) == (timedelta(days=7), "最近想看足球，不想看猫")
    assert api.get("/v1/users/amy/profile").json()["interests"][0]["value"] == "football"


def test_everything_can_be_taken_along_and_erased(api, plain, videos) -> None:
    url = f"/v1/users/{quote('a/b 小红', safe='')}"
    api.post("/v1/events", json=[{"id": "1", "user": "a/b 小红", "video": videos["cat"], "kind": "like"}])
    api.patch(f"{url}/profile", json={"edits": [{"action": "boost", "field": "tags", "value": "cat"}]})
    items = (Impression(0, videos["cat"], 0.5),)
    plain.record.put_impressions(ImpressionBatch("r", "a/b 小红", datetime.now(UTC), "default", "", items))
    lines = [json.loads(line) for line in api.get(f"{url}/export").text.splitlines()]
    assert [line["type"] for line in lines] == ["edit", "event", "impressions"]
    assert (lines[1]["id"], lines[2]["items"][0]["video_id"]) == ("1", videos["cat"])
    assert api.delete(url).json() == {"events": 1, "impression_batches": 1, "edits": 1}
    assert api.get(f"{url}/export").text == ""
    assert api.get(f"{url}/profile").json()["note"]


def test_no_trace_of_a_viewer_is_in_logs_or_in_the_index(api, plain, videos, caplog, monkeypatch) -> None:
    url = f"/v1/users/{quote(SECRET)}"
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("httpx").setLevel(logging.WARNING)  # the client of this test, not the service
        api.post("/v1/events", json=[{"id": SECRET, "user": SECRET, "video": videos["cat"], "kind": "like"}])
        api.get("/v1/recommendations", params={"user": SECRET})
        api.get(f"{url}/profile")
        api.put(f"{url}/onboarding", json={"topics": ["pets"]})
        plain.record.engine.dispose()
        monkeypatch.setattr(plain.record, "events", _broken)
        assert api.get(f"{url}/profile").status_code == 500
        with plain.record.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE profile_edits RENAME TO gone")
        assert api.put(f"{url}/onboarding", json={"topics": ["pets"]}).status_code in (500, 503)
        assert api.delete(url).status_code in (500, 503)
    assert SECRET not in caplog.text
    assert quote(SECRET) not in caplog.text
    assert "/v1/users/{user_id:path}/profile" in caplog.text
    points = plain.index.scroll(Collection.VIDEOS, limit=100)
    assert len(points) == 3
    assert SECRET not in json.dumps([point.payload for point in points], ensure_ascii=False)


def _broken(*_: object, **__: object) -> None:
    raise RuntimeError("broken on purpose")


@pytest.mark.parametrize("user", ["%00", "%ED%A0%80", "%1B%5B31m", "..%2F..", "x" * 5000, "%20", "%E5%B0%8F", "a%0Ab"])
def test_hostile_names_get_a_clear_answer(api, user) -> None:
    for method, path in (("GET", "/profile"), ("GET", "/export"), ("DELETE", ""), ("PUT", "/onboarding")):
        answer = api.request(method, f"/v1/users/{user}{path}", json={} if method == "PUT" else None)
        assert answer.status_code in (200, 404, 422), (method, path, answer.text)


def test_hostile_bodies_get_a_clear_answer(api) -> None:
    texts = ["\ud800", "\x00\x1b[2J", "猫" * 501, "", " "]
    for text in texts:
        raw = json.dumps({"text": text})
        answer = api.post("/v1/users/amy/wishes", content=raw, headers={"content-type": "application/json"})
        assert (answer.status_code, set(answer.json())) == (422, {"error"}), text
    many = json.dumps({"topics": ["\udfff"], "\ud800": 1})
    answer = api.put("/v1/users/amy/onboarding", content=many, headers={"content-type": "application/json"})
    assert answer.status_code == 422


def test_a_viewer_with_100_000_events_is_read_in_bounded_steps(api, plain, videos) -> None:
    with plain.record.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO events (id, user_id, kind, at, video_id) "
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999) "
            "SELECT i, 'busy', 'play', strftime('%Y-%m-%d %H:%M:00.000000', 'now', '-' || i || ' minutes'), ? FROM n",
            (videos["cat"],),
        )
    profile = api.get("/v1/users/busy/profile").json()
    assert profile["events_considered"] == 500
    assert api.get("/v1/recommendations", params={"user": "busy"}).status_code == 200
    with plain.record.engine.connect() as connection:
        plan = connection.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT * FROM events WHERE user_id = 'busy' ORDER BY at DESC, number DESC LIMIT 500"
        ).all()
    assert "USING INDEX ix_events_user_id_at" in str(plan)
    assert "TEMP B-TREE" not in str(plan)
    assert api.delete("/v1/users/busy").json()["events"] == 100_000
