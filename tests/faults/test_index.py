"""The index is down: publishing waits for it, searching says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from models.runtime import Runtime
from services.api import Service, Sweeping, create_app
from services.cli.bridge import InProcessTransport
from services.library.library import Library
from services.library.record.types import Lane
from services.library.understanding import VideoState
from services.settings import Settings
from tests.faults.conftest import DIMS, assert_done_once, run_lanes, submit
from tests.faults.processes import IndexServer
from workers import lanes


@pytest.fixture
def index() -> Iterator[IndexServer]:
    server = IndexServer()
    server.start()
    yield server
    server.stop()


def test_an_index_that_is_down_is_waited_for_and_searches_say_so(
    settings: Settings,
    runtime: Runtime,
    index: IndexServer,
    clips: Callable[[int], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Library.open(settings.model_copy(update={"index_url": index.url}), DIMS) as library:
        parts = Service(library, runtime, Sweeping())
        transport = InProcessTransport(create_app(parts))
        with httpx.Client(transport=transport, base_url="http://127.0.0.1") as client:

            def search() -> httpx.Response:
                return client.get("/v1/search", params={"q": "cat"})

            video = submit(library, clips(1))
            index.stop()
            assert run_lanes(library, runtime, video) is Lane.PUBLISH
            waiting = library.record.resolve(video.id)
            assert (waiting.state, waiting.attempts) == (VideoState.QUEUED, 0)
            assert waiting.reason is not None
            assert f"The index {index.url} did not do as asked" in waiting.reason
            refused = search()
            assert refused.status_code == 503
            assert refused.headers["Retry-After"]
            assert client.get("/readyz").status_code == 503
            index.start()
            assert waiting.not_before is not None
            monkeypatch.setattr(lanes, "utc_now", lambda: waiting.not_before)
            assert run_lanes(library, runtime, video) is None
            assert_done_once(library, video)
            assert [hit["video_id"] for hit in search().json()["videos"]] == [video.id]
        parts.recommender.close()
