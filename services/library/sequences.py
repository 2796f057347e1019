"""The sequence model: what training leaves and a request reads. Arrays in the blob store, a version a file.

Nothing about a person is kept here: weights, and the vectors of the videos that anybody took to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.library.blobs import BlobStore
from services.library.versions import Array, InUse, Stored, Versions

_WEIGHT = "weight."


class SequenceMeta(BaseModel):
    """What stands in a version's file beside its arrays: the network's shape, what it learnt from, and how good it was.

    `ndcg` and `popular_ndcg`: the mean of 1 / log2(1 + place) of the last video of the `asked` viewers who were kept
    aside, in the model's ranking of all videos and in that by popularity.
    """

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    version: str
    trained_at: datetime
    dim: int
    width: int
    layers: int
    heads: int
    viewers: int
    epochs: int
    asked: int
    ndcg: float
    popular_ndcg: float


@dataclass(frozen=True, slots=True, eq=False)
class StoredSequenceModel:
    """`vectors` (videos, width) and `biases` (videos,) of the videos that training knew, in the order of `video_ids`;
    `weights` by the network's names.
    """

    meta: SequenceMeta
    video_ids: tuple[str, ...]
    vectors: Array
    biases: Array
    weights: Mapping[str, Array]

    def __post_init__(self) -> None:
        videos = len(self.video_ids)
        if self.vectors.shape != (videos, self.meta.width) or self.biases.shape != (videos,):
            raise ValueError(
                f"{videos} videos don't fit vectors of shape {self.vectors.shape} and biases of {self.biases.shape}"
            )


def sequence_versions(blobs: BlobStore) -> Versions:
    """Where the sequence models of this blob store lie."""
    return Versions(blobs, "sequences", "sequence model's weights")


def store_sequence_model(blobs: BlobStore, model: StoredSequenceModel) -> None:
    """Write the model and put it in use; the one before stays for readers that were just told of it."""
    arrays = {"vectors": model.vectors, "biases": model.biases}
    arrays |= {f"{_WEIGHT}{name}": one for name, one in model.weights.items()}
    stored = Stored(model.meta.model_dump_json(), model.video_ids, arrays)
    sequence_versions(blobs).put(InUse(model.meta.version, model.meta.trained_at), stored)


def load_sequence_model(blobs: BlobStore, version: str) -> StoredSequenceModel:
    """Read one version. Raises `TrainedUnreadable`, `BlobMissing`."""
    versions = sequence_versions(blobs)
    stored = versions.get(version)
    try:
        meta = SequenceMeta.model_validate_json(stored.meta)
        if meta.version != version:
            raise versions.unreadable(version, "it holds another version")
        weights = {name.removeprefix(_WEIGHT): one for name, one in stored.arrays.items() if name.startswith(_WEIGHT)}
        return StoredSequenceModel(meta, stored.video_ids, stored.arrays["vectors"], stored.arrays["biases"], weights)
    except (ValueError, KeyError) as error:  # pydantic's is a ValueError
        raise versions.unreadable(version, str(error)) from error
