"""An experiment: a transformer over the content vectors of what a user liked (SASRec, Kang and McAuley 2018).

Items are told by their text vectors alone, through a small learned tower, so that an item nobody has liked yet gets a
score too; scores are inner products of the two towers. It is not part of the product: see the figures.
"""

from __future__ import annotations

from collections.abc import Sequence

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


def sequences_of(
    data: MovieLens, texts: Texts, settings: Sequence[int], *, seed: int = 0, console: Console | None = None
) -> dict[str, Source]:
    """One source for each number of epochs, smallest first. A split's model is trained on from one to the next, so
    that trying all of them costs as much as the longest.
    """
    running: dict[str, _Training] = {}

    def source(epochs: int) -> Source:
        def score(split: Split) -> Scores:
            training = running.get(split.name)
            if training is None or training.done > epochs:
                training = running[split.name] = _Training(data, texts, split, seed, console)
            training.until(epochs)
            return training.scores()

        return score

    return {f"{epochs} epochs": source(epochs) for epochs in sorted(settings)}


class _Training:
    """One split's model, trained on each user's known likes in their order: softmax over all known items; AdamW."""

    def __init__(self, data: MovieLens, texts: Texts, split: Split, seed: int, console: Console | None) -> None:
        torch.manual_seed(seed)
        self._vectors = torch.from_numpy(texts.of(split)) * 10.0
        self._split = split
        self._sequences = _sequences(data, split)
        self._model = SequenceModel(self._vectors.shape[1])
        self._optimiser = torch.optim.AdamW(self._model.parameters(), lr=2e-3, weight_decay=0.05)
        self._rng = np.random.default_rng(seed)
        self._full = np.flatnonzero((self._sequences >= 0).sum(axis=1) >= 2)
        self._known = torch.from_numpy(np.unique(split.known.item))
        self._place = torch.full((len(self._vectors),), -1, dtype=torch.long)
        self._place[self._known] = torch.arange(len(self._known))
        self._console = console or Console(stderr=True)
        self.done = 0

    def until(self, epochs: int) -> None:
        """Train on, up to so many epochs in all."""
        self._model.train()
        said = f"training the sequence model for {self._split.name}, up to {epochs} epochs"
        for _ in track(range(self.done, epochs), said, console=self._console):
            for batch in np.array_split(self._rng.permutation(self._full), max(1, len(self._full) // 64)):
                self._step(torch.from_numpy(self._sequences[batch]))
            self.done += 1

    def _step(self, rows: Tensor) -> None:
        inputs, targets = rows[:, :-1], rows[:, 1:]
        # Only known items are ever an input or a target; the tower is told of the others when it scores.
        local = torch.where(inputs >= 0, self._place[inputs.clamp(min=0)], -1)
        users, items, popular = self._model(self._vectors[self._known], local)
        taught = (inputs >= 0) & (targets >= 0)
        logits = users[taught] @ items.T + popular
        loss = nn.functional.cross_entropy(logits, self._place[targets[taught]])
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()

    def scores(self) -> Scores:
        """Of all items, for the users who are asked about."""
        self._model.eval()
        with torch.inference_mode():
            asked = torch.from_numpy(self._sequences[self._split.asked, 1:])  # as long as in training
            users, items, popular = self._model(self._vectors, asked)
            return np.asarray((users[:, -1] @ items.T + popular).numpy(), np.float32)


def _sequences(data: MovieLens, split: Split) -> NDArray[np.int64]:
    """Each user's last likes, oldest first, padded with -1 on the left; shape (users, length)."""
    rows = np.full((data.users, _LENGTH), -1, np.int64)
    for user in np.unique(split.known.user):
        liked = split.known.item[split.known.user == user][-_LENGTH:]
        rows[user, _LENGTH - len(liked) :] = liked
    return rows
