"""The index in process: Qdrant Edge, one shard a collection, in `<folder>/<physical name>`."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakMethod

import qdrant_edge as qe

from services.library.errors import IndexMismatch, IndexUnavailable, PointMissing
from services.library.index.asks import Ask, Drawn, Near, Toward, in_their_places
from services.library.index.edge_folder import check_live, own, write_live
from services.library.index.edge_values import (
    INDEX_TYPES,
    config_of,
    edge_filter,
    edge_vector,
    edge_vectors,
    payload_selector,
    stored_of,
)
from services.library.index.points import (
    batches,
    checked,
    checked_discovery,
    checked_facet,
    checked_filter,
    checked_vector,
    physical_name,
    point_id,
)
from services.library.index.port import (
    QUICK_EF,
    Changed,
    Collection,
    Filter,
    Hit,
    Point,
    PreparedFilter,
    SparseVector,
    Stored,
    Vector,
)
from services.library.index.schema import PAYLOAD_INDEXES, IndexDims
from services.library.jsonable import storable_json


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
        self._watching: list[WeakMethod[Changed]] = []
        self._written, self._written_at = 0, time.monotonic()
        self._lock = own(folder)
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
                edge_points = [qe.Point(point.id, edge_vectors(point.vectors), dict(point.payload)) for point in batch]
                shard.update(qe.UpdateOperation.upsert_points(edge_points))
                self._written += len(batch)
                self._written_at = time.monotonic()
        self._tell(collection, [point.id for point in ready])

    def delete(self, collection: Collection, where: Filter) -> None:
        """Remove every point the filter keeps."""
        condition = edge_filter(checked_filter(collection, where))
        with self._writing(collection) as shard:
            shard.update(qe.UpdateOperation.delete_points_by_filter(condition))
        self._tell(collection, None)

    def set_payload(self, collection: Collection, point_id: str, payload: Mapping[str, Any]) -> None:
        """Merge fields into a point's payload; its vectors stay. Raises `PointMissing`."""
        fields = storable_json(payload, f"payload of {collection.value} point {point_id}")
        with self._writing(collection) as shard:
            if not self.retrieve(collection, [point_id]):
                raise PointMissing(collection.value, point_id)
            shard.update(qe.UpdateOperation.set_payload([point_id], fields))
        self._tell(collection, [point_id])

    def query(
        self,
        collection: Collection,
        *,
        using: str,
        vector: Vector | SparseVector,
        where: Filter | None = None,
        limit: int = 10,
        fields: Sequence[str] | None = None,
        quick: bool = False,
    ) -> list[Hit]:
        """Nearest points by the named vector, best first. Raises `IndexMismatch`."""
        return self.ask(collection, [Near(using, vector, where, limit)], fields=fields, quick=quick)[0]

    def ask(
        self, collection: Collection, asks: Sequence[Ask], *, fields: Sequence[str] | None = None, quick: bool = False
    ) -> list[list[Hit]]:
        """The answers to several questions, in their order. Raises `IndexMismatch`."""
        requests = [self._request(collection, one, fields, quick) for one in asks]
        sent = [request for request in requests if request is not None]
        if not sent:
            return [[] for _ in asks]
        with self._reading(collection) as shard:
            found = [shard.query(sent[0])] if len(sent) == 1 else shard.query_batch(qe.QueryBatchRequest(sent))
        return in_their_places(requests, found)

    def prepare(self, collection: Collection, where: Filter) -> PreparedFilter:
        """Convert a filter once. Raises `IndexMismatch`."""
        ready = checked_filter(collection, where)
        return PreparedFilter(collection, edge_filter(ready), ready)

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
            found = {str(record.id): record for record in shard.retrieve(wanted, payload_selector(fields), vectors)}
        return [stored_of(found[one]) for one in wanted if one in found]

    def scroll(
        self,
        collection: Collection,
        *,
        where: Filter | None = None,
        limit: int = 100,
        fields: Sequence[str] | None = None,
    ) -> list[Stored]:
        """Points the filter keeps, ordered by id."""
        condition = edge_filter(checked_filter(collection, where))
        request = qe.ScrollRequest(
            limit=limit, filter=condition, with_payload=payload_selector(fields), with_vector=False
        )
        with self._reading(collection) as shard:
            return [stored_of(record) for record in shard.scroll(request)[0]]

    def count(self, collection: Collection, where: Filter | None = None) -> int:
        """How many points the filter keeps, exactly."""
        request = qe.CountRequest(exact=True, filter=edge_filter(checked_filter(collection, where)))
        with self._reading(collection) as shard:
            return int(shard.count(request))

    def facet(
        self, collection: Collection, key: str, *, where: Filter | None = None, limit: int = 50
    ) -> dict[str, int]:
        """Value -> points that have it, most frequent first. Raises `IndexMismatch` for a field that is no keyword."""
        condition = edge_filter(checked_filter(collection, where))
        request = qe.FacetRequest(checked_facet(collection, key), limit=limit, exact=True, filter=condition)
        with self._reading(collection) as shard:
            return {str(hit.value): int(hit.count) for hit in shard.facet(request)}

    def watch(self, changed: Changed) -> bool:
        """Have a bound method called after every write while its object lives: all writes come through here."""
        self._watching = [one for one in self._watching if one() is not None] + [WeakMethod(changed)]
        return True

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

    def _tell(self, collection: Collection, ids: Sequence[str] | None) -> None:
        for one in self._watching:
            if (changed := one()) is not None:
                changed(collection, ids)

    def _request(self, collection: Collection, ask: Ask, fields: Sequence[str] | None, quick: bool) -> Any:
        """The engine's question; None where an empty vector finds nothing."""
        query = self._query_of(collection, ask)
        if query is None:
            return None
        return qe.QueryRequest(
            limit=ask.limit,
            query=query,
            filter=edge_filter(checked_filter(collection, ask.where)),
            with_payload=payload_selector(fields),
            params=qe.SearchParams(hnsw_ef=max(QUICK_EF, ask.limit)) if quick else None,
        )

    def _query_of(self, collection: Collection, ask: Ask) -> Any:
        match ask:
            case Near(using=using, vector=vector):
                ready = checked_vector(collection, using, vector, self._dims)
                return None if ready is None else qe.Query.Nearest(edge_vector(ready), using)
            case Toward(using=using):
                aim, sides = checked_discovery(collection, using, ask.target, ask.pairs, self._dims)
                if aim is None:
                    return None
                context = [qe.ContextPair(edge_vector(positive), edge_vector(negative)) for positive, negative in sides]
                return qe.Query.Discover(qe.DiscoverQuery(edge_vector(aim), context), using)
            case Drawn():
                return qe.Sample.Random

    def _open(self, rebuild: bool) -> None:
        wanted = {collection.value: physical_name(collection, self._dims) for collection in Collection}
        check_live(self._folder, wanted, rebuild=rebuild)
        for collection in Collection:
            path = self._folder / wanted[collection.value]
            with self._engine(f"open {path.name}"):
                self._shards[collection] = self._shard(path, collection)
                # Small collections stay without an index of their vectors; looking at them again costs nothing.
                info = self._shards[collection].info()
                self._written += max(0, info.points_count - info.indexed_vectors_count)
        write_live(self._folder, wanted)

    def _shard(self, path: Path, collection: Collection) -> Any:
        config = config_of(collection, self._dims)
        segments = path / "segments"
        exists = segments.is_dir() and any(segments.iterdir())
        path.mkdir(parents=True, exist_ok=True)
        shard = qe.EdgeShard.load(str(path), config) if exists else qe.EdgeShard.create(str(path), config)
        present = shard.info().payload_schema
        for field, kind in PAYLOAD_INDEXES[collection].items():
            if field not in present:
                shard.update(qe.UpdateOperation.create_field_index(field, INDEX_TYPES[kind]))
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
