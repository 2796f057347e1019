import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
import sklearn

from models.errors import ModelError
from models.identity import ModelIdentity
from models.runtime import Runtime
from models.vision.efficientnet import EfficientNetConse
from services.settings import Settings

pytestmark = pytest.mark.models
Frame = np.ndarray


@pytest.fixture(scope="module")
def photographs() -> tuple[Frame, Frame]:
    """Two photographs that scikit-learn ships: a Chinese palace, and a bee on a flower."""
    folder = Path(sklearn.__file__).parent / "datasets/images"
    palace, flower = (cv2.imread(str(folder / name)) for name in ("china.jpg", "flower.jpg"))
    assert palace is not None
    assert flower is not None
    return palace[:, :, ::-1], flower[:, :, ::-1]


class CountingText:
    """The real text engine, counting the passages it is asked for."""

    def __init__(self, runtime: Runtime) -> None:
        self._engine = runtime.text
        self.passages = 0

    @property
    def identity(self) -> ModelIdentity:
        return self._engine.identity

    @property
    def dim(self) -> int:
        return self._engine.dim

    def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        return self._engine.embed_queries(texts)

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        self.passages += len(texts)
        return self._engine.embed_passages(texts)


def test_a_palace_is_called_a_palace_in_both_languages(runtime: Runtime, photographs: tuple[Frame, Frame]) -> None:
    features = runtime.vision.embed_frames(photographs)
    best = features.labels[0][0]
    assert (best.name, best.name_zh) == ("palace", "宫殿")
    for labels in features.labels:
        probabilities = [label.probability for label in labels]
        assert probabilities == sorted(probabilities, reverse=True)
        assert all(0.05 <= probability <= 1.0 for probability in probabilities)


@pytest.mark.parametrize(
    ("captions", "picture"),
    [
        (("a temple with a curved roof in China", "a plate of spaghetti"), 0),
        (("一座寺庙", "一盘意大利面"), 0),
        (("a bee on a flower", "a dragon boat on a lake"), 1),
    ],
)
def test_a_caption_is_nearer_than_an_unrelated_one(
    captions: tuple[str, str], picture: int, runtime: Runtime, photographs: tuple[Frame, Frame]
) -> None:
    vector = runtime.vision.embed_frames([photographs[picture]]).vectors[0]
    own, other = runtime.vision.embed_texts(captions) @ vector
    assert own > other + 0.1


def test_frames_and_texts_have_unit_rows_of_the_same_length(runtime: Runtime, photographs: tuple[Frame, Frame]) -> None:
    frames, texts = runtime.vision.embed_frames(photographs).vectors, runtime.vision.embed_texts(["a", "猫"])
    assert frames.shape == texts.shape == (2, runtime.vision.dim)
    assert np.linalg.norm(np.concatenate([frames, texts]), axis=1) == pytest.approx(np.ones(4), abs=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (4000, 10), (10, 4000)])
def test_any_size_of_frame_is_taken(size: tuple[int, int], runtime: Runtime) -> None:
    features = runtime.vision.embed_frames([np.full((*size, 3), 128, np.uint8)])
    assert float(np.linalg.norm(features.vectors[0])) == pytest.approx(1.0, abs=1e-5)


def test_no_frames_give_no_rows(runtime: Runtime) -> None:
    features = runtime.vision.embed_frames([])
    assert features.vectors.shape == (0, runtime.vision.dim)
    assert features.labels == ()


@pytest.mark.parametrize(
    "frame", [np.zeros((0, 10, 3), np.uint8), np.zeros((10, 10), np.uint8), np.zeros((10, 10, 4), np.uint8)]
)
def test_what_is_no_picture_is_refused_by_its_shape(frame: Frame, runtime: Runtime) -> None:
    with pytest.raises(ModelError, match="height, width, 3"):
        runtime.vision.embed_frames([frame])


def test_a_frame_is_seen_the_same_in_any_company(runtime: Runtime, photographs: tuple[Frame, Frame]) -> None:
    random = np.random.default_rng(0)
    others = [random.integers(0, 255, (90, 160, 3), dtype=np.uint8) for _ in range(9)]
    alone = runtime.vision.embed_frames([photographs[0]]).vectors[0]
    assert runtime.vision.embed_frames([*others, photographs[0]]).vectors[-1] == pytest.approx(alone, abs=1e-5)
    assert runtime.vision.embed_frames([photographs[0], *others]).vectors[0] == pytest.approx(alone, abs=1e-5)


def test_class_vectors_are_read_from_their_file_and_made_anew_when_it_is_damaged(
    runtime: Runtime, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = CountingText(runtime)
    expected = runtime.vision.embed_texts(["a cat"])
    for kept in (Settings().models_dir / "derived").glob("class-vectors-*.npy"):
        shutil.copy(kept, tmp_path)

    def built() -> np.ndarray:
        engine = EfficientNetConse(Path("not-needed.pth"), text, runtime.vision.identity, cache=tmp_path)
        return engine.embed_texts(["a cat"])

    assert built() == pytest.approx(expected, abs=1e-6)
    assert text.passages == 0
    whole = {file: file.read_bytes() for file in tmp_path.iterdir()}
    for file, data in whole.items():
        file.write_bytes(data[: len(data) // 2])
    with caplog.at_level(logging.WARNING):
        assert built() == pytest.approx(expected, abs=1e-6)
    assert text.passages == 2000, "a thousand names in each of two languages"
    assert "is made anew" in caplog.text
    assert any(file.read_bytes() == data for file, data in whole.items())
