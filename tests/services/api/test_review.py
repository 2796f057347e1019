from __future__ import annotations

import httpx

from tests.services.api.test_api import video_id

CAT = "/v1/review/videos/" + video_id("cat")


def item(view: dict, field: str, target: str) -> dict:
    return next(one for one in view["items"] if (one["field"], one["target"]) == (field, target))


def decide(client: httpx.Client, where: str, **decision) -> httpx.Response:
    body = {"key": decision.pop("key", "key-00000001"), **decision}
    return client.post(f"{where}/decisions", json={"decisions": [body]})


def test_a_rejected_tag_leaves_document_payload_and_reasons_and_comes_back_when_undone(client, library) -> None:
    answer = decide(client, CAT, field="tag", target="cat", action="reject", comment="a dog")
    assert answer.status_code == 200, answer.text
    assert answer.json()["view"]["published"] is True
    assert client.get(f"/v1/videos/{video_id('cat')}/understanding").json()["tags"] == []
    machine = client.get(f"/v1/videos/{video_id('cat')}/understanding", params={"as": "machine"}).json()
    assert machine["tags"][0]["label"] == "cat"
    from services.library.index.port import Collection
    from services.recommend.indexed import point_id

    payload = library.index.retrieve(Collection.VIDEOS, [point_id(video_id("cat"))])[0].payload
    assert (payload["tags"], payload["review_state"]) == ([], "reviewed")
    undone = decide(client, CAT, key="key-00000002", action="undo", undoes=answer.json()["saved"][0]["id"])
    assert item(undone.json()["view"], "tag", "cat")["state"] == "machine"
    assert client.get(f"/v1/videos/{video_id('cat')}/understanding").json()["tags"][0]["label"] == "cat"
    payload = library.index.retrieve(Collection.VIDEOS, [point_id(video_id("cat"))])[0].payload
    assert (payload["tags"], payload["review_state"]) == (["cat"], "machine")


def test_the_queue_hands_videos_out_and_takes_them_back(client) -> None:
    first = client.post("/v1/review/next").json()["item"]
    assert first["why"]
    assert client.post("/v1/review/next").json()["item"]["video_id"] == first["video_id"]
    assert client.post(f"/v1/review/videos/{first['video_id']}/done").status_code == 200
    assert client.post("/v1/review/next").json()["item"]["video_id"] != first["video_id"]
    assert client.get("/v1/review/progress").json()["mine"] == 1
