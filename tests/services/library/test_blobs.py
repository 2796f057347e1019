from __future__ import annotations

import os
import shutil
import tempfile
import threading
import uuid
from pathlib import Path

import pytest

from services.library.blobs import BlobStore, video_key
from services.library.errors import BlobMissing, BlobStoreUnavailable, InvalidValue
from tests.object_store import s3_server


@pytest.fixture(scope="module")
def object_store():
    with s3_server() as options:
        yield options


@pytest.fixture(params=["file", "memory", "s3"])
def blobs(request, tmp_path):
    if request.param == "file":
        return BlobStore(f"file://{tmp_path / 'a folder #1 %20'}")
    if request.param == "s3":
        return BlobStore(f"s3://reelwise/{uuid.uuid4().hex}", request.getfixturevalue("object_store"))
    return BlobStore(f"memory://{uuid.uuid4().hex}")


def test_what_is_put_comes_back(blobs, tmp_path):
    clip = tmp_path / "猫.mp4"
    clip.write_bytes(bytes(range(256)) * 5000)
    blobs.put_file(clip, "videos/ab/x.mp4")
    blobs.put_bytes(b"", "empty")
    assert blobs.get_bytes("videos/ab/x.mp4") == clip.read_bytes()
    assert (blobs.size("videos/ab/x.mp4"), blobs.size("empty")) == (1_280_000, 0)
    assert blobs.exists("empty")
    assert not blobs.exists("videos/ab")
    with blobs.local_path("videos/ab/x.mp4") as path:
        assert path.suffix == ".mp4"
        assert path.read_bytes() == clip.read_bytes()


def test_editing_the_original_leaves_the_blob(blobs, tmp_path):
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"first")
    blobs.put_file(clip, "a.mp4")
    with clip.open("r+b") as original:
        original.write(b"FIRST")
    assert blobs.get_bytes("a.mp4") == b"first"


def test_a_missing_blob_is_named(blobs):
    for read in (blobs.get_bytes, blobs.size, lambda key: blobs.local_path(key).__enter__()):
        with pytest.raises(BlobMissing, match="'nope/x'"):
            read("nope/x")
    assert blobs.delete("nope/x") is False


def test_blobs_are_deleted_one_by_one_and_by_folder(blobs):
    for key in ("v/a/1", "v/a/b/2", "v/ab/3", "w"):
        blobs.put_bytes(b"x", key)
    assert blobs.delete("w") is True
    assert blobs.delete_prefix("v/a") == 2
    assert blobs.delete_prefix("v/a") == 0
    assert [blobs.exists(key) for key in ("v/a/1", "v/a/b/2", "v/ab/3", "w")] == [False, False, True, False]


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a\\b", "C:/x", ".tmp/x", "a\0", "s3://b"]
)
def test_a_key_cannot_leave_the_store(blobs, key):
    for use in (
        blobs.get_bytes,
        blobs.exists,
        blobs.delete,
        blobs.delete_prefix,
        lambda key: blobs.put_bytes(b"", key),
    ):
        with pytest.raises(InvalidValue):
            use(key)


def test_a_reader_never_sees_half_a_blob(tmp_path):
    blobs = BlobStore(f"file://{tmp_path}")
    versions = [bytes([letter]) * 3_000_000 for letter in b"abcd"]
    blobs.put_bytes(versions[0], "x")
    done = threading.Event()

    def write():
        for number in range(40):
            blobs.put_bytes(versions[number % 4], "x")
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = 0
    while not done.is_set():
        assert blobs.get_bytes("x") in versions
        seen += 1
    writer.join()
    assert seen > 0
    assert list((tmp_path / ".tmp").iterdir()) == []


def test_a_failed_write_leaves_nothing_behind(tmp_path):
    blobs = BlobStore(f"file://{tmp_path}")
    with pytest.raises(OSError, match="No such file"):
        blobs.put_file(Path("/nonexistent/clip.mp4"), "x")
    blobs.put_bytes(b"", "folder/file")
    with pytest.raises(BlobStoreUnavailable, match="folder"):
        blobs.put_bytes(b"", "folder")
    assert list((tmp_path / ".tmp").iterdir()) == []


def test_a_large_file_goes_to_an_object_store_in_parts_and_is_read_in_ranges(object_store, tmp_path):
    blobs = BlobStore("s3://reelwise/large", object_store)
    file = tmp_path / "large.mp4"
    with file.open("wb") as target:  # above what is sent in one request
        for number in range(110):
            target.write(bytes([number]) * 2**20)
    blobs.put_file(file, "large.mp4")
    info = blobs._fs.info("reelwise/large/large.mp4")
    assert (info["size"], info["ETag"].strip('"').endswith("-3")) == (110 * 2**20, True)  # parts of 50 MiB
    start = 49 * 2**20 + 7
    assert b"".join(blobs.read_range("large.mp4", start, start + 2**20)) == bytes([49]) * (2**20 - 7) + bytes([50]) * 7


def test_what_another_process_writes_to_an_object_store_is_seen(object_store):
    here, there = (BlobStore("s3://reelwise/seen", object_store) for _ in range(2))
    assert not here.exists("a/b")
    there.put_bytes(b"new", "a/b")
    assert here.exists("a/b")
    there.put_bytes(b"newer", "a/b")
    assert (here.get_bytes("a/b"), here.size("a/b")) == (b"newer", 5)
    there.delete("a/b")
    assert not here.exists("a/b")


def test_the_copy_of_a_remote_blob_is_gone_after_it_was_read_and_is_not_made_where_it_does_not_fit(
    object_store, tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    blobs = BlobStore("s3://reelwise/spool", object_store)
    blobs.put_bytes(b"x" * 1000, "x.mp4")
    with blobs.local_path("x.mp4") as path:
        assert path.is_relative_to(tmp_path)
    assert list(tmp_path.iterdir()) == []
    full = shutil.disk_usage(tmp_path)._replace(free=500)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    with pytest.raises(BlobStoreUnavailable, match="TMPDIR"), blobs.local_path("x.mp4"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_copies_whose_reader_was_killed_are_swept_a_day_later(object_store, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    old, new = tmp_path / "reelwise-blob-old", tmp_path / "reelwise-blob-new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "clip.mp4").write_bytes(b"x")
    os.utime(old, (0, 0))
    BlobStore("s3://reelwise", object_store)
    assert [left.name for left in tmp_path.iterdir()] == [new.name]


def test_an_object_store_that_does_not_answer_or_has_no_such_bucket_is_told(object_store):
    nobody = {"endpoint_url": "http://127.0.0.1:9", "config_kwargs": {"retries": {"max_attempts": 0}}}
    away = BlobStore("s3://reelwise/x", object_store | nobody)
    away._fs.retries = 1
    with pytest.raises(BlobStoreUnavailable, match="Check that it is there"):
        away.put_bytes(b"x", "x")
    with pytest.raises(BlobStoreUnavailable):
        BlobStore("s3://nosuchbucket", object_store).put_bytes(b"x", "x")


def test_a_store_that_cannot_be_opened_names_the_setting():
    with pytest.raises(BlobStoreUnavailable, match="REELWISE_BLOB_URL"):
        BlobStore("nosuchstore://bucket")


def test_video_keys_follow_from_the_content():
    assert video_key("AB" * 32, ".MP4") == f"videos/ab/{'ab' * 32}.mp4"
    assert video_key("ab" * 32, "mp4/../../x") == f"videos/ab/{'ab' * 32}"
    with pytest.raises(InvalidValue):
        video_key("xyz", ".mp4")
