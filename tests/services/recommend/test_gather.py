"""The index is asked for all sources together; what fails or takes too long leaves the others alone."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from services.library.errors import IndexUnavailable
from services.library.index.asks import Ask as IndexAsk
from services.library.index.asks import Near
from services.library.index.port import Hit
from services.recommend import Ask, Recommender
from services.recommend.recommend import default_sources
from services.recommend.sources.labels import Labels
from services.recommend.sources.meaning import MAX_ASKED
from tests.services.recommend.made_up import Made, Stage

ASKING = {"meaning", "looks", "labels", "adventurous"}
"""Sources that look in the index for a viewer who liked a cat and said nothing else."""


@pytest.fixture
def zoo(stage: Stage) -> Stage:
    stage.add(*(Made(f"cat {n}", 0, ("cat",), ("pets",), ("healing",), creator=f"keeper {n}") for n in range(4)))
    stage.add(*(Made(f"goal {n}", 2, ("football",), ("football",), ("exciting",)) for n in range(4)))
    stage.did("amy", "like", "cat 0")
    stage.did("zoe", "like", "goal 1")
    return stage


def test_one_question_to_the_index_holds_what_all_sources_ask(zoo: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    index, asked = zoo.library.index, list[Sequence[IndexAsk]]()
    ask = index.ask

    def counted(collection, asks, **options):
        asked.append(asks)
        return ask(collection, asks, **options)

    monkeypatch.setattr(index, "ask", counted)
    feed = zoo.recommender.recommend(Ask("amy", limit=6))
    assert {source for item in feed.items for source in item.sources} >= {"meaning", "looks", "labels", "fresh"}
    candidates, *frames = asked
    assert len(candidates) >= len(ASKING)
    assert len(frames) <= 1  # which frames the picks look like, for the reasons


def test_the_adventurous_look_around_one_interest_a_request_and_not_always_the_same(
    zoo: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoo.did("bob", "like", "cat 0", "cat 1", "goal 0", "goal 1")
    index, aims = zoo.library.index, list[int]()
    ask = index.ask

    def seen(collection, asks, **options):
        bold = [one for one in asks if one.where is not None and "topics" in one.where.excludes]
        aims.extend(int(one.vector.argmax()) for one in bold)
        return ask(collection, asks, **options)

    monkeypatch.setattr(index, "ask", seen)
    for _ in range(20):
        zoo.recommender.recommend(Ask("bob", limit=3, dry_run=True))
    assert len(aims) == 20
    assert set(aims) == {0, 2}  # the axes of cats and of goals


def test_the_index_is_asked_about_three_interests_drawn_anew_for_each_request(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    sorts = ("cat", "football", "noodles", "guitar", "chess", "tents")
    stage.add(*(Made(f"{sort} {n}", place, (sort,)) for place, sort in enumerate(sorts) for n in range(3)))
    stage.did("ann", "like", *(f"{sort} {n}" for sort in sorts for n in range(2)), ago_s=86_400)
    index, aims = stage.library.index, list[list[int]]()
    ask = index.ask

    def seen(collection, asks, **options):
        near = [one for one in asks if isinstance(one, Near) and one.using == "text" and not one.where.some]
        aims.append([int(one.vector.argmax()) for one in near if "topics" not in one.where.excludes])
        return ask(collection, asks, **options)

    monkeypatch.setattr(index, "ask", seen)
    for _ in range(20):
        stage.recommender.recommend(Ask("ann", limit=3, dry_run=True))
    asked = [frozenset(one) for one in aims if one]
    assert {len(one) for one in asked} == {MAX_ASKED}
    assert len(frozenset.union(*asked)) == 5, "as many interests as a profile holds"


def test_only_sources_that_wait_for_something_are_given_a_thread(zoo: Stage) -> None:
    ran = dict[str, str]()

    class Watched(Labels):
        def __init__(self, name: str, *, in_memory: bool) -> None:
            self.name, self.in_memory = name, in_memory

        def score(self, request, videos):
            ran[self.name] = threading.current_thread().name
            return super().score(request, videos)

    sources = [Watched("labels", in_memory=True), Watched("trending", in_memory=False)]
    recommender = Recommender(zoo.library, sources=sources, clock=lambda: zoo.now, cache_s=0.0)
    assert recommender.recommend(Ask("amy", limit=4)).items
    assert ran["labels"] == threading.current_thread().name
    assert ran["trending"].startswith("source")


def test_blas_has_one_thread_where_feeds_are_made(zoo: Stage) -> None:
    with threadpool_limits(2, "blas"):
        assert {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"} == {2}
        Recommender(zoo.library)
        assert {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"} == {1}


def test_a_source_that_cannot_say_what_it_asks_is_left_out(zoo: Stage) -> None:
    class Speechless(Labels):
        def asks(self, request):
            raise RuntimeError("lost for words")

    sources = [one for one in default_sources() if one.name != "labels"]
    recommender = Recommender(zoo.library, sources=[*sources, Speechless()], clock=lambda: zoo.now, cache_s=0.0)
    feed = recommender.recommend(Ask("amy", limit=4))
    assert [one.source for one in feed.left_out] == ["labels"]
    assert "RuntimeError" in feed.left_out[0].why
    assert feed.items[0].title.startswith("cat")


def test_where_the_search_fails_the_sources_that_need_none_answer(zoo: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> list[list[Hit]]:
        raise IndexUnavailable("the index is being moved")

    monkeypatch.setattr(zoo.library.index, "ask", fails)
    feed = zoo.recommender.recommend(Ask("amy", limit=4))
    assert len(feed.items) == 4
    assert {one.source for one in feed.left_out} == ASKING
    assert {one.why for one in feed.left_out} == {"the index is being moved"}


def test_a_search_that_takes_too_long_is_not_waited_for(zoo: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def hangs(*_: object, **__: object) -> list[list[Hit]]:
        over.wait(60)
        return []

    monkeypatch.setattr(zoo.library.index, "ask", hangs)
    monkeypatch.setattr(zoo.recommender.ranker, "_timeout_s", 0.2)
    try:
        feed = zoo.recommender.recommend(Ask("amy", limit=4))
    finally:
        over.set()
    assert {one.source for one in feed.left_out} >= ASKING
    assert {one.why for one in feed.left_out} == {"took too long"}
