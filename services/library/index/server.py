"""The index on a Qdrant server or cluster, by qdrant-client; `:memory:` keeps it in this process, for tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import ApiException

from services.library.errors import IndexUnavailable, PointMissing
from services.library.index.asks import Ask, Drawn, Near, Toward, in_their_places
from services.library.index.collections import CollectionOptions, Collections
from services.library.index.points import (
    batches,
    checked,
    checked_discovery,
    checked_facet,
    checked_filter,
    checked_vector,
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
from services.library.index.schema import IndexDims
from services.library.index.server_values import (
    payload_selector,
    server_filter,
    server_vector,
    server_vectors,
    stored_of,
)
from services.library.jsonable import storable_json

TIMEOUT_S = 30
"""Longest a request may take, seconds."""

MEMORY = ":memory:"


class ServerIndex:
    """`IndexPort` on a Qdrant server. Reads and writes go through the aliases `videos` and `moments`."""

    def __init__(
        self,
        url: str,
        dims: IndexDims,
        *,
        api_key: str | None = None,
        options: CollectionOptions | None = None,
        rebuild: bool = False,
    ) -> None:
        self._url, self._dims = url, dims
        # The client's in-memory mode is plain Python over arrays that grow: it needs one caller at a time.
        self._turn: AbstractContextManager[Any] = threading.RLock() if url == MEMORY else nullcontext()
        self._closed = False
        try:
            if url == MEMORY:
                self.client = QdrantClient(MEMORY)
            else:
                # Opening the collections says at once what is wrong; the version probe would only warn first.
                self.client = QdrantClient(url=url, api_key=api_key, timeout=TIMEOUT_S, check_compatibility=False)
        except ValueError as error:
            raise IndexUnavailable(f"The index URL {url!r} does not work: {error}. Set REELWISE_INDEX_URL.") from error
        self._collections = Collections(self.client, url, dims, options or CollectionOptions())
        with self._talking():
            self._collections.open(rebuild=rebuild)

    def upsert(self, collection: Collection, points: Sequence[Point]) -> None:
        """Insert or replace points; durable and visible on return. Raises `IndexMismatch`."""
        ready = checked(collection, points, self._dims)
        for batch in batches(ready):
            structs = [
                models.PointStruct(id=point.id, vector=server_vectors(point.vectors), payload=dict(point.payload))
                for point in batch
            ]
            with self._talking():
                self.client.upsert(collection.value, structs, wait=True)

    def delete(self, collection: Collection, where: Filter) -> None:
        """Remove every point the filter keeps."""
        selector = models.FilterSelector(filter=server_filter(checked_filter(collection, where)))
        with self._talking():
            self.client.delete(collection.value, selector, wait=True)

    def set_payload(self, collection: Collection, point_id: str, payload: Mapping[str, Any]) -> None:
        """Merge fields into a point's payload; its vectors stay. Raises `PointMissing`."""
        fields = storable_json(payload, f"payload of {collection.value} point {point_id}")
        with self._talking():
            if not self.retrieve(collection, [point_id]):
                raise PointMissing(collection.value, point_id)
            self.client.set_payload(collection.value, fields, points=[point_id], wait=True)

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
        with self._talking():
            found = self.client.query_batch_points(collection.value, sent)
        return in_their_places(requests, (one.points for one in found))

    def prepare(self, collection: Collection, where: Filter) -> PreparedFilter:
        """Convert a filter once. Raises `IndexMismatch`."""
        ready = checked_filter(collection, where)
        return PreparedFilter(collection, server_filter(ready), ready)

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
        with self._talking():
            records = self.client.retrieve(
                collection.value,
                list(dict.fromkeys(wanted)),
                with_vectors=vectors,
                with_payload=payload_selector(fields),
            )
        found = {str(record.id): record for record in records}
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
        condition = server_filter(checked_filter(collection, where))
        with self._talking():
            records, _ = self.client.scroll(
                collection.value, scroll_filter=condition, limit=limit, with_payload=payload_selector(fields)
            )
        return [stored_of(record) for record in records]

    def count(self, collection: Collection, where: Filter | None = None) -> int:
        """How many points the filter keeps, exactly."""
        condition = server_filter(checked_filter(collection, where))
        with self._talking():
            return self.client.count(collection.value, count_filter=condition, exact=True).count

    def facet(
        self, collection: Collection, key: str, *, where: Filter | None = None, limit: int = 50
    ) -> dict[str, int]:
        """Value -> points that have it, most frequent first. Raises `IndexMismatch` for a field that is no keyword."""
        condition = server_filter(checked_filter(collection, where))
        with self._talking():
            response = self.client.facet(
                collection.value, checked_facet(collection, key), facet_filter=condition, limit=limit, exact=True
            )
        return {str(hit.value): hit.count for hit in response.hits}

    def refill(self, told: Callable[[Collection, int], None]) -> list[str]:
        """Copy all points to new collections, made with today's options, and put these in use in one step.

        What is written to the old ones meanwhile is missing in the new ones. Returns the names of the old ones, which
        stay until `drop`. `told` hears how many points of a collection were copied so far.
        """
        with self._talking():
            old = self._collections.aliases()
            new = {collection: self._collections.next_name(collection) for collection in Collection}
            for collection, name in new.items():
                self._collections.drop(name)  # of a run that was cut short
                self._collections.create(collection, name)
                self._collections.copy(collection.value, name, partial(told, collection))
            self._collections.switch({collection.value: name for collection, name in new.items()})
        return [old[collection.value] for collection in Collection]

    def drop(self, names: Sequence[str]) -> None:
        """Remove collections that are not in use any more."""
        with self._talking():
            for name in names:
                self._collections.drop(name)

    def watch(self, changed: Changed) -> bool:
        """Never: other processes write to a server as well."""
        return False

    def optimize(self) -> None:
        """Nothing to do: a server optimizes by itself."""

    def unoptimized(self) -> tuple[int, float]:
        """Nothing: a server optimizes by itself."""
        return 0, 0.0

    def close(self) -> None:
        """Close the connections. Idempotent."""
        if not self._closed:
            self._closed = True
            self.client.close()

    def _request(
        self, collection: Collection, ask: Ask, fields: Sequence[str] | None, quick: bool
    ) -> models.QueryRequest | None:
        """The server's question; None where an empty vector finds nothing."""
        query = self._query_of(collection, ask)
        using = None if isinstance(ask, Drawn) else ask.using
        if query is None or (self._url == MEMORY and using is not None and not self._anyone_has(collection, using)):
            return None
        return models.QueryRequest(
            query=query,
            using=using,
            filter=server_filter(checked_filter(collection, ask.where)),
            limit=ask.limit,
            with_payload=payload_selector(fields),
            params=models.SearchParams(hnsw_ef=max(QUICK_EF, ask.limit)) if quick else None,
        )

    def _query_of(self, collection: Collection, ask: Ask) -> Any:
        match ask:
            case Near(using=using, vector=vector):
                ready = checked_vector(collection, using, vector, self._dims)
                return None if ready is None else models.NearestQuery(nearest=server_vector(ready))
            case Toward(using=using):
                aim, sides = checked_discovery(collection, using, ask.target, ask.pairs, self._dims)
                if aim is None:
                    return None
                context = [
                    models.ContextPair(positive=positive.tolist(), negative=negative.tolist())
                    for positive, negative in sides
                ]
                return models.DiscoverQuery(discover=models.DiscoverInput(target=aim.tolist(), context=context))
            case Drawn():
                return models.SampleQuery(sample=models.Sample.RANDOM)

    @contextmanager
    def _talking(self) -> Iterator[None]:
        with self._turn:
            if self._closed:
                raise IndexUnavailable(f"The connection to the index {self._url} is closed: open the library again.")
            try:
                yield
            except ApiException as error:
                raise IndexUnavailable(
                    f"The index {self._url} did not do as asked: {error}. Check that it runs, REELWISE_INDEX_URL and "
                    "REELWISE_INDEX_API_KEY."
                ) from error

    def _anyone_has(self, collection: Collection, vector: str) -> bool:
        """The client's in-memory mode refuses to query a vector that no point has yet; a server finds nothing."""
        has = models.Filter(must=[models.HasVectorCondition(has_vector=vector)])
        with self._talking():
            return self.client.count(collection.value, count_filter=has).count > 0
