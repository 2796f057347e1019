from __future__ import annotations

import threading
import uuid
from pathlib import Path

import pytest

from services.library.blobs import BlobStore, video_key
from services.library.errors import BlobMissing, BlobStoreUnavailable, InvalidValue


@pytest.fixture(params=["file", "memory"])
def blobs(request, tmp_path):
    if request.param == "file":
        return BlobStore(f"file://{tmp_path / 'a folder #1 %20'}")
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


def test_a_store_that_cannot_be_opened_names_the_setting():
    with pytest.raises(BlobStoreUnavailable, match="REELWISE_BLOB_URL"):
        BlobStore("nosuchstore://bucket")


def test_video_keys_follow_from_the_content():
    assert video_key("AB" * 32, ".MP4") == f"videos/ab/{'ab' * 32}.mp4"
    assert video_key("ab" * 32, "mp4/../../x") == f"videos/ab/{'ab' * 32}"
    with pytest.raises(InvalidValue):
        video_key("xyz", ".mp4")
