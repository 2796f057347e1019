from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from services.library.blobs import BlobStore
from services.library.errors import BlobMissing
from services.library.factors import FactorSpace, factor_versions, load_factors, store_factors
from services.library.versions import TrainedUnreadable, version_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def space_of(
    vectors: np.ndarray, *, alpha: float = 1.0, regularisation: float = 0.5, at: datetime = NOW
) -> FactorSpace:
    vectors = np.asarray(vectors, np.float32)
    ids = tuple(f"v{row}" for row in range(len(vectors)))
    return FactorSpace(version_of(at, vectors), at, ids, vectors, alpha, 0.5, viewers=3, pairs=9)


@pytest.fixture
def space() -> FactorSpace:
    return space_of(np.random.default_rng(0).normal(size=(30, 8)))


@pytest.fixture
def blobs(tmp_path) -> BlobStore:
    return BlobStore(f"file://{tmp_path / 'blobs'}")


def test_fold_in_by_hand() -> None:
    # One factor: gram 1 + 4, regularisation .5; video v1 (factor 2) liked with p = 1, so confidence 2:
    # x = 2 * 2 / (5 + .5 + (2 - 1) * 4) = 4 / 9.5
    viewer = space_of(np.array([[1.0], [2.0]])).fold_in({"v1": 1.0})
    assert viewer is not None
    assert viewer.vector == pytest.approx([4 / 9.5])


def test_fold_in_is_what_the_training_library_would_solve_dislikes_included(space) -> None:
    from implicit.als import AlternatingLeastSquares
    from scipy import sparse

    liked = {"v3": 1.0, "v7": 2.5, "v11": -1.5}
    model = AlternatingLeastSquares(factors=8, regularization=space.regularisation, alpha=1.0)
    model.item_factors = space.vectors.astype(np.float32)
    row = np.zeros((1, 30), np.float32)
    for video, value in liked.items():
        row[0, int(video[1:])] = (1 + space.alpha * abs(value)) * np.sign(value)
    expected = model.recalculate_user(0, sparse.csr_matrix(row))
    viewer = space.fold_in(liked)
    assert viewer is not None
    np.testing.assert_allclose(viewer.vector, np.ravel(expected), rtol=1e-3, atol=1e-4)


def test_causes_add_up_to_the_score(space) -> None:
    viewer = space.fold_in({"v1": 1.0, "v2": 2.0, "v5": -1.0, "elsewhere": 1.0})
    causes = space.causes(viewer, "v9")
    assert {video for video, _ in causes} == {"v1", "v2"}
    assert sum(part for _, part in causes) == pytest.approx(space.score(viewer, ["v9"])["v9"], abs=1e-5)
    assert causes[0][1] >= causes[1][1]


def test_the_best_are_those_of_the_whole_order(space) -> None:
    viewer = space.fold_in({"v1": 1.0, "v2": 2.0})
    scores = space.score(viewer, list(space.video_ids))
    expected = sorted((video for video in scores if video not in {"v1", "v2"}), key=lambda video: -scores[video])
    assert [video for video, _ in space.best(viewer, 5, without=frozenset({"v1", "v2"}))] == expected[:5]
    assert len(space.best(viewer, 100, without=frozenset({"v1", "nobody"}))) == 29
    assert space.best(viewer, 5, without=frozenset(space.video_ids)) == []


def test_a_viewer_who_likes_nothing_known_has_no_place(space) -> None:
    assert space.fold_in({}) is None
    assert space.fold_in({"elsewhere": 1.0}) is None
    assert space.fold_in({"v1": -1.0}) is None


def test_a_viewer_of_one_version_is_not_scored_in_another(space) -> None:
    other = space_of(np.random.default_rng(1).normal(size=(30, 8)))
    with pytest.raises(ValueError, match="fold in anew"):
        other.score(space.fold_in({"v1": 1.0}), ["v2"])


def test_what_was_stored_comes_back(space, blobs) -> None:
    assert factor_versions(blobs).in_use() is None
    store_factors(blobs, space)
    found = load_factors(blobs, factor_versions(blobs).in_use().version)
    assert (found.version, found.video_ids, found.alpha, found.pairs) == (space.version, space.video_ids, 1.0, 9)
    np.testing.assert_array_equal(found.vectors, space.vectors)


def test_the_last_two_versions_stay(blobs) -> None:
    spaces = [space_of(np.full((2, 2), value), at=NOW + timedelta(hours=value)) for value in range(3)]
    for space in spaces:
        store_factors(blobs, space)
    assert factor_versions(blobs).in_use().version == spaces[2].version
    load_factors(blobs, spaces[1].version)
    with pytest.raises(BlobMissing):
        load_factors(blobs, spaces[0].version)


def test_a_write_that_fails_leaves_the_old_version_in_use(space, blobs, monkeypatch) -> None:
    store_factors(blobs, space)
    put = BlobStore.put_bytes

    def fails_at_the_pointer(self: BlobStore, data: bytes, key: str) -> None:
        if key.endswith("current.json"):
            raise OSError("disk full")
        put(self, data, key)

    monkeypatch.setattr(BlobStore, "put_bytes", fails_at_the_pointer)
    with pytest.raises(OSError, match="disk full"):
        store_factors(blobs, space_of(np.ones((2, 2))))
    assert factor_versions(blobs).in_use().version == space.version


@pytest.mark.parametrize("data", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_a_damaged_file_is_named_with_the_remedy(space, blobs, data: bytes) -> None:
    store_factors(blobs, space)
    blobs.put_bytes(data, f"factors/{space.version}.npz")
    with pytest.raises(TrainedUnreadable, match="reelwise train"):
        load_factors(blobs, space.version)


def test_a_damaged_pointer_is_named_and_replaced_by_the_next_training(space, blobs) -> None:
    blobs.put_bytes(b"{}", "factors/current.json")
    with pytest.raises(TrainedUnreadable, match=r"current\.json"):
        factor_versions(blobs).in_use()
    store_factors(blobs, space)
    assert factor_versions(blobs).in_use().version == space.version


def test_factors_that_are_not_finite_are_refused(blobs) -> None:
    space = space_of(np.array([[np.nan]]))
    store_factors(blobs, space)
    with pytest.raises(TrainedUnreadable, match="not finite"):
        load_factors(blobs, space.version)
