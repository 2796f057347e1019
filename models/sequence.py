"""What a viewer takes to next: a causal transformer over content vectors (SASRec, Kang and McAuley 2018).

Videos are told by their content vectors alone, through a small learned tower, so one that nobody has taken to yet gets
a score as well. A score is the inner product of the viewer's state and the video's vector, plus a bias that the tower
tells from content: how many take to such a thing, whoever they are.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.sequence_shape import LENGTH, SPREAD, SequenceShape

Array = NDArray[np.float32]


class SequenceNetwork(nn.Module):
    """Two towers: content vector -> video, videos in their order -> viewer."""

    centre: Tensor

    def __init__(self, shape: SequenceShape, centre: Array | None = None) -> None:
        """`centre`: the mean content vector, shape (dim,), which is taken off; encoders share a large common part."""
        super().__init__()
        width, dropout = shape.width, shape.dropout
        self.register_buffer("centre", torch.zeros(shape.dim) if centre is None else torch.from_numpy(centre.copy()))
        self.videos = nn.Sequential(
            nn.Dropout(0.1),
            nn.Linear(shape.dim, 2 * width),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(2 * width, width),
        )
        self.places = nn.Embedding(LENGTH, width)
        layer = nn.TransformerEncoderLayer(
            width, shape.heads, 2 * width, dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.viewers = nn.TransformerEncoder(layer, shape.layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.popular = nn.Linear(width, 1)
        self._heads = shape.heads

    def embed(self, contents: Tensor) -> Tensor:
        """Content vectors, shape (videos, dim), to videos, shape (videos, width)."""
        centred = contents - self.centre
        return self.videos(SPREAD * nn.functional.normalize(centred, dim=1))  # type: ignore[no-any-return]

    def bias(self, videos: Tensor) -> Tensor:
        """How much is taken to the videos by anybody, shape (videos,)."""
        return self.popular(videos)[:, 0]  # type: ignore[no-any-return]

    def states(self, videos: Tensor, sequences: Tensor) -> Tensor:
        """The viewer's state after each place, shape (batch, length, width). `sequences`: (batch, length) rows of
        `videos`, oldest first, -1 where padded on the left; length up to `LENGTH`.
        """
        padded = sequences < 0
        length = sequences.shape[1]
        # Places count from the end, so that a short past begins where a long one ends.
        inputs = videos[sequences.clamp(min=0)] + self.places.weight[LENGTH - length :]
        causal = torch.triu(torch.ones(length, length, dtype=torch.bool, device=videos.device), 1)
        # A padded place may look at itself, or its attention would be 0 / 0.
        itself = torch.eye(length, dtype=torch.bool, device=videos.device)
        blocked = causal[None] | (padded[:, None, :] & ~itself[None])
        states = self.viewers(inputs, mask=blocked.repeat_interleave(self._heads, dim=0))
        return self.norm(states)  # type: ignore[no-any-return]


def arrays_of(network: SequenceNetwork) -> dict[str, Array]:
    """The weights of a network by name, float32."""
    return {name: one.detach().cpu().numpy().astype(np.float32) for name, one in network.state_dict().items()}
