"""The videos of the index as a request reads them: in batches, only the fields that matter, kept in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from services.library.index.port import Collection, Filter, IndexPort, PreparedFilter, Vector
from services.recommend.cached import Kept
from services.recommend.copies import DUPLICATE_OF
from services.recommend.indexed import LABEL_FIELDS, IndexedVideo, point_id
from services.recommend.interest_vectors import unit
from services.recommend.letting_through import can_tell, lets_through

FIELDS = (
    "title",
    "creator",
    "language",
    "duration_s",
    "published_at",
    "safety",
    "review_state",
    DUPLICATE_OF,
    *LABEL_FIELDS,
)
"""Payload fields that ranking needs; reading whole payloads costs several times as much."""

CAPACITY = 100_000
"""Videos, text vectors and mean frames kept unless the settings say otherwise, about 6 KB for each with 384 numbers."""

TTL_S = 30.0
"""How long a kept video may differ from an index that others write to, seconds. Filters always ask the index itself."""

VECTOR_TTL_S = 300.0
"""The same of vectors, which change only when a video is understood anew."""

_LISTS = 64


class Catalogue:
    """Reads videos by the record's ids. Safe to share between threads.

    What was read is kept until the index says that it was written (`lasting`); where it cannot know, for a while.
    """

    def __init__(self, index: IndexPort, *, ttl_s: float = TTL_S, capacity: int = CAPACITY) -> None:
        self._index = index
        self.lasting = watched = ttl_s == TTL_S and index.watch(self._changed)
        vectors = VECTOR_TTL_S if ttl_s == TTL_S else ttl_s
        self._videos: Kept[str, IndexedVideo] = Kept(capacity, None if watched else ttl_s)
        self._texts: Kept[str, Vector] = Kept(capacity, None if watched else vectors)
        self._lists: Kept[tuple[str, ...], PreparedFilter] = Kept(_LISTS, None)
        self._looks: Kept[str, Vector] = Kept(capacity, None if watched else vectors)

    def videos(self, ids: Iterable[str]) -> dict[str, IndexedVideo]:
        """By id; videos that are not in the index are left out."""
        return self._videos.many(ids, self._read_videos)

    def texts(self, ids: Iterable[str]) -> dict[str, Vector]:
        """Unit text vectors by id; videos without one are left out."""
        return self._texts.many(ids, self._read_texts)

    def looks(self, ids: Iterable[str]) -> dict[str, Vector]:
        """Mean frames as unit vectors by id; videos without frames are left out."""
        return self._looks.many(ids, self._read_looks)

    def allowed(self, ids: Sequence[str], where: Filter) -> list[str]:
        """Those of `ids` that the index has and the filter lets through, in their order.

        What is kept until it is written says so itself. Else the index is asked, for what the filter refuses, which is
        little: each id of an answer costs microseconds.
        """
        known = self.videos(ids)
        if not known:
            return []
        if self.lasting and can_tell(where):
            lets = lets_through(where)
            return [one for one in dict.fromkeys(ids) if one in known and lets(known[one])]
        refused = self._index.prepare(Collection.VIDEOS, where)
        asked = Filter(within=self._among(tuple(ids)), without=refused)
        points = self._index.scroll(Collection.VIDEOS, where=asked, limit=len(ids), fields=())
        out = {video_id(point.id) for point in points}
        return [one for one in ids if one in known and one not in out]

    def _among(self, ids: tuple[str, ...]) -> PreparedFilter:
        """Kept, because the newest and the trending videos are asked about by every request."""

        def prepare(missing: list[tuple[str, ...]]) -> dict[tuple[str, ...], PreparedFilter]:
            wanted = {some: Filter(ids=[point_id(one) for one in some]) for some in missing}
            return {some: self._index.prepare(Collection.VIDEOS, where) for some, where in wanted.items()}

        return self._lists.many([ids], prepare)[ids]

    def warm(self, ids: Sequence[str]) -> dict[str, IndexedVideo]:
        """Read some hundred videos ahead, with their vectors and all that is worked out of them."""
        self.texts(ids)
        self.looks(ids)
        videos = self.videos(ids)
        for video in videos.values():
            video.work_out()
        return videos

    def _changed(self, collection: Collection, points: Sequence[str] | None) -> None:
        if collection is Collection.VIDEOS:
            for kept in (self._videos, self._texts, self._looks):
                kept.forget(None if points is None else [video_id(one) for one in points])

    def _read_videos(self, ids: list[str]) -> Mapping[str, IndexedVideo]:
        points = self._index.retrieve(Collection.VIDEOS, [point_id(one) for one in ids], fields=FIELDS)
        return {video_id(point.id): IndexedVideo.of(point.id, point.payload) for point in points}

    def _read_texts(self, ids: list[str]) -> Mapping[str, Vector]:
        return self._read_vectors(ids, "text")

    def _read_looks(self, ids: list[str]) -> Mapping[str, Vector]:
        means = ((one, unit(frames)) for one, frames in self._read_vectors(ids, "visual").items())
        return {one: mean for one, mean in means if mean is not None}

    def _read_vectors(self, ids: list[str], name: str) -> Mapping[str, Vector]:
        points = self._index.retrieve(Collection.VIDEOS, [point_id(one) for one in ids], with_vectors=[name], fields=())
        found = ((video_id(point.id), point.vectors.get(name)) for point in points)
        return {one: vectors for one, vectors in found if isinstance(vectors, np.ndarray) and vectors.size}


def video_id(point: str) -> str:
    """The record's id of a point."""
    return point.replace("-", "")
