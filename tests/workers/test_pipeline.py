"""A made clip goes through all lanes with the real models; again, it costs nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from models.profile import load_profile
from models.runtime import Runtime
from services.library.index.port import Collection, Filter
from services.library.record.types import Lane
from services.library.understanding import Understanding, VideoState
from workers.lanes import LaneWorker, utc_now
from workers.pipeline import STAGES, Pipeline

pytestmark = pytest.mark.models


def cited(document: Understanding) -> set[str]:
    labels = (*document.tags, *document.topics, *document.moods, *document.occasions, *document.safety)
    return {line for label in labels for line in label.evidence}


def test_a_clip_ends_ready_with_every_part_of_its_understanding(analysed) -> None:
    document = analysed.document
    assert (analysed.video.state, document.state, document.reason) == (VideoState.READY, VideoState.READY, None)
    assert {line.id[0] for line in document.evidence} >= {"M", "S", "C", "F", "A"}
    assert "tea" in " ".join(line.text for line in document.evidence if line.kind == "S").casefold()
    assert document.segments[0].captions == ("The kettle sings in the kitchen",)
    assert document.summary.en
    assert document.summary.zh
    assert document.why.en
    assert document.why.zh
    assert document.sound.speech_ratio > 0.3
    assert {"tea", "绿茶"} <= {tag.label for tag in document.tags}
    assert (document.video.title, document.video.creator, document.video.has_audio) == (
        "Green tea at home",
        "amy",
        True,
    )
    assert [stage.name for stage in document.stages] == [stage.name for stage in STAGES]
    assert not any(stage.reused for stage in document.stages)


def test_every_label_cites_evidence_that_exists(analysed) -> None:
    document = analysed.document
    ids = [line.id for line in document.evidence]
    assert len(set(ids)) == len(ids)
    assert cited(document) <= set(ids)
    assert all(label.evidence for label in (*document.tags, *document.topics, *document.moods, *document.occasions))


def test_the_index_holds_the_video_with_the_documented_fields_and_vectors(analysed) -> None:
    index = analysed.studio.library.index
    (point,) = index.retrieve(Collection.VIDEOS, [analysed.video.point_id], with_vectors=True)
    assert set(point.vectors) == {"text", "visual", "sound", "lexical"}
    contract = (pytest_root() / "docs/qdrant.md").read_text(encoding="utf-8")
    payloads = contract.split("## Payload of `")
    assert set(point.payload) == set(documented(payloads[1]))
    assert point.payload["video_id"] == analysed.video.id
    assert point.payload["title"] == "Green tea at home"
    moments = index.scroll(Collection.MOMENTS, where=Filter(equals={"video_id": [analysed.video.id]}))
    assert {moment.payload["kind"] for moment in moments} >= {"shot", "speech", "caption"}
    for moment in moments:
        assert set(moment.payload) <= set(documented(payloads[2]))
        assert 0 <= moment.payload["start"] <= moment.payload["end"]


def test_the_same_file_again_reuses_every_stage_and_says_the_same(analysed) -> None:
    studio = analysed.studio
    again = studio.submit(analysed.path, title="Green tea at home", hashtags=("tea", "绿茶"), creator="amy")
    assert again.id == analysed.video.id
    studio.finish(again)
    document = studio.document(again.id)
    assert all(stage.reused for stage in document.stages)
    assert document.model_copy(update={"stages": ()}) == analysed.document.model_copy(update={"stages": ()})
    assert studio.library.index.count(Collection.VIDEOS, Filter(ids=[again.point_id])) == 1


def test_a_task_that_is_delivered_again_does_nothing(analysed) -> None:
    studio = analysed.studio
    worker = LaneWorker(Pipeline(studio.library, studio.runtime), lambda *_: pytest.fail("a stage ran"))
    before = studio.video(analysed.video.id)
    for lane in Lane:
        assert worker.run(analysed.video.id, lane) is None
    assert studio.video(analysed.video.id) == before
    assert worker.run("0" * 32, Lane.PREPARE) is None


def test_a_lane_in_other_hands_is_left_alone(studio, clip) -> None:
    video = studio.submit(clip(studio.folder / "held.mp4", 11))
    lease = studio.library.record.claim(video.id, Lane.PREPARE, now=utc_now(), lease_s=60)
    worker = LaneWorker(Pipeline(studio.library, studio.runtime), lambda *_: pytest.fail("a stage ran"))
    assert worker.run(video.id, Lane.PREPARE) is None
    studio.library.record.reject(lease, "only a test")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [("empty.mp4", b"", "empty"), ("notes.mp4", b"just some words, and more words\n" * 40, "text file")],
)
def test_what_is_no_video_is_rejected_with_a_document_that_says_why(studio, name, content, reason) -> None:
    (studio.folder / name).write_bytes(content)
    video = studio.submit(studio.folder / name, title="Not a video")
    (done,) = studio.finish(video)
    assert done.state is VideoState.REJECTED
    assert reason in done.reason
    document = studio.document(video.id)
    assert (document.state, document.reason, document.video.title) == (done.state, done.reason, "Not a video")
    assert studio.library.index.retrieve(Collection.VIDEOS, [done.point_id]) == []


def test_missing_weights_fail_the_video_with_the_command_and_a_retry_goes_on(open_studio, runtime, clip, tmp_path):
    profile = load_profile("lite").model_dump(mode="json")
    profile["roles"]["sound"]["options"] = {}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(profile | {"name": "mine"}))
    operator = load_profile(str(tmp_path / "mine.yaml"))
    without = Runtime(operator, tmp_path / "no weights here")
    studio = open_studio(without)
    video = studio.submit(clip(studio.folder / "later.mp4", 21), title="Later")
    (failed,) = studio.finish(video)
    assert failed.state is VideoState.FAILED
    assert "reelwise models fetch" in failed.reason
    assert studio.document(video.id).reason == failed.reason
    made = {stage.name for stage in STAGES} - set(Pipeline(studio.library, without).stale(failed))
    studio.library.record.retry(video.id)
    (done,) = replace(studio, runtime=runtime).finish(video)
    assert (done.state, done.reason) == (VideoState.READY, None)
    assert "media" in made


def test_a_stage_that_raises_is_tried_again_and_then_failed_in_words(open_studio, clip) -> None:
    studio = open_studio(max_attempts=2)
    video = studio.submit(clip(studio.folder / "gone.mp4", 31))
    (studio.library.settings.data_dir / "blobs" / video.blob_key).unlink()
    (done,) = studio.finish(video)
    assert (done.state, done.attempts) == (VideoState.FAILED, 2)
    assert done.reason.startswith("prepare: ")
    assert studio.document(video.id).state is VideoState.FAILED
    assert studio.library.record.due(now=utc_now()) == []


def documented(section: str) -> list[str]:
    """Names of the fields in the first table of a section."""
    rows = [line for line in section.split("\n## ")[0].splitlines() if line.startswith("| `")]
    return [row.split("`")[1] for row in rows]


def pytest_root():
    from pathlib import Path

    return Path(__file__).parents[2]
