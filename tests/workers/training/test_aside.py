from __future__ import annotations

import numpy as np
import pytest
import torch

from models.sequence import SequenceNetwork
from models.sequence_shape import SequenceShape
from workers.training.aside import Aside

ROWS = np.array([[-1, 0, 1, 2], [3, 0, 1, 4]])
COUNTS = np.array([9, 8, 3, 5, 3])


def test_popularity_ranks_the_last_video_among_those_that_the_viewer_has_not_seen() -> None:
    # Of 2, 3 and 4 the first viewer's is behind 3 and level with 4; of 2 and 4 the second's is level with 2.
    expected = [1 / np.log2(1 + 2.5), 1 / np.log2(1 + 1.5)]
    assert Aside(ROWS, COUNTS).ndcg_by_popularity() == pytest.approx(np.mean(expected))


def test_a_network_that_has_diverged_ranks_nothing() -> None:
    network = SequenceNetwork(SequenceShape(dim=3, width=4))
    aside, contents = Aside(ROWS, COUNTS), torch.eye(5, 3)
    assert 0 < aside.ndcg(network, contents) <= 1
    with torch.no_grad():
        network.videos[1].weight.fill_(float("nan"))
    assert aside.ndcg(network, contents) == 0.0
