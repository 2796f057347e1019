from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from services.library.blobs import BlobStore
from services.library.preference import Reaction
from services.library.record.events import EventKind
from services.library.sequences import load_sequence_model, sequence_versions
from services.recommend.sequence import SequenceSpace
from workers.training.sequence import SequenceParameters, learn_sequence, train_sequence
from workers.training.sequence_data import read_sequences

NOW = datetime(2026, 1, 1, tzinfo=UTC)
VIDEOS, VIEWERS = 8, 48
SMALL = SequenceParameters(width=16, batch=16, epochs=80, patience=80, min_viewers=10, min_videos=5)


def contents(video_ids: Iterable[str]) -> dict[str, np.ndarray]:
    """A video a direction; `new`, which nobody has taken to, lies where video 3 does."""
    axes = np.eye(VIDEOS, dtype=np.float32)
    return {one: axes[3 if one == "new" else int(one)] for one in video_ids}


def likes(user: str, *videos: int) -> Iterator[Reaction]:
    """In this order, an hour apart."""
    for place, video in enumerate(videos):
        yield Reaction(user, str(video), EventKind.LIKE, at=NOW + timedelta(hours=place))


def rounds() -> list[Reaction]:
    """Everybody goes round the videos in the same order, each from another start."""
    return [
        one
        for viewer in range(VIEWERS)
        for one in likes(f"viewer-{viewer:02}", *((viewer + step) % VIDEOS for step in range(6)))
    ]


@pytest.fixture
def blobs(tmp_path) -> BlobStore:
    return BlobStore(f"file://{tmp_path / 'blobs'}")


@pytest.mark.parametrize("sampled", [8192, 3], ids=["against all", "against a sample"])
def test_it_learns_what_comes_next_and_scores_a_video_nobody_has_liked_by_its_content(sampled: int) -> None:
    data = read_sequences(rounds(), contents)
    space = SequenceSpace(learn_sequence(data, replace(SMALL, sampled=sampled), now=NOW))
    viewer = space.viewer(["7", "0", "1", "2"], contents)
    assert viewer.best(1, without=viewer.taken) == [("3", pytest.approx(viewer.score(["3"])["3"], abs=1e-4))]
    scores = viewer.score(["new", "3", "4", "5", "6"])
    assert set(sorted(scores, key=scores.get)[-2:]) == {"3", "new"}
    # What was seen last says most of what comes next.
    assert viewer.causes("3")[0][0] == "2"


def test_a_model_that_is_better_than_popularity_is_put_in_use(blobs: BlobStore) -> None:
    told: list[tuple[int, int]] = []
    outcome = train_sequence(
        rounds(), contents, blobs, now=NOW, parameters=SMALL, progress=lambda done, most: told.append((done, most))
    )
    assert (outcome.reason, outcome.viewers, outcome.videos) == (None, VIEWERS, VIDEOS)
    assert outcome.ndcg > 0.9 > outcome.popular_ndcg
    assert told == [(epoch, 80) for epoch in range(1, 81)]
    stored = load_sequence_model(blobs, sequence_versions(blobs).in_use().version)
    assert (stored.meta.version, stored.meta.asked) == (outcome.version, round(0.15 * VIEWERS))
    assert set(stored.video_ids) == set(map(str, range(VIDEOS)))


def test_nobody_is_named_in_what_is_stored(blobs: BlobStore) -> None:
    version = train_sequence(rounds(), contents, blobs, now=NOW, parameters=SMALL).version
    assert b"viewer-" not in blobs.get_bytes(f"sequences/{version}.npz")


def test_a_model_that_is_no_better_leaves_what_was_in_use(blobs: BlobStore) -> None:
    before = train_sequence(rounds(), contents, blobs, now=NOW, parameters=SMALL).version
    alike = np.ones(4, np.float32)
    outcome = train_sequence(
        # All took to 0, 1 and 2 in some order, and their content is the same: order says nothing, counts do.
        [one for viewer in range(20) for one in likes(f"v{viewer:02}", 5 + viewer % 2, viewer % 5, 0, 1, 2)],
        lambda ids: dict.fromkeys(ids, alike), blobs, now=NOW, parameters=replace(SMALL, epochs=3),
    )  # fmt: skip
    assert outcome.version is None
    assert "no better" in outcome.reason
    assert sequence_versions(blobs).in_use().version == before


def test_too_little_is_said_in_words_and_reads_no_content(blobs: BlobStore) -> None:
    def unread(_: Iterable[str]) -> dict[str, np.ndarray]:
        raise AssertionError("content is read for nothing")

    outcome = train_sequence(rounds(), unread, blobs, now=NOW, parameters=replace(SMALL, min_viewers=49))
    assert outcome.version is None
    assert f"{VIEWERS} viewers took to three videos or more" in outcome.reason
    assert "starts at 49 viewers" in outcome.reason


def test_it_stops_when_time_is_up(blobs: BlobStore) -> None:
    told: list[int] = []
    train_sequence(
        rounds(), contents, blobs, now=NOW, parameters=replace(SMALL, most_s=1e-6),
        progress=lambda done, _: told.append(done),
    )  # fmt: skip
    assert told == [1]


def test_sequences_are_what_was_taken_to_in_its_order_as_far_as_its_content_is_known() -> None:
    given = [
        *likes("ann", 4, 2, 0),
        Reaction("ann", "1", EventKind.SKIP, at=NOW),
        Reaction("ann", "6", EventKind.LIKE, at=NOW),
        Reaction("ann", "6", EventKind.REPORT, at=NOW + timedelta(hours=9)),
        Reaction("ann", "4", EventKind.PLAY, 1, 1.0, NOW + timedelta(hours=5)),
        *likes("bob", 1, 2),
        *likes("cat", 3, 1, 2, 5),
    ]
    data = read_sequences(given, lambda ids: {one: vector for one, vector in contents(ids).items() if one != "5"})
    rows = [[data.video_ids[number] for number in row if number >= 0] for row in data.rows]
    assert rows == [["2", "0", "4"], ["3", "1", "2"]], "bob took to two alone; the content of 5 is gone"
    assert (data.rows[:, :-3] == -1).all()
