"""The index is asked for all sources together; what fails or takes too long leaves the others alone."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from services.library.errors import IndexUnavailable
from services.library.index.asks import Ask as IndexAsk
from services.library.index.port import Hit
from services.recommend import Ask, Recommender
from services.recommend.recommend import default_sources
from services.recommend.sources.labels import Labels
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
