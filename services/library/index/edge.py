"""The index in process: Qdrant Edge, one shard a collection, in `<folder>/<physical name>`."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import qdrant_edge as qe
from filelock import FileLock, Timeout

from services.library.errors import IndexMismatch, IndexUnavailable, LibraryLocked, PointMissing
from services.library.index.points import (
    batches,
    checked,
    checked_discovery,
    checked_facet,
    checked_filter,
    checked_vector,
    mismatch,
    physical_name,
    point_id,
)
from services.library.index.port import (
    Collection,
    Filter,
    Hit,
    MultiVector,
    Point,
    PreparedFilter,
    SparseVector,
    Stored,
    Vector,
)
from services.library.index.schema import LEXICAL, PAYLOAD_INDEXES, IndexDims
from services.library.jsonable import storable_json

_LIVE = "live.json"
_OWNER = "owner"
_FULL_SCAN_KB = 10_000
"""Qdrant's own default: what a filter leaves of less than this is compared one by one."""

_GRAPHS = {
    # Comparing frames costs most of a build, and a link for every value of every payload index doubles it.
    "visual": qe.HnswIndexConfig(m=8, ef_construct=64, full_scan_threshold=_FULL_SCAN_KB, payload_m=0),
    # No source searches by sound yet; a vector without a graph can still be searched, one by one.
    "sound": qe.HnswIndexConfig(m=0, ef_construct=64, full_scan_threshold=_FULL_SCAN_KB, payload_m=0),
}
"""Vectors of `videos` whose graph is not Qdrant's default; `docs/decisions/0036-graphs-as-they-are-asked.md` has the
figures. A collection that was built before takes them at its next `optimize`.
"""

_INDEX_TYPES = {"keyword": qe.PayloadSchemaType.Keyword, "float": qe.PayloadSchemaType.Float}


class EdgeIndex:
    """`IndexPort` on Qdrant Edge.

    The folder belongs to one process at a time; a second opener gets `LibraryLocked`. `live.json` says which physical
    collection is behind each alias. Every write is flushed before it returns. Safe to use from many threads: the
    engine takes queries during writes; writes and `optimize` take turns.
    """

    def __init__(self, folder: Path, dims: IndexDims, *, rebuild: bool = False) -> None:
        self._folder, self._dims = folder, dims
        self._write_lock = threading.Lock()
        self._shards: dict[Collection, Any] = {}
        self._written, self._written_at = 0, time.monotonic()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise IndexUnavailable(
                f"The index folder {folder} cannot be made: {error}. Set REELWISE_DATA_DIR."
            ) from error
        self._lock = self._own(folder)
        try:
            self._open(rebuild)
        except BaseException:
            self.close()
            raise

    def upsert(self, collection: Collection, points: Sequence[Point]) -> None:
        """Insert or replace points; durable and visible on return. Raises `IndexMismatch`."""
        ready = checked(collection, points, self._dims)
        with self._writing(collection) as shard:
            for batch in batches(ready):
                edge_points = [qe.Point(point.id, _vectors(point.vectors), dict(point.payload)) for point in batch]
                shard.update(qe.UpdateOperation.upsert_points(edge_points))
                self._written += len(batch)
                self._written_at = time.monotonic()

    def delete(self, collection: Collection, where: Filter) -> None:
        """Remove every point the filter keeps."""
        condition = _filter(checked_filter(collection, where))
        with self._writing(collection) as shard:
            shard.update(qe.UpdateOperation.delete_points_by_filter(condition))

    def set_payload(self, collection: Collection, point_id: str, payload: Mapping[str, Any]) -> None:
        """Merge fields into a point's payload; its vectors stay. Raises `PointMissing`."""
        fields = storable_json(payload, f"payload of {collection.value} point {point_id}")
        with self._writing(collection) as shard:
            if not self.retrieve(collection, [point_id]):
                raise PointMissing(collection.value, point_id)
            shard.update(qe.UpdateOperation.set_payload([point_id], fields))

    def query(
        self,
        collection: Collection,
        *,
        using: str,
        vector: Vector | SparseVector,
        where: Filter | None = None,
        limit: int = 10,
        fields: Sequence[str] | None = None,
    ) -> list[Hit]:
        """Nearest points by the named vector, best first. Raises `IndexMismatch`."""
        ready = checked_vector(collection, using, vector, self._dims)
        if ready is None:
            return []
        return self._ranked(collection, qe.Query.Nearest(_vector(ready), using), where, limit, fields)

    def discover(
        self,
        collection: Collection,
        *,
        using: str,
        target: Vector,
        pairs: Sequence[tuple[Vector, Vector]],
        where: Filter | None = None,
        limit: int = 10,
        fields: Sequence[str] | None = None,
    ) -> list[Hit]:
        """Points on the right side of most pairs, nearest to the target. Raises `IndexMismatch`."""
        aim, sides = checked_discovery(collection, using, target, pairs, self._dims)
        if aim is None:
            return []
        context = [qe.ContextPair(_vector(positive), _vector(negative)) for positive, negative in sides]
        query = qe.Query.Discover(qe.DiscoverQuery(_vector(aim), context), using)
        return self._ranked(collection, query, where, limit, fields)

    def sample(self, collection: Collection, *, where: Filter | None = None, limit: int = 100) -> list[str]:
        """Ids of points that the filter keeps, drawn at random."""
        return [hit.id for hit in self._ranked(collection, qe.Sample.Random, where, limit, ())]

    def prepare(self, collection: Collection, where: Filter) -> PreparedFilter:
        """Convert a filter once. Raises `IndexMismatch`."""
        return PreparedFilter(collection, _filter(checked_filter(collection, where)))

    def retrieve(
        self,
        collection: Collection,
        ids: Sequence[str],
        *,
        with_vectors: bool | Sequence[str] = False,
        fields: Sequence[str] | None = None,
    ) -> list[Stored]:
        """In the order of `ids`; unknown ids are left out."""
        wanted = [point_id(one) for one in ids]
        vectors = with_vectors if isinstance(with_vectors, bool) else list(with_vectors)
        with self._reading(collection) as shard:
            found = {str(record.id): record for record in shard.retrieve(wanted, _payload(fields), vectors)}
        return [_stored(found[one]) for one in wanted if one in found]

    def scroll(
        self,
        collection: Collection,
        *,
        where: Filter | None = None,
        limit: int = 100,
        fields: Sequence[str] | None = None,
    ) -> list[Stored]:
        """Points the filter keeps, ordered by id."""
        condition = _filter(checked_filter(collection, where))
        request = qe.ScrollRequest(limit=limit, filter=condition, with_payload=_payload(fields), with_vector=False)
        with self._reading(collection) as shard:
            return [_stored(record) for record in shard.scroll(request)[0]]

    def count(self, collection: Collection, where: Filter | None = None) -> int:
        """How many points the filter keeps, exactly."""
        request = qe.CountRequest(exact=True, filter=_filter(checked_filter(collection, where)))
        with self._reading(collection) as shard:
            return int(shard.count(request))

    def facet(
        self, collection: Collection, key: str, *, where: Filter | None = None, limit: int = 50
    ) -> dict[str, int]:
        """Value -> points that have it, most frequent first. Raises `IndexMismatch` for a field that is no keyword."""
        condition = _filter(checked_filter(collection, where))
        request = qe.FacetRequest(checked_facet(collection, key), limit=limit, exact=True, filter=condition)
        with self._reading(collection) as shard:
            return {str(hit.value): int(hit.count) for hit in shard.facet(request)}

    def optimize(self) -> None:
        """Merge segments and build vector indexes. Edge never does so by itself; queries go on meanwhile."""
        before = self._written
        for collection in Collection:
            with self._writing(collection) as shard:
                shard.optimize()
        self._written -= before

    def unoptimized(self) -> tuple[int, float]:
        """How many points were written since the last `optimize`, and how many seconds ago the last was."""
        return self._written, time.monotonic() - self._written_at

    def close(self) -> None:
        """Flush, close, and let the folder go. Idempotent."""
        with self._write_lock:
            for shard in self._shards.values():
                shard.close()
            self._shards.clear()
        self._lock.release()

    def _ranked(
        self, collection: Collection, query: Any, where: Filter | None, limit: int, fields: Sequence[str] | None
    ) -> list[Hit]:
        request = qe.QueryRequest(
            limit=limit,
            query=query,
            filter=_filter(checked_filter(collection, where)),
            with_payload=_payload(fields),
        )
        with self._reading(collection) as shard:
            return [Hit(str(hit.id), float(hit.score), hit.payload or {}) for hit in shard.query(request)]

    @staticmethod
    def _own(folder: Path) -> FileLock:
        lock = FileLock(folder / ".lock", timeout=0)
        owner = folder / _OWNER
        try:
            lock.acquire()
        except Timeout as error:
            pid = owner.read_text() if owner.is_file() else "unknown"
            raise LibraryLocked(
                f"The library in {folder.parent} is open in process {pid}: talk to the running `reelwise up` through "
                "its API, or stop that process first."
            ) from error
        owner.write_text(str(os.getpid()))
        return lock

    def _open(self, rebuild: bool) -> None:
        wanted = {collection.value: physical_name(collection, self._dims) for collection in Collection}
        live_file = self._folder / _LIVE
        live = json.loads(live_file.read_text()) if live_file.is_file() else wanted
        if live != wanted and not rebuild:
            raise mismatch(str(self._folder), live, wanted)
        for collection in Collection:
            path = self._folder / wanted[collection.value]
            with self._engine(f"open {path.name}"):
                self._shards[collection] = self._shard(path, collection)
                # Small collections stay without an index of their vectors; looking at them again costs nothing.
                info = self._shards[collection].info()
                self._written += max(0, info.points_count - info.indexed_vectors_count)
        aside = live_file.with_suffix(".tmp")
        aside.write_text(json.dumps(wanted, indent=2) + "\n")
        aside.replace(live_file)

    def _shard(self, path: Path, collection: Collection) -> Any:
        config = _config(collection, self._dims)
        segments = path / "segments"
        exists = segments.is_dir() and any(segments.iterdir())
        path.mkdir(parents=True, exist_ok=True)
        shard = qe.EdgeShard.load(str(path), config) if exists else qe.EdgeShard.create(str(path), config)
        present = shard.info().payload_schema
        for field, kind in PAYLOAD_INDEXES[collection].items():
            if field not in present:
                shard.update(qe.UpdateOperation.create_field_index(field, _INDEX_TYPES[kind]))
        shard.flush()
        return shard

    @contextmanager
    def _engine(self, action: str) -> Iterator[None]:
        # Edge raises bare Exception (and ValueError for values it cannot convert), so nothing narrower can be caught.
        try:
            yield
        except (IndexUnavailable, IndexMismatch, PointMissing):
            raise
        except Exception as error:
            raise IndexUnavailable(f"The index in {self._folder} could not {action}: {error}") from error

    @contextmanager
    def _reading(self, collection: Collection) -> Iterator[Any]:
        shard = self._shards.get(collection)
        if shard is None:
            raise IndexUnavailable(f"The index in {self._folder} is closed: open the library again.")
        with self._engine(f"read {collection.value}"):
            yield shard

    @contextmanager
    def _writing(self, collection: Collection) -> Iterator[Any]:
        with self._write_lock, self._reading(collection) as shard, self._engine(f"write {collection.value}"):
            yield shard
            shard.flush()


def _config(collection: Collection, dims: IndexDims) -> Any:
    max_sim = qe.MultiVectorConfig(qe.MultiVectorComparator.MaxSim)
    vectors = {
        name: qe.EdgeVectorParams(
            size=spec.dim,
            distance=qe.Distance.Cosine,
            multivector_config=max_sim if spec.multi else None,
            hnsw_config=_GRAPHS.get(name) if collection is Collection.VIDEOS else None,
        )
        for name, spec in dims.vectors(collection).items()
    }
    sparse = {LEXICAL: qe.EdgeSparseVectorParams(modifier=qe.Modifier.Idf)}
    return qe.EdgeConfig(vectors=vectors, sparse_vectors=sparse)


def _vector(vector: Vector | MultiVector | SparseVector) -> Any:
    if isinstance(vector, SparseVector):
        return qe.SparseVector(list(vector.indices), list(vector.values))
    return vector.tolist()


def _vectors(vectors: Mapping[str, Vector | MultiVector | SparseVector]) -> dict[str, Any]:
    return {name: _vector(vector) for name, vector in vectors.items()}


def _payload(fields: Sequence[str] | None) -> bool | list[str]:
    """What Edge is to read of a payload; for no field at all it must not read any."""
    return True if fields is None else list(fields) or False


def _stored(record: Any) -> Stored:
    vectors: dict[str, Vector | MultiVector | SparseVector] = {}
    for name, value in (record.vector or {}).items():
        if isinstance(value, list):
            vectors[name] = np.asarray(value, dtype=np.float32)
        else:
            vectors[name] = SparseVector(tuple(value.indices), tuple(value.values))
    return Stored(str(record.id), record.payload or {}, vectors)


def _filter(where: Filter) -> Any:
    must: list[Any] = []
    must_not: list[Any] = []
    for key, values in where.equals.items():
        # Nothing is one of no values; no id is in the empty set.
        must.append(_any_of(key, values) if values else qe.HasIdCondition(set()))
    for key, values in where.excludes.items():
        if values:
            must_not.append(_any_of(key, values))
    for key, (low, high) in where.ranges.items():
        if low is not None or high is not None:
            must.append(qe.FieldCondition(key, range=qe.RangeFloat(gte=low, lte=high)))
    if where.ids is not None:
        must.append(qe.HasIdCondition(set(where.ids)))
    if where.within is not None:
        must.append(where.within.condition)
    if where.not_ids:
        must_not.append(qe.HasIdCondition(set(where.not_ids)))
    return qe.Filter(must=must or None, must_not=must_not or None)


def _any_of(key: str, values: Sequence[str | int | bool]) -> Any:
    return qe.FieldCondition(key, match=qe.MatchAny([str(value) for value in values]))
