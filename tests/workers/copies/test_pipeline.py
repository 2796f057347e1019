"""An original and its copy, handed in and worked on as anybody's videos are."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import numpy as np
import pytest

from services.api import Service, Sweeping, create_app
from services.cli.bridge import InProcessTransport
from services.library.index.port import Collection
from services.library.understanding import CopyKind
from services.recommend import recommend, search_videos
from tests.media_factory import scenes, write_video


def pictures(seeds: list[int]) -> list[np.ndarray]:
    return scenes(seeds, 1.0, fps=10)


@pytest.fixture(scope="module")
def copied(open_studio: Callable) -> tuple:
    """A library with an original, its mirrored and trimmed copy, and another video."""
    studio = open_studio(max_frames=2, max_ocr_frames=0)
    original = pictures([41, 42, 43, 44, 45])
    copy = [np.ascontiguousarray(picture[:, ::-1]) for picture in original[10:50]]
    videos = [
        studio.submit(write_video(studio.folder / f"{name}.mp4", frames, fps=10), title=name)
        for name, frames in (("original", original), ("copy", copy), ("other", pictures([51, 52, 53])))
    ]
    with studio.working():
        studio.wait([video.id for video in videos], seconds=400)
    return (studio, *videos)


def test_the_document_of_a_copy_names_the_original_and_says_how_it_differs(copied) -> None:
    studio, original, copy, other = copied
    found = studio.document(copy.id).duplicate_of
    assert found is not None
    assert found.original == found.matched == original.id
    assert set(found.match.kinds) == {CopyKind.TRIMMED, CopyKind.MIRRORED}
    assert found.match.speed == pytest.approx(1.0, abs=0.03)
    (span,) = found.match.spans
    assert (span.start, span.end) == pytest.approx((0.0, 4.0), abs=0.5)
    assert (span.original_start, span.original_end) == pytest.approx((1.0, 5.0), abs=0.6)
    assert studio.document(original.id).duplicate_of is None
    assert studio.document(other.id).duplicate_of is None


def test_the_api_names_both_ends(copied) -> None:
    studio, original, copy, _ = copied
    app = create_app(Service(studio.library, studio.runtime, Sweeping()))
    with httpx.Client(transport=InProcessTransport(app), base_url="http://127.0.0.1") as client:
        of_copy = client.get(f"/v1/videos/{copy.id}/duplicates").json()
        of_original = client.get(f"/v1/videos/{original.id}/duplicates").json()
        document = client.get(f"/v1/videos/{copy.id}/understanding").json()
    assert of_copy["duplicate_of"]["original"] == document["duplicate_of"]["original"] == original.id
    assert [entry["video_id"] for entry in of_original["copies"]] == [copy.id]
    assert of_original["duplicate_of"] is None


def test_the_index_names_the_original_and_an_answer_shows_one_of_them(copied) -> None:
    studio, original, copy, other = copied
    stored = studio.library.index.retrieve(Collection.VIDEOS, [original.point_id, copy.point_id])
    assert [point.payload["duplicate_of"] for point in stored] == [None, original.id]
    found = {hit.video_id for hit in search_videos(studio.library, studio.runtime, "a video", limit=10)}
    assert other.id in found
    assert len(found & {original.id, copy.id}) == 1
    feed = {item.video_id for item in recommend(studio.library, "amy").items}
    assert other.id in feed
    assert len(feed & {original.id, copy.id}) == 1


def test_working_on_them_again_changes_no_link(copied) -> None:
    studio, original, copy, _ = copied
    before = studio.document(copy.id).duplicate_of
    for video in (copy, original):
        studio.library.record.retry(video.id)
    studio.finish(copy, original)
    assert studio.document(copy.id).duplicate_of == before
    assert [link.copy_id for link in studio.library.record.copies_of(original.id)] == [copy.id]


def test_a_copy_that_sounds_the_same_takes_over_what_was_heard_where_the_setting_allows_it(
    open_studio: Callable, spoken: Callable[..., np.ndarray]
) -> None:
    studio = open_studio(max_frames=2, max_ocr_frames=0, reuse_copies=True)
    said = (spoken("We make green tea in the kitchen.") * 32000).astype(np.int16)
    frames = scenes([71, 72, 73], len(said) / 16000 / 3, fps=10)
    made = []
    for name, heard in (("original", said), ("copy", said), ("muted", None)):
        path = write_video(
            studio.folder / f"{name}.mp4", frames, fps=10, sound=heard, sound_rate=16000, gop=5 + len(name)
        )
        made.append(studio.submit(path, title=name).id)
        studio.finish(studio.video(made[-1]))
    documents = {found.video.title: found for found in map(studio.document, made)}
    stages = {name: {stage.name: stage for stage in found.stages} for name, found in documents.items()}
    assert "heard in" in (stages["copy"]["speech"].model or "")
    assert stages["copy"]["speech"].seconds == 0
    assert "heard in" not in (stages["muted"]["speech"].model or "")
    assert stages["copy"]["speech"].fingerprint != stages["original"]["speech"].fingerprint
