"""Trains the sequence model from what viewers took to, in order, and puts it in use if it is better than popularity.

SASRec (Kang and McAuley 2018) over content vectors: `models/sequence.py`. Each place of a viewer's past predicts the
next video by a softmax over all videos, or over a sample of them where there are many (Jean et al. 2015, with the
correction for how likely a video is to be in the sample). It stops when viewers who were kept aside gain nothing more.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.sequence import SequenceNetwork, arrays_of
from models.sequence_shape import SequenceShape
from services.library.blobs import BlobStore
from services.library.preference import Reaction
from services.library.sequences import SequenceMeta, StoredSequenceModel, store_sequence_model
from services.library.versions import version_of
from services.settings import Settings
from workers.training.aside import Aside
from workers.training.sequence_data import Array, Contents, Rows, SequenceData, read_sequences

_log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Called with (epochs done, epochs at most)."""

_SMALL = 1e-9


@dataclass(frozen=True, slots=True)
class SequenceParameters:
    """How the model is learnt. `aside`: share of viewers, at most `aside_most`, whose last video tells when to stop:
    after `patience` epochs without a gain, `epochs`, or `most_s` seconds. Below `min_viewers` with three videos or
    `min_videos` there is nothing to learn from. `sampled`: videos that a softmax compares with, beside a batch's own.
    """

    width: int = 64
    layers: int = 1
    heads: int = 2
    dropout: float = 0.3
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    batch: int = 64
    epochs: int = 60
    patience: int = 12
    sampled: int = 8192
    aside: float = 0.15
    aside_most: int = 1000
    min_viewers: int = 100
    min_videos: int = 20
    most_s: float = 600.0
    seed: int = 0


def sequence_parameters_of(settings: Settings) -> SequenceParameters:
    """What the operator chose."""
    return SequenceParameters(
        min_viewers=settings.train_sequence_min_viewers,
        min_videos=settings.train_min_videos,
        most_s=settings.train_sequence_most_s,
    )


@dataclass(frozen=True, slots=True)
class SequenceOutcome:
    """What a training did. `version` is None when no model was put in use; `reason` then says why."""

    version: str | None
    reason: str | None
    viewers: int
    videos: int
    epochs: int = 0
    ndcg: float | None = None
    popular_ndcg: float | None = None
    seconds: float = 0.0


def train_sequence(
    reactions: Iterable[Reaction],
    contents: Contents,
    blobs: BlobStore,
    *,
    now: datetime,
    parameters: SequenceParameters | None = None,
    progress: Progress | None = None,
) -> SequenceOutcome:
    """Learn from all reactions and put the model in use, unless there is too little or it is no better than ranking
    by popularity; what was in use then stays. Raises `LibraryError` when something cannot be read or written.
    """
    started, wanted = time.monotonic(), parameters or SequenceParameters()
    data = read_sequences(reactions, contents, min_viewers=wanted.min_viewers)
    viewers, videos = len(data.rows), len(data.video_ids)
    if viewers < wanted.min_viewers or videos < wanted.min_videos:
        reason = (
            f"{data.able} viewers took to three videos or more, {viewers} of them to three of the {videos} whose "
            f"content was read; learning from their order starts at {wanted.min_viewers} viewers and "
            f"{wanted.min_videos} videos."
        )
        return SequenceOutcome(None, reason, viewers, videos, seconds=time.monotonic() - started)
    model = learn_sequence(data, wanted, now=now, progress=progress)
    found = model.meta
    better = found.ndcg > found.popular_ndcg
    if better:
        store_sequence_model(blobs, model)
        _log.info("sequence model %s from %d viewers, %d epochs", found.version, viewers, found.epochs)
    reason = (
        f"The model ranks the last video of {found.asked} viewers no better (nDCG {found.ndcg:.4f}) than "
        f"popularity does ({found.popular_ndcg:.4f}), so it is not used."
    )
    return SequenceOutcome(
        found.version if better else None,
        None if better else reason,
        viewers,
        videos,
        found.epochs,
        found.ndcg,
        found.popular_ndcg,
        time.monotonic() - started,
    )


def learn_sequence(
    data: SequenceData, parameters: SequenceParameters, *, now: datetime, progress: Progress | None = None
) -> StoredSequenceModel:
    """The model of these sequences at its best epoch; nothing is stored."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(parameters.seed)
        training = _Training(data, parameters)
        epochs = training.until_no_gain(progress)
    vectors, biases = training.embedded()
    shape = training.shape
    meta = SequenceMeta(
        version=version_of(now, vectors),
        trained_at=now,
        dim=shape.dim,
        width=shape.width,
        layers=shape.layers,
        heads=shape.heads,
        viewers=len(data.rows),
        epochs=epochs,
        asked=training.aside.asked,
        ndcg=training.best,
        popular_ndcg=training.aside.ndcg_by_popularity(),
    )
    return StoredSequenceModel(meta, data.video_ids, vectors, biases, arrays_of(training.network))


class _Training:
    def __init__(self, data: SequenceData, parameters: SequenceParameters) -> None:
        wanted = self._wanted = parameters
        rng = self._rng = np.random.default_rng(wanted.seed)
        videos, self._contents = len(data.video_ids), torch.from_numpy(data.contents)
        self.shape = SequenceShape(data.contents.shape[1], wanted.width, wanted.layers, wanted.heads, wanted.dropout)
        self.network = SequenceNetwork(self.shape, data.contents.mean(axis=0))
        rows = data.rows.copy()
        aside = rng.choice(len(rows), min(max(1, round(wanted.aside * len(rows))), wanted.aside_most), replace=False)
        asked = rows[aside].copy()
        rows[aside, 1:], rows[aside, 0] = rows[aside, :-1], -1
        self._rows = rows
        counts = np.bincount(rows[rows >= 0], minlength=videos)
        self.aside = Aside(asked, counts)
        self._correction = self._corrected(counts, videos)
        self._optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=wanted.learning_rate, weight_decay=wanted.weight_decay
        )
        self.best = -1.0

    def until_no_gain(self, progress: Progress | None) -> int:
        """Train, keep the best weights, and tell after how many epochs they were those."""
        wanted, started = self._wanted, time.monotonic()
        kept, at = self.network.state_dict(), 0
        for epoch in range(1, wanted.epochs + 1):
            self.network.train()
            for batch in np.array_split(self._rng.permutation(len(self._rows)), -(-len(self._rows) // wanted.batch)):
                self._step(self._rows[batch])
                if time.monotonic() - started > wanted.most_s:
                    break
            found = self.aside.ndcg(self.network, self._contents)
            if found > self.best:
                self.best, at = found, epoch
                kept = {name: one.clone() for name, one in self.network.state_dict().items()}
            if progress is not None:
                progress(epoch, wanted.epochs)
            if epoch - at >= wanted.patience or time.monotonic() - started > wanted.most_s:
                break
        self.network.load_state_dict(kept)
        self.network.eval()
        return at

    def embedded(self) -> tuple[Array, Array]:
        """Vectors and biases of all videos."""
        with torch.inference_mode():
            videos = self.network.embed(self._contents)
            return videos.numpy(), self.network.bias(videos).numpy()

    def _step(self, rows: Rows) -> None:
        compared = self._compared(rows)
        # Only what is looked at or compared with goes through the tower.
        used = np.union1d(compared, rows[rows >= 0])
        local = torch.from_numpy(np.where(rows >= 0, np.searchsorted(used, rows.clip(min=0)), -1))
        videos = self.network.embed(self._contents[used])
        inputs, targets = local[:, :-1], local[:, 1:]
        taught = (inputs >= 0) & (targets >= 0)
        states = self.network.states(videos, inputs)[taught]
        among = torch.from_numpy(np.searchsorted(used, compared))
        logits = states @ videos[among].T + self.network.bias(videos[among]) - self._correction[compared]
        answer = torch.from_numpy(np.searchsorted(compared, used[targets[taught].numpy()]))
        loss = nn.functional.cross_entropy(logits, answer)
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()

    def _compared(self, rows: Rows) -> NDArray[np.int64]:
        """The numbers of the videos that a softmax is over, ascending; every target is among them."""
        videos = len(self._contents)
        if videos <= self._wanted.sampled:
            return np.arange(videos)
        drawn = self._rng.integers(videos, size=self._wanted.sampled)
        return np.union1d(drawn, rows[:, 1:][rows[:, 1:] >= 0])

    def _corrected(self, counts: NDArray[np.int64], videos: int) -> Tensor:
        """Logarithm of how likely each video is to be compared with."""
        if videos <= self._wanted.sampled:
            return torch.zeros(videos)
        share = counts / max(1, counts.sum())
        targets = counts.sum() * self._wanted.batch / len(self._rows)
        missed = (1 - 1 / videos) ** self._wanted.sampled * (1 - share) ** targets
        return torch.from_numpy(np.log(np.maximum(1 - missed, _SMALL)).astype(np.float32))
