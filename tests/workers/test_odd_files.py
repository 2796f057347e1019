"""Odd files go through the whole pipeline: each ends ready or rejected with a reason, and leaves nothing half done."""

from __future__ import annotations

import logging

import pytest

from services.library.index.port import Collection
from services.library.understanding import VideoState
from workers.lanes import utc_now

pytestmark = [pytest.mark.models, pytest.mark.shared]

READY = (
    "muted_video_sample.mp4", "first_vid.mp4", "white.mp4", "video_rotation_90.mp4", "var_fps_video.mp4", "demo.gif",
    "no_duration.webm", "hevc_white_frame.mp4", "amr_nb_1f.3gp", "no_timescale.mp4",
)  # fmt: skip
REJECTED = ("result.webm", "video1_dup.mp4", "short-cenc.mp4", "truncated-64bit.mp4", "64bit.mp4")


def test_odd_files_end_ready_or_rejected_and_leave_nothing_half_done(open_studio, shared, caplog) -> None:
    odd = shared / "media/odd"
    studio = open_studio(folder=odd)
    videos = {name: studio.submit(odd / name) for name in (*READY, *REJECTED)}
    with caplog.at_level(logging.WARNING):
        studio.finish(*videos.values())
    done = {name: studio.video(video.id) for name, video in videos.items()}
    assert {name for name, video in done.items() if video.state is VideoState.READY} == set(READY)
    assert {name for name, video in done.items() if video.state is VideoState.REJECTED} == set(REJECTED)
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
    index = studio.library.index
    for name, video in done.items():
        ready = video.state is VideoState.READY
        assert len(index.retrieve(Collection.VIDEOS, [video.point_id])) == (1 if ready else 0), name
        document = studio.document(video.id)
        assert document.state is video.state
        assert (document.summary is not None) == ready, name
        assert ready or len(video.reason.split()) >= 4, name
        # Nobody holds a lease of it, and nothing of it is due.
        assert video.lane is None
    assert studio.library.record.due(now=utc_now()) == []
    assert index.count(Collection.VIDEOS) == len(READY)
