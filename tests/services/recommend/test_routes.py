"""The routes of recommendations over a library that loads no model."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import httpx
import numpy as np
import pytest

from services.api import Service, Sweeping, create_app
from services.cli.bridge import InProcessTransport
from services.recommend import QueryModels
from tests.services.recommend.made_up import Stage, catalogue, video_id


class Words:
    """Stands for the text model: every wish lies on the axis of the second topic."""

    def embed_queries(self, texts: list[str]) -> Any:
        return np.eye(16, dtype=np.float32)[[1] * len(texts)]


@pytest.fixture
def http(stage: Stage) -> Iterator[httpx.Client]:
    stage.add(*catalogue(18))
    stage.did("amy", "like", catalogue(18)[0].name)
    app = create_app(Service(stage.library, cast(QueryModels, SimpleNamespace(text=Words())), Sweeping()))
    with httpx.Client(transport=InProcessTransport(app), base_url="http://127.0.0.1") as client:
        yield client


def test_a_feed_its_reasons_and_a_new_videos_audience_are_found_again(http: httpx.Client) -> None:
    asked = {
        "user": "amy",
        "limit": 4,
        "context": {"mood": "治愈", "zone": "Asia/Shanghai", "wish": "home cooking", "audience": "zh"},
        "counterfactual": ["video:" + video_id(catalogue(1)[0].name)],
        "reasons_in": "zh",
    }
    feed = http.post("/v1/recommendations", json=asked).json()
    assert len(feed["items"]) == 4
    assert feed["basis"] == "interactions and context"
    item = feed["items"][0]
    assert item["reasons"][0]["said"] == item["reasons"][0]["text"]["zh"]
    assert item["score"] == pytest.approx(sum(one["contribution"] for one in item["sources"].values()))
    assert item["without"]["causes"] == asked["counterfactual"]
    assert any("wish" in one["sources"] for one in feed["items"])
    told = http.get(f"/v1/recommendations/{feed['request_id']}/why/{item['video_id'][:8]}").json()
    assert [one["zh"] for one in told["reasons"]] == [one["text"]["zh"] for one in item["reasons"]]
    assert told["without"]
    seen = http.get(f"/v1/videos/{item['video_id']}/exposure").json()
    assert (seen["state"], seen["shown"], seen["budget"]) == ("exploring", 1, 200)


def test_the_plain_address_takes_the_same_and_a_dry_run_leaves_no_trace(http: httpx.Client) -> None:
    feed = http.get("/v1/recommendations", params={"user": "new", "policy": "curious", "dry_run": True}).json()
    assert (feed["policy"], feed["variant"]) == ("curious", "asked")
    gone = http.get(f"/v1/recommendations/{feed['request_id']}/why/{feed['items'][0]['video_id']}")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "unknown_recommendation")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"user": "a", "policy": "nope"}, "unknown_policy"),
        ({"user": "a", "context": {"zone": "Mars/Olympus"}}, "invalid_context"),
        ({"user": "a", "context": {"mood": "sleepyish"}}, "unknown_label"),
        ({"user": "a", "counterfactual": ["cooking"]}, "unknown_cause"),
        ({"user": "a", "counterfactual": ["source:smell"]}, "unknown_cause"),
        ({"user": "a", "limit": 0}, "invalid_request"),
        ({"user": " "}, "invalid_request"),
        ({"user": "a", "contxt": {}}, "invalid_request"),
    ],
)
def test_what_the_request_says_wrongly_is_told(http: httpx.Client, body: dict[str, Any], code: str) -> None:
    answer = http.post("/v1/recommendations", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)


def test_the_index_being_away_is_said_and_the_feed_goes_on(http: httpx.Client, stage: Stage) -> None:
    stage.library.index.close()
    answer = http.post("/v1/recommendations", json={"user": "amy", "limit": 5})
    assert answer.status_code == 200
    assert len(answer.json()["items"]) == 5
    assert "index" in answer.json()["fallback"]
