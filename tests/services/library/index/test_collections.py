"""How collections are made on a server, and how new ones take their place without a gap."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import httpx
import numpy as np
import pytest
from qdrant_client import QdrantClient
from qdrant_client.models import Distance, VectorParams

from services.library.errors import IndexMismatch
from services.library.index.collections import CollectionOptions, Collections
from services.library.index.port import Collection, Filter, Point
from services.library.index.schema import IndexDims
from services.library.index.server import ServerIndex
from services.settings import Settings
from tests.qdrant_server import stand_here

DIMS = IndexDims(text=4, visual=4, sound=4)
IDS = [f"00000000-0000-0000-0000-{number:012d}" for number in range(150)]


@pytest.fixture
def url() -> Iterator[str]:
    """A recording stand-in for a server: in-memory mode ignores most of what is tested here."""
    with stand_here() as server:
        yield server


def created(url: str) -> list[dict]:
    return [sent for sent in httpx.get(f"{url}/sent").json() if "collection" in sent]


def filled(index: ServerIndex) -> ServerIndex:
    points = [
        Point(
            one,
            {"text": np.eye(4, dtype="f4")[row % 4], "visual": np.eye(4, dtype="f4")[:2]},
            {"tags": [f"t{row % 3}"], "video_id": one},
        )
        for row, one in enumerate(IDS)
    ]
    index.upsert(Collection.VIDEOS, points)
    return index


def test_shards_copies_quantisation_and_disk_are_asked_of_the_server_as_set(url: str) -> None:
    settings = Settings(
        index_shards=3, index_replicas=2, index_write_replicas=2, index_quantization="int8", index_on_disk=True
    )
    ServerIndex(url, DIMS, options=CollectionOptions.of(settings)).close()
    for sent in created(url):
        assert (sent["shard_number"], sent["replication_factor"], sent["write_consistency_factor"]) == (3, 2, 2)
        assert sent["quantization_config"]["scalar"] == {"type": "int8", "quantile": 0.99, "always_ram": True}
        assert all(vector["on_disk"] for vector in sent["vectors"].values())
    assert len(created(url)) == 2


def test_by_default_the_server_decides(url: str) -> None:
    ServerIndex(url, DIMS).close()
    for sent in created(url):
        asked = ("shard_number", "replication_factor", "write_consistency_factor", "quantization_config")
        assert all(sent.get(option) is None for option in asked)
        assert all(vector.get("on_disk") is None for vector in sent["vectors"].values())


def test_a_server_that_uses_the_name_for_something_else_is_refused_and_left_as_it_is(url: str) -> None:
    with closing(QdrantClient(url=url, check_compatibility=False)) as client:
        client.create_collection("moments", vectors_config=VectorParams(size=2, distance=Distance.COSINE))
        with pytest.raises(IndexMismatch, match="a collection called 'moments' that is not Reelwise's"):
            ServerIndex(url, DIMS)
        assert [one.name for one in client.get_collections().collections] == ["moments"]


def test_who_opens_while_another_process_makes_the_collections_uses_these(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Collections.aliases

    def overtaken(collections: Collections) -> dict[str, str]:
        before = asked(collections)
        monkeypatch.setattr(Collections, "aliases", asked)
        ServerIndex(url, DIMS).close()
        return before

    monkeypatch.setattr(Collections, "aliases", overtaken)
    index = filled(ServerIndex(url, DIMS))
    assert index.count(Collection.VIDEOS) == len(IDS)
    assert len(created(url)) == 2
    index.close()


def test_a_new_collection_has_the_points_and_vectors_of_the_old_one_and_is_used_in_one_step(url: str) -> None:
    index = filled(ServerIndex(url, DIMS))
    reader = ServerIndex(url, DIMS)
    before = reader.retrieve(Collection.VIDEOS, IDS, with_vectors=True)
    counted: list[int] = []
    again = ServerIndex(url, DIMS, options=CollectionOptions(shards=2))
    old = again.refill(lambda collection, count: counted.append(count) if collection is Collection.VIDEOS else None)
    assert counted[-1] == len(IDS)
    assert old == ["videos-v1-text4-visual4m-sound4", "moments-v1-text4-visual4"]
    assert [sent.get("shard_number") for sent in created(url)] == [None, None, 2, 2]
    switched = [sent["aliases"]["actions"] for sent in httpx.get(f"{url}/sent").json() if "aliases" in sent]
    assert len(switched[-1]) == 4  # both aliases, taken and given in one request
    after = reader.retrieve(Collection.VIDEOS, IDS, with_vectors=True)
    for one, other in zip(before, after, strict=True):
        assert (one.id, one.payload) == (other.id, other.payload)
        assert {name: np.asarray(vector).tolist() for name, vector in one.vectors.items()} == {
            name: np.asarray(vector).tolist() for name, vector in other.vectors.items()
        }
    again.drop(old)
    assert reader.count(Collection.VIDEOS) == len(IDS)
    for opened in (index, reader, again):
        opened.close()


def test_a_replaced_index_opens_again_and_can_be_replaced_again() -> None:
    index = filled(ServerIndex(":memory:", DIMS))
    for generation in (2, 3):
        index.drop(index.refill(lambda *_: None))
        aliases = {one.alias_name: one.collection_name for one in index.client.get_aliases().aliases}
        assert aliases["videos"] == f"videos-v1-text4-visual4m-sound4-{generation}"
        index._collections.open(rebuild=False)
        assert len(index.client.get_collections().collections) == 2
        assert index.count(Collection.VIDEOS) == len(IDS)
    index.close()


def test_what_a_refill_left_behind_that_was_cut_short_does_not_get_into_the_next() -> None:
    index = filled(ServerIndex(":memory:", DIMS))

    def cut_short(_collection: Collection, count: int) -> None:
        if count > 64:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.refill(cut_short)
    assert index.count(Collection.VIDEOS) == len(IDS)
    index.delete(Collection.VIDEOS, Filter(ids=[IDS[0]]))
    index.drop(index.refill(lambda *_: None))
    assert index.retrieve(Collection.VIDEOS, [IDS[0]]) == []
    index.close()
