"""Both adapters are held to these tests."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import numpy as np
import pytest

from services.library.errors import IndexMismatch, IndexUnavailable, InvalidValue, PointMissing
from services.library.index.asks import Toward
from services.library.index.edge import EdgeIndex
from services.library.index.points import BATCH_BYTES, BATCH_POINTS, batches
from services.library.index.port import Filter, Point, SparseVector
from services.library.index.sparse import encode_document, encode_query
from tests.services.library.index.zoo import MOMENTS, VIDEOS, axis, ids, near, uid


def test_every_vector_finds_its_own_and_a_point_without_it_is_no_candidate(zoo):
    assert ids(zoo.query(VIDEOS, using="text", vector=axis(0))) == [uid(0), uid(1), uid(2)]
    assert ids(zoo.query(VIDEOS, using="visual", vector=near(1, 5, 0.1, 8))) == [uid(0), uid(1)]
    assert ids(zoo.query(VIDEOS, using="sound", vector=axis(0, 4))) == [uid(0)]
    assert ids(zoo.query(VIDEOS, using="lexical", vector=encode_query("小狗"))) == [uid(1)]
    assert zoo.query(VIDEOS, using="text", vector=axis(0), limit=1)[0].payload["title"] == "猫 🐱"


def test_scores_are_cosines_and_the_best_row_of_a_multivector_counts(zoo):
    assert [hit.score for hit in zoo.query(VIDEOS, using="text", vector=axis(0))] == pytest.approx(
        [1.0, 0.7 / np.hypot(0.7, 0.3), 0.0], abs=1e-5
    )
    assert zoo.query(VIDEOS, using="visual", vector=axis(1, 8))[0].score == pytest.approx(1.0)


def test_rare_words_weigh_more_than_common_ones(index):
    texts = ["cat video", "cat video", "cat video", "okapi video"]
    index.upsert(VIDEOS, [Point(uid(n), {"lexical": encode_document(text)}, {}) for n, text in enumerate(texts)])
    hits = index.query(VIDEOS, using="lexical", vector=encode_query("cat okapi"))
    assert hits[0].id == uid(3)
    assert len(hits) == 4


def test_an_index_without_points_finds_nothing(index):
    for name, dim in (("text", 16), ("visual", 8)):
        assert index.query(VIDEOS, using=name, vector=axis(0, dim)) == []
        assert index.query(MOMENTS, using=name, vector=axis(0, dim)) == []
    assert index.query(VIDEOS, using="lexical", vector=encode_query("cat")) == []
    assert index.count(VIDEOS) == 0
    assert index.facet(VIDEOS, "tags") == {}


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        (Filter(), [0, 1, 2]),
        (Filter(equals={"tags": ["cat"]}), [0]),
        (Filter(equals={"tags": ["cat", "dog"]}), [0, 1]),
        (Filter(equals={"tags": ["home"], "language": ["zh"]}), [1]),
        (Filter(equals={"tags": []}), []),
        (Filter(excludes={"tags": ["dog", "fish"]}), [0, 2]),
        (Filter(excludes={"tags": []}), [0, 1, 2]),
        (Filter(ranges={"duration_s": (10.0, 20.0)}), [0, 1]),
        (Filter(ranges={"duration_s": (10.5, None)}), [1, 2]),
        (Filter(ranges={"duration_s": (None, 19.9)}), [0]),
        (Filter(ranges={"duration_s": (None, None)}), [0, 1, 2]),
        (Filter(ids=[uid(2), uid(9)]), [2]),
        (Filter(ids=[]), []),
        (Filter(not_ids=[uid(2), uid(0)]), [1]),
        (Filter(equals={"tags": ["home"]}, not_ids=[uid(0)], ranges={"duration_s": (0.0, 99.0)}), [1]),
    ],
)
def test_filters_mean_the_same_everywhere(zoo, where, kept):
    expected = {uid(number) for number in kept}
    assert set(ids(zoo.query(VIDEOS, using="text", vector=axis(0), where=where))) == expected
    assert set(ids(zoo.scroll(VIDEOS, where=where))) == expected
    assert zoo.count(VIDEOS, where) == len(kept)
    zoo.delete(VIDEOS, where)
    assert zoo.count(VIDEOS) == 3 - len(kept)


def test_a_prepared_filter_holds_with_whatever_is_asked_besides(zoo):
    within = zoo.prepare(VIDEOS, Filter(equals={"tags": ["home"]}, not_ids=[uid(2)]))
    assert set(ids(zoo.scroll(VIDEOS, where=Filter(within=within)))) == {uid(0), uid(1)}
    both = Filter(equals={"language": ["zh"]}, within=within)
    assert ids(zoo.query(VIDEOS, using="text", vector=axis(0), where=both)) == [uid(1)]
    with pytest.raises(IndexMismatch, match="prepared for 'videos'"):
        zoo.count(MOMENTS, Filter(within=within))
    with pytest.raises(IndexMismatch, match="cannot be filtered"):
        zoo.prepare(VIDEOS, Filter(equals={"title": ["x"]}))


def test_what_a_prepared_filter_refuses_can_be_asked_for(zoo):
    allowed = zoo.prepare(VIDEOS, Filter(excludes={"tags": ["dog"]}, not_ids=[uid(2)]))
    assert ids(zoo.scroll(VIDEOS, where=Filter(without=allowed))) == [uid(1), uid(2)]
    among = zoo.prepare(VIDEOS, Filter(ids=[uid(0), uid(1), uid(7)]))
    assert ids(zoo.scroll(VIDEOS, where=Filter(within=among, without=allowed))) == [uid(1)]


def test_whoever_watches_is_told_of_every_write_where_the_index_sees_them_all(zoo):
    class Watcher:
        def __init__(self):
            self.told = []

        def changed(self, collection, points):
            self.told.append((collection, points if points is None else list(points)))

    watcher, gone = Watcher(), Watcher()
    watching = zoo.watch(watcher.changed)
    zoo.watch(gone.changed)
    del gone
    zoo.set_payload(VIDEOS, uid(1), {"title": "dog"})
    zoo.upsert(VIDEOS, [Point(uid(5), {"text": axis(2)}, {})])
    zoo.delete(VIDEOS, Filter(ids=[uid(5)]))
    assert watching is isinstance(zoo, EdgeIndex)
    assert watcher.told == ([(VIDEOS, [uid(1)]), (VIDEOS, [uid(5)]), (VIDEOS, None)] if watching else [])


def test_only_the_fields_and_vectors_that_are_asked_for_come_along(zoo):
    hit = zoo.query(VIDEOS, using="text", vector=axis(0), limit=1, fields=["language", "absent"])[0]
    assert hit.payload == {"language": "en"}
    assert zoo.query(VIDEOS, using="text", vector=axis(0), limit=1, fields=())[0].payload == {}
    assert zoo.scroll(VIDEOS, fields=["tags"])[0].payload == {"tags": ["cat", "home"]}
    (stored,) = zoo.retrieve(VIDEOS, [uid(0)], with_vectors=["text"], fields=["tags"])
    assert (stored.payload, set(stored.vectors)) == ({"tags": ["cat", "home"]}, {"text"})


def test_a_quick_search_orders_what_it_finds_as_a_thorough_one_does(zoo):
    for limit in (1, 3, 100):
        quick = zoo.query(VIDEOS, using="text", vector=near(1, 0, 0.2), limit=limit, quick=True)
        assert quick == zoo.query(VIDEOS, using="text", vector=near(1, 0, 0.2), limit=limit)
        toward = [Toward("text", axis(0), limit=limit)]
        assert zoo.ask(VIDEOS, toward, quick=True) == zoo.ask(VIDEOS, toward)


def test_of_some_fields_one_is_enough(zoo):
    def found(**where):
        return ids(zoo.scroll(VIDEOS, where=Filter(**where)))

    assert found(some={"tags": ["cat"], "language": ["zh"]}) == [uid(0), uid(1)]
    assert found(some={"tags": ["cat"], "language": ["zh"]}, equals={"tags": ["dog"]}) == [uid(1)]
    assert found(some={"tags": ["cat", "dog"]}, excludes={"language": ["en"]}) == [uid(1)]
    assert found(some={"tags": [], "language": ["en"]}) == [uid(0)]
    assert found(some={"tags": []}) == []
    with pytest.raises(IndexMismatch, match="cannot be filtered by 'title'"):
        found(some={"title": ["x"]})


def test_setting_a_payload_merges_and_keeps_the_vectors(zoo):
    zoo.set_payload(VIDEOS, uid(0), {"review_state": "reviewed", "tags": ["kitten"]})
    (stored,) = zoo.retrieve(VIDEOS, [uid(0)], with_vectors=True)
    assert (stored.payload["tags"], stored.payload["review_state"]) == (["kitten"], "reviewed")
    assert (stored.payload["title"], stored.payload["labels"]) == ("猫 🐱", [{"a": None}])
    assert set(stored.vectors) == {"text", "visual", "sound", "lexical"}
    assert ids(zoo.query(VIDEOS, using="text", vector=axis(0), where=Filter(equals={"tags": ["kitten"]}))) == [uid(0)]
    with pytest.raises(PointMissing, match="publish"):
        zoo.set_payload(VIDEOS, uid(9), {"x": 1})


def test_points_come_back_in_the_order_asked_with_their_vectors(zoo):
    stored = zoo.retrieve(VIDEOS, [uid(2), uid(9), uid(0)], with_vectors=True)
    assert ids(stored) == [uid(2), uid(0)]
    np.testing.assert_allclose(stored[1].vectors["visual"], np.stack([axis(0, 8), axis(1, 8)]), atol=1e-6)
    np.testing.assert_allclose(stored[0].vectors["text"], axis(1), atol=1e-6)
    lexical, sent = stored[1].vectors["lexical"], encode_document("a cat sleeps 猫咪睡觉")
    assert lexical.indices == sent.indices
    assert lexical.values == pytest.approx(sent.values)
    assert zoo.retrieve(VIDEOS, [uid(0)])[0].vectors == {}
    assert zoo.retrieve(VIDEOS, []) == []


def test_upserting_twice_is_one_point_and_the_second_replaces_it_whole(zoo):
    zoo.upsert(VIDEOS, [Point(uid(0), {"text": axis(5)}, {"tags": ["fish"]})])
    assert zoo.count(VIDEOS) == 3
    (stored,) = zoo.retrieve(VIDEOS, [uid(0)], with_vectors=True)
    assert (stored.payload, set(stored.vectors)) == ({"tags": ["fish"]}, {"text"})


def test_facets_count_the_items_of_lists(zoo):
    assert zoo.facet(VIDEOS, "tags") == {"home": 2, "cat": 1, "dog": 1}
    assert zoo.facet(VIDEOS, "tags", where=Filter(equals={"language": ["zh"]})) == {"home": 1, "dog": 1}
    assert len(zoo.facet(VIDEOS, "tags", limit=1)) == 1


def test_moments_are_apart_from_videos(zoo):
    payload = {"video_id": "a" * 32, "start": 1.0, "end": 2.5, "kind": "speech", "text": "你好"}
    zoo.upsert(MOMENTS, [Point(uid(0), {"text": axis(3), "visual": axis(3, 8)}, payload)])
    where = Filter(equals={"video_id": ["a" * 32], "kind": ["speech", "shot"]}, ranges={"start": (0.5, None)})
    assert zoo.query(MOMENTS, using="visual", vector=axis(3, 8), where=where)[0].payload == payload
    zoo.delete(MOMENTS, where)
    assert (zoo.count(MOMENTS), zoo.count(VIDEOS)) == (0, 3)


@pytest.mark.parametrize(
    "vectors",
    [
        {"text": np.ones(15, dtype=np.float32)},
        {"text": np.ones((2, 16), dtype=np.float32)},
        {"visual": np.ones((2, 9), dtype=np.float32)},
        {"text": np.full(16, np.nan, dtype=np.float32)},
        {"smell": np.ones(4, dtype=np.float32)},
        {"lexical": np.ones(4, dtype=np.float32)},
        {"text": SparseVector((1,), (1.0,))},
        {"lexical": SparseVector((2, 1), (1.0, 1.0))},
        {"lexical": SparseVector((2**32,), (1.0,))},
    ],
)
def test_a_vector_that_does_not_fit_is_refused_and_nothing_is_written(index, vectors):
    with pytest.raises(IndexMismatch):
        index.upsert(VIDEOS, [Point(uid(0), {"text": axis(0)}, {}), Point(uid(1), vectors, {})])
    assert index.count(VIDEOS) == 0


def test_a_query_that_does_not_fit_is_refused(index):
    with pytest.raises(IndexMismatch, match="built for 16 numbers"):
        index.query(VIDEOS, using="text", vector=axis(0, 8))
    with pytest.raises(IndexMismatch, match="cannot be filtered by 'title'"):
        index.count(VIDEOS, Filter(equals={"title": ["x"]}))
    with pytest.raises(IndexMismatch, match="use ranges"):
        index.count(VIDEOS, Filter(equals={"duration_s": [1]}))
    with pytest.raises(IndexMismatch, match="cannot be counted"):
        index.facet(VIDEOS, "duration_s")
    with pytest.raises(IndexMismatch, match="not a point id"):
        index.retrieve(VIDEOS, ["video-1"])
    with pytest.raises(InvalidValue, match="float32"):
        index.upsert(VIDEOS, [Point(uid(0), {}, {"energy": np.float32(0.5)})])


def test_a_closed_index_says_so(index):
    index.close()
    index.close()
    with pytest.raises(IndexUnavailable, match="closed"):
        index.count(VIDEOS)


def test_the_order_is_that_of_exact_cosines_before_and_after_optimizing(index):
    rng = np.random.default_rng(7)
    stored = rng.normal(size=(2000, 16)).astype(np.float32)
    stored /= np.linalg.norm(stored, axis=1, keepdims=True)
    frames = rng.normal(size=(2000, 3, 8)).astype(np.float32)
    frames /= np.linalg.norm(frames, axis=2, keepdims=True)
    index.upsert(
        VIDEOS, [Point(uid(n), {"text": stored[n], "visual": frames[n]}, {"duration_s": float(n)}) for n in range(2000)]
    )
    assert index.count(VIDEOS) == 2000
    for _ in range(2):
        for _ in range(3):
            query = stored[rng.integers(2000)]
            expected = stored @ query
            got = index.query(VIDEOS, using="text", vector=query, limit=50)
            assert [hit.score for hit in got] == pytest.approx(np.sort(expected)[::-1][:50], abs=1e-5)
            assert [expected[UUID(hit.id).int - 1] for hit in got] == pytest.approx(
                [hit.score for hit in got], abs=1e-5
            )
            look = frames[rng.integers(2000), 0]
            best = (frames @ look).max(axis=1)
            where = Filter(ranges={"duration_s": (1000.0, None)})
            got = index.query(VIDEOS, using="visual", vector=look, limit=20, where=where)
            assert [hit.score for hit in got] == pytest.approx(np.sort(best[1000:])[::-1][:20], abs=1e-5)
        index.optimize()


def test_queries_and_writes_at_once_do_not_disturb_each_other(index):
    index.upsert(VIDEOS, [Point(uid(0), {"text": axis(0)}, {"tags": ["t"]})])
    stop = threading.Event()

    def write(worker):
        for number in range(30):
            index.upsert(VIDEOS, [Point(uid(1 + worker * 100 + number), {"text": near(1, 2, 0.1)}, {"tags": ["t"]})])
        return 30

    def read(_):
        reads = 0
        while not stop.is_set():
            assert index.query(VIDEOS, using="text", vector=axis(0), limit=1)[0].id == uid(0)
            assert index.count(VIDEOS, Filter(equals={"tags": ["t"]})) >= 1
            reads += 1
        return reads

    with ThreadPoolExecutor(5) as pool:
        readers = [pool.submit(read, number) for number in range(3)]
        try:
            assert sum(pool.map(write, range(2))) == 60
            index.optimize()
        finally:
            stop.set()
        assert all(reader.result() > 0 for reader in readers)
    assert index.count(VIDEOS) == 61


def test_batches_are_cut_by_bytes_and_by_count():
    small = [Point(uid(n), {}, {}) for n in range(BATCH_POINTS + 1)]
    assert [len(batch) for batch in batches(small)] == [BATCH_POINTS, 1]
    large = [Point(uid(n), {}, {"text": "字" * (BATCH_BYTES // 12)}) for n in range(7)]
    assert [len(batch) for batch in batches(large)] == [2, 2, 2, 1]
    assert [len(batch) for batch in batches([Point(uid(0), {}, {"text": "x" * BATCH_BYTES})])] == [1]
    assert list(batches([])) == []
