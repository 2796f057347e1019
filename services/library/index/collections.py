"""The collections of a Qdrant server and the aliases in front of them: made, checked, replaced without a gap."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import ApiException

from services.library.errors import IndexMismatch
from services.library.index.points import mismatch, physical_name
from services.library.index.port import Collection
from services.library.index.schema import LEXICAL, PAYLOAD_INDEXES, IndexDims
from services.settings import Settings

_INDEX_TYPES = {"keyword": models.PayloadSchemaType.KEYWORD, "float": models.PayloadSchemaType.FLOAT}

_COPIED_AT_ONCE = 64
"""Points of a request of a copy; with the frames of a video each has about 100 kB."""


@dataclass(frozen=True, slots=True)
class CollectionOptions:
    """How new collections are made; None leaves it to the server. An existing one keeps what it was made with.

    `int8` vectors are kept in memory and found by; the whole ones, on disk if `on_disk`, rescore what was found.
    """

    shards: int | None = None
    replicas: int | None = None
    write_replicas: int | None = None
    quantization: Literal["off", "int8"] = "off"
    on_disk: bool = False

    @classmethod
    def of(cls, settings: Settings) -> CollectionOptions:
        """As the operator chose."""
        return cls(
            settings.index_shards,
            settings.index_replicas,
            settings.index_write_replicas,
            settings.index_quantization,
            settings.index_on_disk,
        )


class Collections:
    """The physical collections of one schema and one size of vectors. Callers turn `ApiException` into their error."""

    def __init__(self, client: QdrantClient, url: str, dims: IndexDims, options: CollectionOptions) -> None:
        self._client = client
        self._url = url
        self._dims = dims
        self._options = options

    def open(self, *, rebuild: bool) -> None:
        """See to it that each alias leads to a collection that fits. Raises `IndexMismatch`."""
        aliases = self.aliases()
        wanted = {collection.value: physical_name(collection, self._dims) for collection in Collection}
        live = {name: aliases[name] for name in wanted if name in aliases}
        if any(not _generation_of(wanted[name], live[name]) for name in live) and not rebuild:
            raise mismatch(self._url, live, wanted)
        # By the list: whether a name exists is said of aliases too, and another process may make them just now.
        names = {collection.name for collection in self._client.get_collections().collections}
        if foreign := sorted(names & wanted.keys()):
            raise IndexMismatch(
                f"The index {self._url} has a collection called {foreign[0]!r} that is not Reelwise's: Reelwise needs "
                "that name as an alias; use another Qdrant server."
            )
        for collection in Collection:
            alias, name = collection.value, wanted[collection.value]
            fits = alias in live and _generation_of(name, live[alias])
            self.create(collection, live[alias] if fits else name)
            if not fits:
                self.switch({alias: name})

    def aliases(self) -> dict[str, str]:
        """Alias -> physical collection, of the whole server."""
        return {alias.alias_name: alias.collection_name for alias in self._client.get_aliases().aliases}

    def next_name(self, collection: Collection) -> str:
        """The name of the collection that would replace the one in use."""
        base = physical_name(collection, self._dims)
        generation = _generation_of(base, self.aliases().get(collection.value, base))
        return f"{base}-{generation + 1}"

    def create(self, collection: Collection, name: str) -> None:
        """Make the collection if it is not there, and its payload indexes."""
        if not self._client.collection_exists(name):
            try:
                self._client.create_collection(name, **self._config(collection))
            except ApiException:
                if not self._client.collection_exists(name):  # otherwise another process made it just now
                    raise
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Payload indexes have no effect in the local Qdrant")
            for field, kind in PAYLOAD_INDEXES[collection].items():
                self._client.create_payload_index(name, field, field_schema=_INDEX_TYPES[kind], wait=True)

    def copy(self, source: str, name: str, told: Callable[[int], None]) -> None:
        """Write all points of a collection (or of an alias) to another, vectors included."""
        offset, copied = None, 0
        while True:
            records, offset = self._client.scroll(
                source, limit=_COPIED_AT_ONCE, offset=offset, with_payload=True, with_vectors=True
            )
            points = [
                models.PointStruct(id=record.id, vector=record.vector or {}, payload=record.payload)
                for record in records
            ]
            if points:
                self._client.upsert(name, points, wait=True)
            copied += len(points)
            told(copied)
            if offset is None:
                return

    def drop(self, name: str) -> None:
        """Remove a collection, if it is there."""
        if self._client.collection_exists(name):
            self._client.delete_collection(name)

    def switch(self, wanted: Mapping[str, str]) -> None:
        """Point aliases to collections, all in one step: no reader meets an alias without a collection."""
        known = self.aliases()
        operations: list[Any] = []
        for alias, name in wanted.items():
            if known.get(alias) == name:
                continue
            if alias in known:
                operations.append(models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=alias)))
            create = models.CreateAlias(collection_name=name, alias_name=alias)
            operations.append(models.CreateAliasOperation(create_alias=create))
        if not operations:
            return
        try:
            self._client.update_collection_aliases(operations)
        except ApiException:
            known = self.aliases()
            if any(known.get(alias) != name for alias, name in wanted.items()):
                raise  # otherwise another process did the same just now

    def _config(self, collection: Collection) -> dict[str, Any]:
        max_sim = models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM)
        options = self._options
        quantized = models.ScalarQuantization(
            scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.99, always_ram=True)
        )
        return {
            "vectors_config": {
                vector: models.VectorParams(
                    size=spec.dim,
                    distance=models.Distance.COSINE,
                    multivector_config=max_sim if spec.multi else None,
                    on_disk=options.on_disk or None,
                )
                for vector, spec in self._dims.vectors(collection).items()
            },
            "sparse_vectors_config": {LEXICAL: models.SparseVectorParams(modifier=models.Modifier.IDF)},
            "shard_number": options.shards,
            "replication_factor": options.replicas,
            "write_consistency_factor": options.write_replicas,
            "quantization_config": quantized if options.quantization == "int8" else None,
        }


def _generation_of(base: str, name: str) -> int:
    """Which collection of this schema and these sizes it is: 1 has the plain name, 0 is none of them."""
    if name == base:
        return 1
    found = re.fullmatch(rf"{re.escape(base)}-([1-9][0-9]*)", name)
    return int(found[1]) if found else 0
