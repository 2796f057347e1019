from __future__ import annotations

from services.library.index.port import Collection, Filter
from services.recommend import Ask, Recommender
from services.recommend.catalogue import Catalogue
from services.recommend.indexed import point_id
from tests.services.recommend.made_up import Made, Stage


def test_a_written_video_is_read_anew_at_once(stage: Stage) -> None:
    cat = Made("cat", 0, ("cat",))
    stage.add(cat)
    catalogue = Catalogue(stage.library.index)
    catalogue.warm([cat.id])
    before = catalogue.texts([cat.id])[cat.id]
    stage.library.index.set_payload(Collection.VIDEOS, point_id(cat.id), {"title": "tom"})
    assert catalogue.videos([cat.id])[cat.id].title == "tom"
    stage.add(Made("cat", 3, ("cat",)))
    assert (catalogue.texts([cat.id])[cat.id] != before).any()
    stage.library.index.delete(Collection.VIDEOS, Filter(ids=[point_id(cat.id)]))
    assert catalogue.videos([cat.id]) == catalogue.texts([cat.id]) == catalogue.looks([cat.id]) == {}


def test_what_the_filter_refuses_and_what_is_not_there_is_left_out_in_order(stage: Stage) -> None:
    videos = [Made(f"clip {n}", n, language="zh" if n % 2 else "en") for n in range(4)]
    stage.add(*videos)
    index = stage.library.index
    ids = [one.id for one in reversed(videos)]
    catalogue = Catalogue(index)
    english = Filter(equals={"language": ["en"]})
    prepared = Filter(within=index.prepare(Collection.VIDEOS, english))
    for where in (english, prepared):
        assert catalogue.allowed([ids[0], "0" * 32, *ids[1:]], where) == [ids[1], ids[3]]
    assert catalogue.allowed([], english) == []


def test_an_event_changes_the_next_feed_of_a_recommender_that_keeps_what_it_read(stage: Stage) -> None:
    stage.add(*(Made(f"cat {n}", 0, ("cat",)) for n in range(3)), *(Made(f"goal {n}", 3, ("goal",)) for n in range(3)))
    recommender = Recommender(stage.library, clock=lambda: stage.now)
    recommender.warm()
    stage.did("amy", "like", "cat 0")
    first = recommender.recommend(Ask("amy", limit=1, policy="familiar", dry_run=True))
    assert first.items[0].title in ("cat 1", "cat 2")
    stage.did("amy", "not_interested", "cat 0", "cat 1", "cat 2", ago_s=5)
    stage.did("amy", "like", "goal 0", ago_s=1)
    second = recommender.recommend(Ask("amy", limit=1, policy="familiar", dry_run=True))
    assert second.items[0].title in ("goal 1", "goal 2")
    recommender.close()
