from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np
import pytest
import torch

from models.sequence import SequenceNetwork, arrays_of
from models.sequence_shape import SequenceShape
from services.library.blobs import BlobStore
from services.library.sequences import SequenceMeta, StoredSequenceModel, store_sequence_model
from services.recommend.sequence import Sequences, SequenceSpace

DIM, WIDTH = 12, 8
TEXTS = {f"v{n}": row for n, row in enumerate(np.random.default_rng(0).normal(size=(9, DIM)).astype(np.float32))}
KNOWN = ("v0", "v1", "v2", "v3", "v4", "v5")


def contents(ids: Iterable[str]) -> dict[str, np.ndarray]:
    return {one: TEXTS[one] for one in ids if one in TEXTS}


def stored(version: str = "one") -> StoredSequenceModel:
    torch.manual_seed(0)
    network = SequenceNetwork(SequenceShape(DIM, WIDTH)).eval()
    with torch.inference_mode():
        vectors = network.embed(torch.from_numpy(np.stack([TEXTS[one] for one in KNOWN])))
        biases = network.bias(vectors)
    meta = SequenceMeta(
        version=version, trained_at=datetime(2026, 1, 1, tzinfo=UTC), dim=DIM, width=WIDTH, layers=1, heads=2,
        viewers=9, epochs=4, asked=2, ndcg=0.5, popular_ndcg=0.25,
    )  # fmt: skip
    return StoredSequenceModel(meta, KNOWN, vectors.numpy(), biases.numpy(), arrays_of(network))


@pytest.fixture
def space() -> SequenceSpace:
    return SequenceSpace(stored())


def test_videos_that_training_did_not_know_are_scored_by_their_content(space: SequenceSpace) -> None:
    viewer = space.viewer(["v0", "v7", "v1"], contents)
    scores = viewer.score(["v3", "v8", "nowhere"])
    assert set(scores) == {"v3", "v8"}
    fresh, _ = space.model.embed(TEXTS["v3"][None])
    assert scores["v3"] == pytest.approx(float(fresh[0] @ viewer.state) + float(space.biases[3]), abs=1e-4)


def test_a_video_whose_content_changed_is_read_anew(space: SequenceSpace) -> None:
    viewer = space.viewer(["v0", "v1", "v2"], contents)
    before = viewer.score(["v8"])["v8"]
    other = space.viewer(["v0", "v1", "v2"], lambda ids: contents(ids) | ({"v8": TEXTS["v6"]} if "v8" in ids else {}))
    assert other.score(["v8"])["v8"] == pytest.approx(other.score(["v6"])["v6"], abs=1e-5)
    assert viewer.score(["v8"])["v8"] == pytest.approx(before, abs=1e-5)


def test_the_best_are_those_with_the_highest_scores_without_what_is_closed(space: SequenceSpace) -> None:
    viewer = space.viewer(["v0", "v1", "v2"], contents)
    scores = viewer.score(KNOWN)
    expected = sorted((one for one in KNOWN if one != "v4"), key=scores.get, reverse=True)
    assert [one for one, _ in viewer.best(10, without=["v4", "elsewhere"])] == expected


def test_a_cause_is_by_how_much_the_score_falls_beside_all_others_without_it(space: SequenceSpace) -> None:
    def stands(taken: list[str]) -> float:
        scores = space.viewer(taken, contents).score(KNOWN)
        return scores["v5"] - sum(scores.values()) / len(scores)

    taken = ["v0", "v1", "v2", "v3"]
    causes = dict(space.viewer(taken, contents).causes("v5"))
    for one in taken:
        assert causes[one] == pytest.approx(
            stands(taken) - stands([other for other in taken if other != one]), abs=1e-4
        )
    assert list(causes.values()) == sorted(causes.values(), reverse=True)
    assert space.viewer(taken, contents).causes("nowhere") == []


def test_too_short_a_past_says_nothing(space: SequenceSpace) -> None:
    assert space.viewer(["v0", "v1"], contents) is None
    assert space.viewer(["v0", "v1", "nowhere"], contents) is None


def test_content_of_another_encoder_says_nothing(space: SequenceSpace) -> None:
    assert space.viewer(["a", "b", "c"], lambda ids: dict.fromkeys(ids, np.ones(DIM + 1, np.float32))) is None


def test_weights_that_do_not_fit_are_told_and_other_sources_go_on(tmp_path, caplog) -> None:
    blobs = BlobStore(f"file://{tmp_path / 'blobs'}")
    whole = stored()
    weights = {name: array for name, array in whole.weights.items() if not name.startswith("norm.")}
    store_sequence_model(blobs, StoredSequenceModel(whole.meta, KNOWN, whole.vectors, whole.biases, weights))
    assert Sequences(blobs).space() is None
    assert "reelwise train" in caplog.text


def test_a_new_version_is_taken_up(tmp_path) -> None:
    blobs = BlobStore(f"file://{tmp_path / 'blobs'}")
    reader = Sequences(blobs, check_s=0.0)
    assert reader.space() is None
    for version in ("one", "two"):
        store_sequence_model(blobs, stored(version))
        assert reader.space().version == version
