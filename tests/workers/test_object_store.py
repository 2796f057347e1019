"""The whole pipeline over a store that speaks S3: no lane needs a file where the blobs are."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from services.library.blobs import BlobStore
from services.library.pictures import pictures_of
from services.library.understanding import VideoState
from tests.object_store import s3_server

pytestmark = pytest.mark.models


def test_a_video_whose_blobs_are_all_in_an_object_store_is_understood(
    open_studio, clip, warmed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    with s3_server() as options:
        blobs = BlobStore("s3://reelwise/library", options)
        known = warmed(tmp_path / "known") / "blobs"
        for file in known.rglob("*"):
            if file.is_file() and ".tmp" not in file.parts:
                blobs.put_file(file, str(file.relative_to(known)))
        studio = open_studio(blob_url="s3://reelwise/library", blob_options=options)
        monkeypatch.setattr(tempfile, "tempdir", str(spool))
        video = studio.submit(clip(studio.folder / "remote.mp4", 421, seconds=0.8), title="A remote harbour")
        (done,) = studio.finish(video)
        assert done.state is VideoState.READY, done.reason
        assert blobs.exists(video.blob_key)
        poster = pictures_of(studio.library.record, [video.id])[video.id].poster
        assert poster is not None
        assert blobs.get_bytes(poster)[:2] == b"\xff\xd8"
        assert [left.name for left in spool.iterdir() if left.name.startswith("reelwise-blob-")] == []
        own = studio.library.settings.data_dir / "blobs"
        assert not list(own.rglob(f"*{video.sha256}*"))
