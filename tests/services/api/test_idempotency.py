"""A request that is sent twice is done once: over threads and over API processes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from models.profile import load_profile
from models.runtime import Runtime
from services.api import Service, Sweeping, create_app, routes
from services.cli.bridge import InProcessTransport
from services.library.library import Library
from services.library.record.store import Record
from services.settings import Settings


@pytest.fixture
def apis(plain: Library) -> Iterator[list[httpx.Client]]:
    """Clients of two APIs, each with a record of its own on the same database, as two processes have."""
    runtime = Runtime(load_profile("lite"), Settings().models_dir)
    other = Record.open(plain.settings.resolved_database_url)
    libraries = [plain, Library(plain.settings, other, plain.blobs, plain.index)]
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                httpx.Client(
                    transport=InProcessTransport(create_app(Service(each, runtime, Sweeping()))),
                    base_url="http://127.0.0.1",
                )
            )
            for each in libraries
        ]
    other.close()
    runtime.close()


def post(http: httpx.Client, key: str | None, content: bytes = b"video", **fields: str) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return http.post("/v1/videos", files={"file": ("a.mp4", content)}, data=fields, headers=headers)


def test_the_same_key_and_body_get_the_same_answer_and_one_upload(apis, plain) -> None:
    first, again = post(apis[0], "k"), post(apis[1], "k")
    assert first.json() == again.json()
    assert (first.json()["created"], again.status_code) == (True, 202)
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    assert len(plain.record.uploads(first.json()["id"])) == 1
    assert post(apis[0], None).json()["created"] is False


def test_the_same_key_with_another_body_is_refused(apis) -> None:
    assert post(apis[0], "k", title="one").status_code == 202
    for changed in (post(apis[1], "k", title="two"), post(apis[1], "k", b"other bytes", title="one")):
        assert (changed.status_code, changed.json()["error"]["code"]) == (422, "idempotency_key_reused")


def test_a_request_that_was_refused_may_be_mended_under_its_key(apis) -> None:
    asked = {"json": {"path": "/nowhere/a.mp4"}, "headers": {"Idempotency-Key": "k"}}
    assert apis[0].post("/v1/videos", **asked).status_code == 403
    assert post(apis[0], "k").status_code == 202


def test_while_one_does_it_the_others_are_told_to_wait_and_then_get_its_answer(apis, plain, monkeypatch) -> None:
    begun, go_on = threading.Event(), threading.Event()
    taken_in = routes.videos.submit_upload

    def slowly(*given: object) -> object:
        begun.set()
        assert go_on.wait(60)
        return taken_in(*given)

    monkeypatch.setattr(routes.videos, "submit_upload", slowly)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(post, apis[0], "k")
        assert begun.wait(60)
        meanwhile = post(apis[1], "k")
        go_on.set()
        done = first.result(timeout=60)
    assert (meanwhile.status_code, meanwhile.json()["error"]["code"]) == (409, "request_in_progress")
    assert meanwhile.headers["retry-after"] == "1"
    assert post(apis[1], "k").json() == done.json()
    assert len(plain.record.uploads(done.json()["id"])) == 1


def test_a_key_whose_process_died_is_taken_over_and_an_old_one_is_forgotten(plain) -> None:
    now = datetime(2026, 1, 31, tzinfo=UTC)
    record = Record(plain.record.engine, clock=lambda: now)
    dead = record.begin_request("amy", "k", "f", running_s=60, keep_s=3600)
    now += timedelta(seconds=61)
    assert record.begin_request("amy", "k", "f", running_s=60, keep_s=3600).token != dead.token
    record.end_request(dead.token, 200, {"late": True})
    now += timedelta(seconds=61)
    heir = record.begin_request("amy", "k", "f", running_s=60, keep_s=3600)
    assert heir.answer is None, "who was too late changes nothing"
    record.end_request(heir.token, 200, {"id": 1})
    assert record.begin_request("amy", "k", "f", running_s=60, keep_s=3600).answer == {"id": 1}
    assert record.begin_request("bob", "k", "g", running_s=60, keep_s=3600).answer is None, "keys are an account's own"
    now += timedelta(seconds=3600)
    assert record.begin_request("amy", "k", "another", running_s=60, keep_s=3600).answer is None


def test_one_file_handed_in_many_times_at_once_is_one_video_that_was_new_once(apis, plain) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = [answer.json() for answer in pool.map(lambda n: post(apis[n % 2], None), range(16))]
    assert len({answer["id"] for answer in answers}) == 1
    assert [answer["created"] for answer in answers].count(True) == 1
    assert len(plain.record.videos()) == 1
    assert len(plain.record.uploads(answers[0]["id"])) == 16
