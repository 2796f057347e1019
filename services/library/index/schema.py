"""The collections, field by field: the contract that `docs/qdrant.md` explains."""

from __future__ import annotations

from dataclasses import dataclass

from services.library.index.port import Collection

SCHEMA_VERSION = 1
"""Raised when a change needs a re-index; the alias then moves to the new physical collection."""

LEXICAL = "lexical"


@dataclass(frozen=True, slots=True)
class VectorSpec:
    """A dense vector: cosine; `multi` compares by MaxSim."""

    dim: int
    multi: bool = False


@dataclass(frozen=True, slots=True)
class IndexDims:
    """Sizes of the vectors, which follow from the profile's models."""

    text: int
    visual: int
    sound: int

    def vectors(self, collection: Collection) -> dict[str, VectorSpec]:
        """The dense vectors of a collection by name."""
        text = {"text": VectorSpec(self.text)}
        if collection is Collection.MOMENTS:
            return text | {"visual": VectorSpec(self.visual)}
        return text | {"visual": VectorSpec(self.visual, multi=True), "sound": VectorSpec(self.sound)}


PAYLOAD_INDEXES: dict[Collection, dict[str, str]] = {
    Collection.VIDEOS: {
        "tags": "keyword",
        "topics": "keyword",
        "moods": "keyword",
        "occasions": "keyword",
        "language": "keyword",
        "creator": "keyword",
        "duration_s": "float",
        "published_at": "float",
        "safety": "keyword",
        "review_state": "keyword",
        "duplicate_of": "keyword",
    },
    Collection.MOMENTS: {"video_id": "keyword", "start": "float", "end": "float", "kind": "keyword"},
}
"""Field -> Qdrant payload index type, for every field that a filter may name."""
