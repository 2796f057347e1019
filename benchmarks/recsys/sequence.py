"""An experiment: a transformer over the content vectors of what a user liked (SASRec, Kang and McAuley 2018).

Items are told by their text vectors alone, through a small learned tower, so that an item nobody has liked yet gets a
score too; scores are inner products of the two towers. It is not part of the product: see the figures.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from torch import Tensor, nn

from benchmarks.recsys.baselines import Scores, Source
from benchmarks.recsys.content import Texts
from benchmarks.recsys.movielens import MovieLens
from benchmarks.recsys.splits import Split

_LENGTH = 50


class SequenceModel(nn.Module):
    """Item tower: text vector -> `width`. User tower: causal transformer over the item tower's outputs."""

    def __init__(self, dim: int, width: int = 64, layers: int = 1, heads: int = 2, dropout: float = 0.3) -> None:
        super().__init__()
        self.items = nn.Sequential(
            nn.Dropout(0.1), nn.Linear(dim, 2 * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(2 * width, width)
        )
        self.places = nn.Embedding(_LENGTH, width)
        layer = nn.TransformerEncoderLayer(
            width, heads, 2 * width, dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.users = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.popular = nn.Linear(width, 1)

    def forward(self, vectors: Tensor, sequences: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`vectors` (items, dim), `sequences` (batch, length) item numbers, -1 where padded on the left.

        Returns users (batch, length, width), items (items, width), and a bias an item (items,), told from content.
        """
        items = self.items(vectors)
        padded = sequences < 0
        length = sequences.shape[1]
        inputs = items[sequences.clamp(min=0)] + self.places.weight[:length]
        causal = torch.triu(torch.ones(length, length, dtype=torch.bool), 1)
        # A padded place may look at itself, or its attention would be 0 / 0.
        blocked = causal[None] | (padded[:, None, :] & ~torch.eye(length, dtype=torch.bool)[None])
        heads = self.users.layers[0].self_attn.num_heads
        users = self.users(inputs, mask=blocked.repeat_interleave(heads, dim=0))
        return self.norm(users), items, self.popular(items)[:, 0]


def sequence(data: MovieLens, texts: Texts, *, epochs: int, seed: int = 0, console: Console | None = None) -> Source:
    """Trained on each user's known likes in their order, by softmax over all known items; AdamW, seeded."""

    def score(split: Split) -> Scores:
        torch.manual_seed(seed)
        vectors = torch.from_numpy(texts.of(split)) * 10.0
        sequences = _sequences(data, split)
        model = SequenceModel(vectors.shape[1])
        _train(model, vectors, sequences, split, epochs, seed, console)
        model.eval()
        with torch.inference_mode():
            asked = torch.from_numpy(sequences[split.asked, 1:])  # as long as in training
            users, items, popular = model(vectors, asked)
            return np.asarray((users[:, -1] @ items.T + popular).numpy(), np.float32)

    return score


def _train(
    model: SequenceModel,
    vectors: Tensor,
    sequences: NDArray[np.int64],
    split: Split,
    epochs: int,
    seed: int,
    console: Console | None,
) -> None:
    known = torch.from_numpy(np.unique(split.known.item))
    place = torch.full((len(vectors),), -1, dtype=torch.long)
    place[known] = torch.arange(len(known))
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
    rng = np.random.default_rng(seed)
    full = np.flatnonzero((sequences >= 0).sum(axis=1) >= 2)
    model.train()
    for _ in track(range(epochs), "training the sequence model", console=console or Console(stderr=True)):
        for batch in np.array_split(rng.permutation(full), max(1, len(full) // 64)):
            rows = torch.from_numpy(sequences[batch])
            inputs, targets = rows[:, :-1], rows[:, 1:]
            users, items, popular = model(vectors, inputs)
            taught = (inputs >= 0) & (targets >= 0)
            logits = users[taught] @ items[known].T + popular[known]
            loss = nn.functional.cross_entropy(logits, place[targets[taught]])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()


def _sequences(data: MovieLens, split: Split) -> NDArray[np.int64]:
    """Each user's last likes, oldest first, padded with -1 on the left; shape (users, length)."""
    rows = np.full((data.users, _LENGTH), -1, np.int64)
    for user in np.unique(split.known.user):
        liked = split.known.item[split.known.user == user][-_LENGTH:]
        rows[user, _LENGTH - len(liked) :] = liked
    return rows
