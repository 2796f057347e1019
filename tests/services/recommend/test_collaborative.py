from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from services.library.blobs import BlobStore
from services.library.factors import FactorSpace, store_factors
from services.library.versions import InUse, Versions, version_of
from services.recommend.collaborative import Collaborative

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def stored(blobs: BlobStore, *, hours: int = 0) -> FactorSpace:
    vectors = np.random.default_rng(hours).normal(size=(10, 4)).astype(np.float32)
    at = NOW + timedelta(hours=hours)
    space = FactorSpace(version_of(at, vectors), at, tuple(f"v{n}" for n in range(10)), vectors, 1.0, 1.0, 5, 20)
    store_factors(blobs, space)
    return space


@pytest.fixture
def blobs(tmp_path) -> BlobStore:
    return BlobStore(f"file://{tmp_path / 'blobs'}")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_before_the_first_training_nothing_is_said_of_anybody(blobs) -> None:
    assert Collaborative(blobs).viewer({"v1": 1.0}) is None


def test_a_new_version_is_taken_up_after_a_while_and_old_viewers_keep_theirs(blobs) -> None:
    clock = Clock()
    reader = Collaborative(blobs, check_s=5.0, clock=clock)
    first, viewer = stored(blobs), reader.viewer({"v1": 1.0})
    second = stored(blobs, hours=1)
    assert reader.space().version == first.version
    clock.now = 5.0
    assert reader.space().version == second.version
    assert viewer.version == first.version
    assert viewer.best(3), "a request that began with the old version ends with it"


def test_damaged_factors_leave_the_old_ones_in_use_and_are_reported_once(blobs, caplog) -> None:
    clock = Clock()
    reader = Collaborative(blobs, check_s=1.0, clock=clock)
    first = stored(blobs)
    assert reader.space().version == first.version
    second = stored(blobs, hours=1)
    blobs.put_bytes(b"broken", f"factors/{second.version}.npz")
    for seconds in (1, 2, 3):
        clock.now = float(seconds)
        assert reader.space().version == first.version
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "reelwise train" in caplog.text


def test_a_version_whose_file_is_gone_is_followed_to_the_newest(blobs, monkeypatch) -> None:
    old, newest = stored(blobs), stored(blobs, hours=1)
    blobs.delete(f"factors/{old.version}.npz")
    told, in_use = iter([InUse(old.version, old.trained_at)]), Versions.in_use
    monkeypatch.setattr(Versions, "in_use", lambda versions: next(told, None) or in_use(versions))
    assert Collaborative(blobs).space().version == newest.version
