"""Between the port's values and Qdrant Edge's: vectors, filters, points, and how collections are laid out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import qdrant_edge as qe

from services.library.index.port import Collection, Filter, MultiVector, SparseVector, Stored, Vector
from services.library.index.schema import LEXICAL, IndexDims

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

INDEX_TYPES = {"keyword": qe.PayloadSchemaType.Keyword, "float": qe.PayloadSchemaType.Float}
"""Types of the schema in the engine's words."""


def config_of(collection: Collection, dims: IndexDims) -> Any:
    """How a collection of these dims is laid out."""
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


def edge_vector(vector: Vector | MultiVector | SparseVector) -> Any:
    """One vector."""
    if isinstance(vector, SparseVector):
        return qe.SparseVector(list(vector.indices), list(vector.values))
    return vector.tolist()


def edge_vectors(vectors: Mapping[str, Vector | MultiVector | SparseVector]) -> dict[str, Any]:
    """Vectors by name."""
    return {name: edge_vector(vector) for name, vector in vectors.items()}


def payload_selector(fields: Sequence[str] | None) -> bool | list[str]:
    """What Edge is to read of a payload; for no field at all it must not read any."""
    return True if fields is None else list(fields) or False


def stored_of(record: Any) -> Stored:
    """A point as it is stored."""
    vectors: dict[str, Vector | MultiVector | SparseVector] = {}
    for name, value in (record.vector or {}).items():
        if isinstance(value, list):
            vectors[name] = np.asarray(value, dtype=np.float32)
        else:
            vectors[name] = SparseVector(tuple(value.indices), tuple(value.values))
    return Stored(str(record.id), record.payload or {}, vectors)


def edge_filter(where: Filter) -> Any:
    """A filter that was checked."""
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
    if where.without is not None:
        must_not.append(where.without.condition)
    if where.not_ids:
        must_not.append(qe.HasIdCondition(set(where.not_ids)))
    some = [_any_of(key, values) for key, values in where.some.items() if values]
    if where.some and not some:
        must.append(qe.HasIdCondition(set()))
    return qe.Filter(must=must or None, should=some or None, must_not=must_not or None)


def _any_of(key: str, values: Sequence[str | int | bool]) -> Any:
    return qe.FieldCondition(key, match=qe.MatchAny([str(value) for value in values]))
