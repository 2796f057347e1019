"""Viewers who are kept aside while the sequence model learns: how well their last video is ranked."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.sequence import SequenceNetwork
from workers.training.sequence_data import Rows

_AT_ONCE = 256
"""Viewers whose scores of all videos are in memory together."""


class Aside:
    """The viewers whose last video is asked for; what they took to before is learnt from like everybody's."""

    def __init__(self, rows: Rows, counts: NDArray[np.int64]) -> None:
        """`rows`: their videos as in `SequenceData`, the last one included; `counts`: how many took to each video."""
        self._past, self._last, self._counts = rows[:, :-1], rows[:, -1], counts
        self.asked = len(rows)

    def ndcg(self, network: SequenceNetwork, contents: Tensor) -> float:
        """The mean of 1 / log2(1 + place) of their last videos in the model's ranking of all others; in [0, 1].

        0 for a network that has diverged: what is not finite ranks nothing.
        """
        network.eval()
        with torch.inference_mode():
            videos = network.embed(contents)
            bias = network.bias(videos)
            if not (torch.isfinite(videos).all() and torch.isfinite(bias).all()):
                return 0.0

            def scores(chunk: Rows) -> Tensor:
                return network.states(videos, torch.from_numpy(self._past[chunk]))[:, -1] @ videos.T + bias

            return float(np.concatenate([self._gains(chunk, scores(chunk)) for chunk in self._chunks()]).mean())

    def ndcg_by_popularity(self) -> float:
        """The same of the ranking by how many took to a video."""
        counts = torch.from_numpy(self._counts.astype(np.float32))
        gains = [self._gains(chunk, counts.expand(len(chunk), -1)) for chunk in self._chunks()]
        return float(np.concatenate(gains).mean())

    def _chunks(self) -> list[Rows]:
        return np.array_split(np.arange(self.asked), -(-self.asked // _AT_ONCE))

    def _gains(self, chunk: Rows, scores: Tensor) -> NDArray[np.float64]:
        past = torch.from_numpy(self._past[chunk])
        wanted = scores.gather(1, torch.from_numpy(self._last[chunk])[:, None])
        better, same = scores > wanted, scores == wanted
        rows, places = torch.nonzero(past >= 0, as_tuple=True)
        for what in (better, same):  # what was taken to before is not recommended
            what[rows, past[rows, places]] = False
        # Equal scores share the mean of their places.
        stands = 1 + better.sum(1) + (same.sum(1) - 1) / 2
        return np.asarray(1.0 / np.log2(1.0 + stands.numpy()))
