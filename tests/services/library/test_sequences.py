from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from services.library.blobs import BlobStore
from services.library.sequences import (
    SequenceMeta,
    StoredSequenceModel,
    load_sequence_model,
    sequence_versions,
    store_sequence_model,
)
from services.library.versions import TrainedUnreadable

META = SequenceMeta(
    version="one", trained_at=datetime(2026, 1, 1, tzinfo=UTC), dim=3, width=2, layers=1, heads=1, viewers=9, epochs=4,
    asked=2, ndcg=0.5, popular_ndcg=0.25,
)  # fmt: skip


@pytest.fixture
def blobs(tmp_path) -> BlobStore:
    return BlobStore(f"file://{tmp_path / 'blobs'}")


def model(vectors: np.ndarray) -> StoredSequenceModel:
    weights = {"a.weight": np.eye(2, dtype=np.float32)}
    return StoredSequenceModel(META, ("v1", "v2"), vectors, np.array([0.1, 0.2], np.float32), weights)


def test_what_was_stored_comes_back(blobs: BlobStore) -> None:
    store_sequence_model(blobs, model(np.ones((2, 2), np.float32)))
    found = load_sequence_model(blobs, sequence_versions(blobs).in_use().version)
    assert (found.meta, found.video_ids) == (META, ("v1", "v2"))
    np.testing.assert_array_equal(found.vectors, np.ones((2, 2)))
    np.testing.assert_array_equal(found.weights["a.weight"], np.eye(2))


def test_vectors_that_do_not_fit_the_videos_are_refused() -> None:
    with pytest.raises(ValueError, match="2 videos don't fit"):
        model(np.ones((3, 2), np.float32))


def test_a_damaged_file_is_named_with_the_remedy(blobs: BlobStore) -> None:
    store_sequence_model(blobs, model(np.ones((2, 2), np.float32)))
    blobs.put_bytes(b"no archive", "sequences/one.npz")
    with pytest.raises(TrainedUnreadable, match=r"sequence model.*reelwise train"):
        load_sequence_model(blobs, "one")
