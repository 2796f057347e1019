"""The bytes of a video in ranges, and its pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api import Service, Sweeping, create_app
from services.api.media_types import UNKNOWN, media_type
from services.api.ranges import ByteRange, Unsatisfiable, parse_range
from services.cli.bridge import InProcessTransport
from services.library.pictures import Pictures
from services.library.record.types import Lane, StageResult, Submission

MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00" + bytes(range(256)) * 20


@pytest.fixture
def video(empty) -> str:
    sha256 = hashlib.sha256(MP4).hexdigest()
    key = f"videos/{sha256[:2]}/{sha256}.html"
    empty.blobs.put_bytes(MP4, key)
    return empty.record.submit(Submission(sha256, len(MP4), key, "a.html", title="A"))[0].id


@pytest.fixture
def client(empty, models) -> Iterator[httpx.Client]:
    app = create_app(Service(empty, models, Sweeping()))
    with httpx.Client(transport=InProcessTransport(app), base_url="http://127.0.0.1") as http:
        yield http


def test_the_whole_file_is_told_by_its_bytes_not_by_its_name(client, video) -> None:
    answer = client.get(f"/v1/videos/{video}/media")
    assert (answer.status_code, answer.content) == (200, MP4)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-length"] == str(len(MP4))


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("bytes=0-99", 0, 100), ("bytes=100-", 100, len(MP4)), ("bytes=-50", len(MP4) - 50, len(MP4)),
     ("bytes=5-999999", 5, len(MP4)), ("bytes=0-0", 0, 1)],
)  # fmt: skip
def test_a_range_is_answered_with_that_part(client, video, asked: str, start: int, stop: int) -> None:
    answer = client.get(f"/v1/videos/{video}/media", headers={"range": asked})
    assert (answer.status_code, answer.content) == (206, MP4[start:stop])
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(MP4)}"


def test_a_range_behind_the_end_is_refused_with_the_size(client, video) -> None:
    answer = client.get(f"/v1/videos/{video}/media", headers={"range": f"bytes={len(MP4)}-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(MP4)}")


def test_ranges_that_may_be_ignored_give_the_whole_file(client, video) -> None:
    for header in ("bytes=0-1,5-6", "lines=1-2", "bytes=9-3", "nonsense"):
        assert client.get(f"/v1/videos/{video}/media", headers={"range": header}).status_code == 200


def test_head_says_the_same_without_a_body(client, video) -> None:
    answer = client.head(f"/v1/videos/{video}/media", headers={"range": "bytes=0-9"})
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (206, b"", "10")


def test_what_is_known_is_not_sent_again_and_a_changed_file_is_sent_whole(client, video) -> None:
    etag = client.head(f"/v1/videos/{video}/media").headers["etag"]
    assert client.get(f"/v1/videos/{video}/media", headers={"if-none-match": etag}).status_code == 304
    part = {"range": "bytes=0-9", "if-range": etag}
    assert client.get(f"/v1/videos/{video}/media", headers=part).status_code == 206
    assert client.get(f"/v1/videos/{video}/media", headers=part | {"if-range": '"other"'}).status_code == 200


def test_a_video_without_pictures_says_so(client, video) -> None:
    assert client.get(f"/v1/videos/{video}/pictures").json()["poster"] is None
    answer = client.get(f"/v1/videos/{video}/poster")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_picture")


def test_pictures_are_served_with_a_tag_that_changes_with_them(client, empty, video) -> None:
    tags = []
    for number in (1, 2):
        key = f"derived/{video}/pictures-{number}/poster.jpg"
        empty.blobs.put_bytes(b"jpeg", key)
        found = Pictures(poster=key, sprite=key, tile_width=8, tile_height=8, columns=1, times=(0.0,))
        empty.record.put_stage_result(
            StageResult(video, "pictures", f"print{number}", {"pictures": found.model_dump(mode="json")}, None, 0.1)
        )
        answer = client.get(f"/v1/videos/{video}/poster")
        assert (answer.content, answer.headers["content-type"]) == (b"jpeg", "image/jpeg")
        tags.append(answer.headers["etag"])
        assert client.get(f"/v1/videos/{video}/poster", headers={"if-none-match": tags[-1]}).status_code == 304
    assert tags[0] != tags[1]


@pytest.mark.parametrize(
    ("head", "kind"),
    [(b"\x1a\x45\xdf\xa3....webm", "video/webm"), (b"\x1a\x45\xdf\xa3....matroska", "video/x-matroska"),
     (b"RIFF....AVI LIST", "video/x-msvideo"), (b"<html><script>", UNKNOWN), (b"", UNKNOWN),
     (b"ID3\x03", "audio/mpeg"), (b"fLaC", "audio/flac"), (b"\xff\xd8\xff\xe0", UNKNOWN)],
)  # fmt: skip
def test_content_types_come_from_the_first_bytes(head: bytes, kind: str) -> None:
    assert media_type(head) == kind


@given(st.text(max_size=40), st.integers(0, 10_000))
def test_any_header_gives_a_range_inside_the_file_or_none(header: str, size: int) -> None:
    try:
        found = parse_range(header, size)
    except Unsatisfiable:
        return
    assert found is None or (0 <= found.start < found.stop <= size)


def test_a_range_of_bytes_has_a_length() -> None:
    assert ByteRange(3, 10).length == 7


def test_health_counts_states_lanes_and_what_was_finished(client, empty, video) -> None:
    health = client.get("/console/data/health").json()
    assert (health["counts"]["queued"], health["waiting"]) == (1, {"prepare": 1})
    lease = empty.record.claim(video, Lane.PREPARE, now=datetime.now(UTC), lease_s=60)
    assert empty.record.reject(lease, "not a video")
    health = client.get("/console/data/health").json()
    assert (health["waiting"], sum(hour["rejected"] for hour in health["hours"])) == ({}, 1)
    assert health["failures"][0]["reason"] == "not a video"
