from __future__ import annotations

import numpy as np
import pytest
import torch

from models.sequence import SequenceNetwork, arrays_of
from models.sequence_inference import SequenceModel
from models.sequence_shape import LENGTH, SequenceShape

SHAPE = SequenceShape(dim=12, width=8)


@pytest.fixture(scope="module")
def network() -> SequenceNetwork:
    torch.manual_seed(0)
    return SequenceNetwork(SHAPE, np.full(12, 0.3, np.float32)).eval()


@pytest.fixture(scope="module")
def contents() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(6, 12)).astype(np.float32)


def test_padding_changes_nothing(network: SequenceNetwork, contents: np.ndarray) -> None:
    with torch.inference_mode():
        videos = network.embed(torch.from_numpy(contents))
        short = network.states(videos, torch.tensor([[0, 1, 2]]))[0, -1]
        padded = network.states(videos, torch.tensor([[-1] * (LENGTH - 3) + [0, 1, 2]]))[0, -1]
    np.testing.assert_allclose(short, padded, atol=1e-5)


def test_what_comes_later_is_not_seen_before(network: SequenceNetwork, contents: np.ndarray) -> None:
    with torch.inference_mode():
        videos = network.embed(torch.from_numpy(contents))
        one, other = network.states(videos, torch.tensor([[0, 1, 2, 3], [0, 1, 2, 5]]))
    np.testing.assert_allclose(one[:3], other[:3], atol=1e-6)
    assert not np.allclose(one[3], other[3], atol=1e-3)


def test_the_order_matters(network: SequenceNetwork, contents: np.ndarray) -> None:
    model = SequenceModel(SHAPE, arrays_of(network))
    videos, _ = model.embed(contents)
    one, other = model.states(np.stack([videos[[0, 1, 2]], videos[[1, 0, 2]]]))
    assert not np.allclose(one, other, atol=1e-3)


def test_a_model_of_stored_weights_says_what_the_network_says(network: SequenceNetwork, contents: np.ndarray) -> None:
    model = SequenceModel(SHAPE, arrays_of(network))
    videos, biases = model.embed(contents)
    with torch.inference_mode():
        expected = network.embed(torch.from_numpy(contents))
        np.testing.assert_allclose(videos, expected, atol=1e-6)
        np.testing.assert_allclose(biases, network.bias(expected), atol=1e-6)
        state = network.states(expected, torch.tensor([[3, 1, 4]]))[0, -1]
    np.testing.assert_allclose(model.states(videos[None, [3, 1, 4]])[0], state, atol=1e-5)


def test_weights_of_another_shape_are_refused(network: SequenceNetwork) -> None:
    with pytest.raises(ValueError, match="don't fit"):
        SequenceModel(SequenceShape(dim=12, width=16), arrays_of(network))
