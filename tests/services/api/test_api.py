from __future__ import annotations

import hashlib
import json
from pathlib import Path

import jsonschema

from services.api.routes.system import understanding_schema

ROOT = Path(__file__).parents[3]


def video_id(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def test_the_schema_in_the_docs_is_the_one_that_is_published(client) -> None:
    written = json.loads((ROOT / "docs/understanding.schema.json").read_text(encoding="utf-8"))
    assert written == understanding_schema() == client.get("/v1/schema/understanding").json()


def test_an_understanding_is_found_by_the_beginning_of_its_id_and_fits_the_schema(client) -> None:
    document = client.get(f"/v1/videos/{video_id('cat')[:6]}/understanding").json()
    jsonschema.validate(document, understanding_schema())
    assert document["video"]["title"] == "My cat opens the door"


def test_an_upload_is_queued_with_its_fields_and_subtitles_and_not_ready_yet(client) -> None:
    files = [("file", ("a.mp4", b"bytes")), ("subtitles", ("a.srt", b"1\n00:00:00,000 --> 00:00:01,000\nhi\n"))]
    answer = client.post("/v1/videos", files=files, data={"title": "A", "hashtags": "#cats #fun"})
    assert answer.status_code == 202
    assert answer.json()["created"] is True
    detail = client.get(answer.json()["links"]["self"]).json()
    assert (detail["state"], detail["title"]) == ("queued", "A")
    assert (detail["uploads"][0]["hashtags"], detail["uploads"][0]["subtitles"]) == (["cats", "fun"], 1)
    waiting = client.get(answer.json()["links"]["understanding"])
    assert (waiting.status_code, waiting.json()["error"]["code"]) == (409, "not_ready")
    assert client.post("/v1/videos", files=files).json()["created"] is False


def test_a_path_outside_the_roots_is_refused_even_through_a_link(client, library, tmp_path) -> None:
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(b"x")
    link = library.settings.allowed_roots[0] / "link.mp4"
    link.symlink_to(secret)
    for path in (secret, link):
        answer = client.post("/v1/videos", json={"path": str(path)})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "source_forbidden")


def test_every_error_has_one_shape(client) -> None:
    answers = [
        client.get("/v1/videos/ffffff0000"),
        client.get("/v1/videos/xyz"),
        client.get("/v1/search"),
        client.get("/nowhere"),
        client.post("/v1/videos", json={"path": "/a", "url": "http://b"}),
        client.post("/v1/videos", content=b"{", headers={"content-type": "application/json"}),
        client.post("/v1/videos", content=b"x", headers={"content-type": "text/plain"}),
        client.get("/v1/recommendations", params={"user": "a", "mood": "nope"}),
    ]
    assert [answer.status_code for answer in answers] == [404, 422, 422, 404, 422, 422, 415, 422]
    for answer in answers:
        assert set(answer.json()["error"]) == {"code", "message", "remedy"}


def test_a_stranger_host_or_site_is_refused(client) -> None:
    assert client.get("/healthz", headers={"host": "evil.example"}).status_code == 400
    answer = client.post("/v1/events", json=[], headers={"origin": "https://evil.example"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "cross_site")


def test_search_answers_videos_and_moments(client) -> None:
    videos = client.get("/v1/search", params={"q": "football goal"}).json()["videos"]
    assert videos[0]["video_id"] == video_id("goal")
    moments = client.get("/v1/search", params={"q": "the crowd goes wild", "kind": "moments"}).json()["moments"]
    assert (moments[0]["start"], moments[0]["end"]) == (0.0, 4.0)


def test_openapi_and_health_answer(client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths["/v1/videos"]["post"]["requestBody"]["content"]) == {"application/json", "multipart/form-data"}
    assert client.get("/healthz").json()["status"] == "ok"
    assert client.get("/readyz").json()["ready"] is True
    assert client.get("/v1/taxonomy").json()["moods"]
