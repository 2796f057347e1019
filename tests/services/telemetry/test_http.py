"""Requests have an id, a span, a time and a log line, by route template; nobody is named in them."""

from __future__ import annotations

import httpx
import pytest

from services.library.library import Library
from services.telemetry.meters import meters

PRIVATE = ("amy-the-viewer", "secret-search", "rw_abcdefgh12345678")


def seen(method: str, route: str, status: str) -> float:
    labels = {"method": method, "route": route, "status": status}
    name = "reelwise_http_request_duration_seconds_count"
    return meters().registry.get_sample_value(name, labels) or 0.0


def test_an_answer_has_the_id_of_its_request(api: httpx.Client) -> None:
    assert api.get("/v1/videos", headers={"x-request-id": "upload-7"}).headers["x-request-id"] == "upload-7"
    first, second = (api.get("/v1/videos").headers["x-request-id"] for _ in range(2))
    assert len(first) == 32
    assert first != second


@pytest.mark.parametrize("forged", ["two words", "a" * 65, 'x","level":"error'])
def test_an_id_that_could_forge_a_log_line_is_replaced(api: httpx.Client, forged: str) -> None:
    assert api.get("/v1/videos", headers={"x-request-id": forged}).headers["x-request-id"] != forged


def test_a_line_and_a_time_name_the_route_and_nobody(api: httpx.Client, lines, spans) -> None:
    route, before = "/v1/users/{user_id:path}/profile", seen("GET", "/v1/users/{user_id:path}/profile", "2xx")
    headers = {"authorization": f"Bearer {PRIVATE[2]}", "x-request-id": "r1"}
    assert api.get(f"/v1/users/{PRIVATE[0]}/profile", params={"q": PRIVATE[1]}, headers=headers).status_code == 200
    (line,) = [line for line in lines() if line.get("http_route") == route]
    assert (line["http_method"], line["http_status"], line["request_id"]) == ("GET", 200, "r1")
    assert seen("GET", route, "2xx") == before + 1
    (made,) = [one for one in spans if one.name == f"GET {route}"]
    assert made.attributes["http.route"] == route
    assert line["event"] == f"GET {route}: 200"
    assert int(line["trace_id"], 16) == made.context.trace_id
    told = str(lines()) + str([(one.name, dict(one.attributes)) for one in spans])
    assert not any(private in told for private in PRIVATE)


def test_addresses_that_nothing_answers_are_one_route(api: httpx.Client) -> None:
    before = seen("GET", "(none)", "4xx")
    for path in ("/wp-login.php", "/v1/nothing/here", "/.env"):
        assert api.get(path).status_code == 404
    assert seen("GET", "(none)", "4xx") == before + 3


def test_a_refused_request_is_seen_as_well(api: httpx.Client, lines) -> None:
    before = seen("POST", "(none)", "4xx")
    assert api.post("/v1/videos", json={}, headers={"origin": "https://evil.example"}).status_code == 403
    assert seen("POST", "(none)", "4xx") == before + 1
    assert lines()[-1]["http_status"] == 403


def test_a_mistake_of_ours_is_told_with_the_request_id(api: httpx.Client, library: Library, lines, monkeypatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(type(library.record), "videos", broken)
    answer = api.get("/v1/videos", headers={"x-request-id": "r9"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (500, "r9")
    assert answer.json()["error"]["code"] == "internal"
    (line,) = [line for line in lines() if "exception" in line]
    assert (line["request_id"], line["logger"]) == ("r9", "services.api.errors")
    assert "a mistake" in line["exception"]


def test_probes_are_no_news(api: httpx.Client, lines, spans) -> None:
    api.get("/healthz")
    assert [line["level"] for line in lines() if line.get("http_route") == "/healthz"] == ["debug"]
    assert spans == []


def test_a_caller_s_trace_goes_on(api: httpx.Client, spans) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    api.get("/v1/videos", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    (made,) = [one for one in spans if one.name == "GET /v1/videos"]
    assert f"{made.context.trace_id:032x}" == trace
    assert f"{made.parent.span_id:016x}" == "b7ad6b7169203331"
