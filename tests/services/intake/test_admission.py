"""What does not fit is told to come later, with a time; nothing of it stays, and the command line waits."""

from __future__ import annotations

import errno
import io
import shutil
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from models.profile import load_profile
from models.runtime import Runtime
from services.api import Service, Sweeping, create_app
from services.api.schemas import VideoDetail
from services.cli.analyze import LogReporter, follow
from services.cli.bridge import InProcessTransport
from services.cli.client import Client
from services.intake import NamedStream, admission, submit_upload
from services.intake.errors import StorageFull
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.library.record.types import Lane, Submission
from services.library.understanding import Understanding, VideoFacts, VideoState
from services.settings import Settings

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def opened(tmp_path) -> Callable[..., object]:
    """`with opened(**settings) as (library, http)`: an empty library behind the API."""

    @contextmanager
    def make(**settings: object) -> Iterator[tuple[Library, httpx.Client]]:
        (tmp_path / "videos").mkdir(exist_ok=True)
        given = Settings(data_dir=tmp_path / "data", allowed_roots=(tmp_path / "videos",), **settings)
        runtime = Runtime(load_profile("lite"), given.models_dir)
        with Library.open(given, IndexDims(text=8, visual=8, sound=8)) as library:
            app = create_app(Service(library, runtime, Sweeping()))
            with httpx.Client(transport=InProcessTransport(app), base_url="http://127.0.0.1") as http:
                yield library, http
        runtime.close()

    return make


def post(http: httpx.Client, name: str, **fields: str) -> httpx.Response:
    return http.post("/v1/videos", files={"file": (f"{name}.mp4", name.encode())}, data=fields)


def finish(library: Library, video_id: str) -> None:
    for lane, following in zip(Lane, [*list(Lane)[1:], None], strict=True):
        lease = library.record.claim(video_id, lane, now=datetime.now(UTC), lease_s=60)
        assert lease is not None
        assert library.record.advance(lease, following)


def leftovers(library: Library) -> list[Path]:
    folder = library.settings.data_dir / "incoming"
    return list(folder.iterdir()) if folder.exists() else []


def test_an_uploader_with_too_much_on_its_way_is_told_when_to_come_again_and_others_are_not(opened) -> None:
    with opened(max_backlog_per_uploader=2) as (library, http):
        first = post(http, "a", uploader="amy").json()["id"]
        assert post(http, "b", uploader="amy").status_code == 202
        refused = post(http, "c", uploader="amy")
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "backlog_full")
        assert "REELWISE_MAX_BACKLOG_PER_UPLOADER" in refused.json()["error"]["message"]
        assert refused.headers["retry-after"] == "600", "nothing was done of late, so nothing can be promised"
        assert post(http, "c", uploader="bob").status_code == 202
        finish(library, first)
        assert post(http, "d", uploader="amy").status_code == 202
        assert post(http, "e", uploader="amy").headers["retry-after"] == "600", "two more have to go, one went in 900 s"


def test_the_time_to_wait_comes_from_how_fast_videos_get_done(opened) -> None:
    with opened(max_backlog=1) as (library, http):
        for number in range(30):
            digest = sha256(str(number).encode()).hexdigest()
            finish(library, library.record.submit(Submission(digest, 1, f"videos/{digest}", "made up"))[0].id)
        assert post(http, "a").status_code == 202
        assert post(http, "b").headers["retry-after"] == "30", "30 in 900 s, and one has to go"


def test_an_archive_that_fills_the_queue_does_not_shut_fresh_uploads_out(opened) -> None:
    with opened(max_backlog=2) as (_, http):
        for name in "ab":
            assert post(http, name, priority="backfill").status_code == 202
        assert post(http, "c", priority="backfill").status_code == 429
        assert post(http, "d").status_code == 202
        assert post(http, "e").status_code == 202
        assert post(http, "f").status_code == 429


def test_an_account_that_names_no_uploader_is_the_uploader(opened) -> None:
    with opened() as (_, http):
        video = post(http, "a").json()["id"]
        assert http.get(f"/v1/videos/{video}").json()["uploader"] == "local"


def test_a_disk_with_too_little_room_refuses_uploads_before_their_body_is_read(opened) -> None:
    with opened(min_free_bytes=1 << 60) as (library, http):
        refused = post(http, "a")
        assert (refused.status_code, refused.json()["error"]["code"]) == (507, "storage_full")
        assert "REELWISE_MIN_FREE_BYTES" in refused.json()["error"]["remedy"]
        assert refused.headers["retry-after"]
        assert not leftovers(library)
        assert library.record.videos() == []


@pytest.mark.parametrize("how", ["the limit is reached", "the disk is full"])
def test_a_disk_that_fills_up_on_the_way_leaves_nothing_half_written(opened, monkeypatch, how) -> None:
    class Filling(io.BytesIO):
        reads = 0

        def read(self, *_: object) -> bytes:
            self.reads += 1
            if self.reads == 3:
                if how == "the disk is full":
                    raise OSError(errno.ENOSPC, "No space left on device")
                monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10, 9, 1))
            return b"x" * 1000

    with opened(min_free_bytes=2) as (library, _):
        with pytest.raises(StorageFull):
            submit_upload(library, NamedStream("a.mp4", Filling()))
        assert not leftovers(library)
        assert library.record.videos() == []


def test_analyze_waits_where_there_is_no_room_and_says_so(opened, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(admission, "LONGEST_WAIT_S", 1)
    with opened(max_backlog=1) as (library, http):
        files = [tmp_path / "videos" / name for name in ("a.mp4", "b.mp4")]
        for file in files:
            file.write_bytes(file.name.encode())

        def reject_the_one_on_its_way() -> None:
            for video_id, lane in library.record.due(now=datetime.now(UTC)):
                lease = library.record.claim(video_id, lane, now=datetime.now(UTC), lease_s=60)
                assert lease is not None
                library.record.reject(lease, "no video")
                facts = VideoFacts(id=video_id, source="a file", sha256=video_id * 2)
                library.record.put_understanding(
                    Understanding(state=VideoState.REJECTED, reason="no video", video=facts)
                )

        class Watched(LogReporter):
            waited = False

            def wait(self, name: str, why: str, seconds: float) -> None:
                super().wait(name, why, seconds)
                Watched.waited = True
                reject_the_one_on_its_way()

            def update(self, name: str, detail: VideoDetail) -> None:
                super().update(name, detail)
                if Watched.waited:
                    reject_the_one_on_its_way()

        outcomes = list(follow(Client(http), files, lambda _: {}, Watched()))
        assert [outcome.document.state for outcome in outcomes if outcome.document] == [VideoState.REJECTED] * 2
        said = " ".join(capsys.readouterr().err.split())
        assert "b.mp4: waits 1 s to be handed in: 1 videos are on their way, and REELWISE_MAX_BACKLOG allows 1." in said
