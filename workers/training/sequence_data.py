"""What the sequence model learns from: what each viewer took to, in order, and the content of the videos."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from models.sequence_shape import LENGTH
from services.library.index.port import Collection, IndexPort
from services.library.preference import Reaction, taken_in_order

Array = NDArray[np.float32]
Rows = NDArray[np.int64]

Contents = Callable[[Sequence[str]], Mapping[str, Array]]
"""Content vectors of videos by id; videos without one are left out."""

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, eq=False)
class SequenceData:
    """`rows`, shape (viewers, LENGTH + 1): numbers of videos, oldest first, padded with -1 on the left. `contents`,
    shape (videos, dim), in the order of `video_ids`. `able`: viewers who took to three videos or more, of whom rows
    are those who still did when videos without content were left out.
    """

    video_ids: tuple[str, ...]
    contents: Array
    rows: Rows
    able: int


def read_sequences(reactions: Iterable[Reaction], contents: Contents, *, min_viewers: int = 1) -> SequenceData:
    """From the record's reactions, a viewer's standing together. Viewers who took to fewer than three videos are left
    out; with fewer than `min_viewers` of the others the content is not read.
    """
    places: dict[str, int] = {}
    taken = []
    for _, mine in groupby(reactions, key=lambda reaction: reaction.user_id):
        videos = taken_in_order(list(mine))
        if len(videos) > 2:
            taken.append([places.setdefault(video, len(places)) for video in videos[-LENGTH - 1 :]])
    vectors = contents(list(places)) if len(taken) >= min_viewers else {}
    known = [video for video in places if video in vectors]
    renumbered = np.full(len(places), -1, np.int64)
    renumbered[[places[video] for video in known]] = np.arange(len(known))
    rows = np.full((len(taken), LENGTH + 1), -1, np.int64)
    for row, numbers in zip(rows, taken, strict=True):
        there = [number for number in renumbered[numbers] if number >= 0]
        row[len(row) - len(there) :] = there
    rows = rows[(rows >= 0).sum(axis=1) > 2]
    empty = np.zeros((0, 0), np.float32)
    return SequenceData(
        tuple(known), np.stack([vectors[video] for video in known]) if known else empty, rows, len(taken)
    )


def contents_in(index: IndexPort) -> Contents:
    """The text vectors that the index holds, read by the thousand. Raises `IndexUnavailable` when they are read."""

    def read(video_ids: Sequence[str]) -> dict[str, Array]:
        found: dict[str, Array] = {}
        for start in range(0, len(video_ids), _AT_ONCE):
            points = [str(UUID(one)) for one in video_ids[start : start + _AT_ONCE]]
            for point in index.retrieve(Collection.VIDEOS, points, with_vectors=["text"], fields=()):
                vector = point.vectors.get("text")
                if isinstance(vector, np.ndarray):
                    found[point.id.replace("-", "")] = vector
        return found

    return read
