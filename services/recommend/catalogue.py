"""The videos of the index as a request reads them: in batches, only the fields that matter, kept for a moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from services.library.index.port import Collection, Filter, IndexPort, Stored, Vector
from services.recommend.cached import Kept
from services.recommend.copies import DUPLICATE_OF
from services.recommend.indexed import LABEL_FIELDS, IndexedVideo, point_id

FIELDS = ("title", "creator", "language", "duration_s", "published_at", "safety", DUPLICATE_OF, *LABEL_FIELDS)
"""Payload fields that ranking needs; reading whole payloads costs several times as much."""

CAPACITY = 50_000
"""Videos kept, about 1.5 KB each."""

TEXT_CAPACITY = 50_000
"""Text vectors kept, about 1.7 KB each with 384 numbers."""

PAYLOAD_CAPACITY = 20_000
"""Payloads kept, about 2 KB each."""

STORED_CAPACITY = 5_000
"""Videos kept with their text and frame vectors, about 20 KB each."""

TTL_S = 30.0
"""How long a kept video may differ from the index, seconds. Filters always ask the index itself."""

VECTOR_TTL_S = 300.0
"""The same of text vectors, which change only when a video is understood anew."""


class Catalogue:
    """Reads videos by the record's ids. Safe to share between threads."""

    def __init__(self, index: IndexPort, *, ttl_s: float = TTL_S) -> None:
        self._index = index
        self._videos: Kept[str, IndexedVideo] = Kept(CAPACITY, ttl_s)
        self._texts: Kept[str, Vector] = Kept(TEXT_CAPACITY, VECTOR_TTL_S if ttl_s == TTL_S else ttl_s)
        self._payloads: Kept[str, Stored] = Kept(PAYLOAD_CAPACITY, ttl_s)
        self._stored: Kept[str, Stored] = Kept(STORED_CAPACITY, ttl_s)

    def videos(self, ids: Iterable[str]) -> dict[str, IndexedVideo]:
        """By id; videos that are not in the index are left out."""
        return self._videos.many(ids, self._read_videos)

    def texts(self, ids: Iterable[str]) -> dict[str, Vector]:
        """Unit text vectors by id; videos without one are left out."""
        return self._texts.many(ids, self._read_texts)

    def retrieve(
        self,
        collection: Collection,
        ids: Sequence[str],
        *,
        with_vectors: bool | Sequence[str] = False,
        fields: Sequence[str] | None = None,
    ) -> list[Stored]:
        """As the index's, of videos by point id, kept as everything here; only `FIELDS` of payloads come along."""
        assert collection is Collection.VIDEOS, "only videos are kept"
        wanted = [video_id(one) for one in ids]
        if with_vectors:
            found = self._stored.many(wanted, self._read_stored)
        else:
            found = self._payloads.many(wanted, self._read_payloads)
        return [found[one] for one in wanted if one in found]

    def _read_payloads(self, ids: list[str]) -> Mapping[str, Stored]:
        points = self._index.retrieve(Collection.VIDEOS, [point_id(one) for one in ids], fields=FIELDS)
        return {video_id(point.id): point for point in points}

    def _read_stored(self, ids: list[str]) -> Mapping[str, Stored]:
        points = self._index.retrieve(
            Collection.VIDEOS, [point_id(one) for one in ids], with_vectors=["text", "visual"], fields=FIELDS
        )
        return {video_id(point.id): point for point in points}

    def _read_videos(self, ids: list[str]) -> Mapping[str, IndexedVideo]:
        return {one: IndexedVideo.of(point.id, point.payload) for one, point in self._read_payloads(ids).items()}

    def _read_texts(self, ids: list[str]) -> Mapping[str, Vector]:
        points = self._index.retrieve(
            Collection.VIDEOS, [point_id(one) for one in ids], with_vectors=["text"], fields=()
        )
        vectors = ((video_id(point.id), point.vectors.get("text")) for point in points)
        return {one: vector for one, vector in vectors if isinstance(vector, np.ndarray) and vector.size}


def video_id(point: str) -> str:
    """The record's id of a point."""
    return point.replace("-", "")


def keep_allowed(index: IndexPort, ids: Sequence[str], where: Filter) -> list[str]:
    """Those of `ids` that the index has and the filter lets through, in their order."""
    if not ids:
        return []
    asked = Filter(
        equals=where.equals,
        excludes=where.excludes,
        ranges=where.ranges,
        ids=[point_id(one) for one in ids],
        not_ids=where.not_ids,
        within=where.within,
    )
    found = {video_id(stored.id) for stored in index.scroll(Collection.VIDEOS, where=asked, limit=len(ids), fields=())}
    return [one for one in ids if one in found]
