from __future__ import annotations

import random

from services.library.index.port import Collection, Filter
from services.recommend.catalogue import Catalogue
from services.recommend.indexed import point_id
from services.recommend.letting_through import can_tell, lets_through
from tests.services.recommend.made_up import Made, Stage

_VALUES = {
    "tags": ("cat", "goal", "night"),
    "topics": ("pets", "football"),
    "moods": ("healing", "exciting"),
    "language": ("en", "zh"),
    "creator": ("ann", "bo", "nobody"),
    "safety": ("violence",),
    "review_state": ("machine", "withheld"),
}


def _filled(stage: Stage) -> list[str]:
    chance = random.Random(5)
    videos = [
        Made(
            f"clip {n}",
            n % 8,
            tags=tuple(chance.sample(_VALUES["tags"], n % 3)),
            topics=tuple(chance.sample(_VALUES["topics"], n % 2)),
            moods=tuple(chance.sample(_VALUES["moods"], n % 3 % 2)),
            creator=chance.choice(("ann", "bo", None)),
            language=chance.choice(("en", "zh")),
            risk=chance.choice(("violence", None)),
            payload={"review_state": chance.choice(("machine", "withheld"))},
        )
        for n in range(24)
    ]
    stage.add(*videos)
    return [one.id for one in videos]


def _some(chance: random.Random) -> dict[str, tuple[str, ...]]:
    fields = chance.sample(sorted(_VALUES), chance.choice((0, 0, 1, 2)))
    return {name: tuple(chance.sample(_VALUES[name], chance.randint(0, len(_VALUES[name])))) for name in fields}


def test_a_video_in_memory_passes_where_the_index_lets_its_point_through(stage: Stage) -> None:
    ids = _filled(stage)
    index, videos, chance = stage.library.index, Catalogue(stage.library.index).videos(ids), random.Random(7)
    sizes = set()
    for _ in range(300):
        where = Filter(
            equals=_some(chance),
            some=_some(chance),
            excludes=_some(chance),
            ids=chance.choice((None, [point_id(one) for one in chance.sample(ids, 12)])),
            not_ids=[point_id(one) for one in chance.sample(ids, 5)],
        )
        match chance.randint(0, 2):
            case 0:
                where = Filter(
                    within=index.prepare(Collection.VIDEOS, where),
                    excludes=_some(chance),
                    ids=chance.choice((None, None, [], [point_id(one) for one in chance.sample(ids, 12)])),
                )
            case 1:
                where = Filter(without=index.prepare(Collection.VIDEOS, where), equals=_some(chance))
        assert can_tell(where)
        found = {point.id for point in index.scroll(Collection.VIDEOS, where=where, limit=len(ids))}
        lets = lets_through(where)
        assert {video.point_id for video in videos.values() if lets(video)} == found, where
        sizes.add(len(found))
    assert len(sizes) > 10


def test_what_was_not_read_of_a_video_is_left_to_the_index(stage: Stage) -> None:
    ids = _filled(stage)
    index, catalogue = stage.library.index, Catalogue(stage.library.index)
    short = Filter(ranges={"duration_s": (None, 1.0)})
    assert not can_tell(short)
    assert not can_tell(Filter(within=index.prepare(Collection.VIDEOS, short)))
    assert catalogue.lasting
    assert catalogue.allowed(ids, short) == []
    assert catalogue.allowed(ids, Filter(ranges={"duration_s": (1.0, None)})) == ids


def test_a_withheld_video_stops_passing_at_once(stage: Stage) -> None:
    ids = _filled(stage)
    catalogue, where = Catalogue(stage.library.index), Filter(excludes={"review_state": ["withheld"]})
    one = catalogue.allowed(ids, where)[0]
    stage.library.index.set_payload(Collection.VIDEOS, point_id(one), {"review_state": "withheld"})
    assert one not in catalogue.allowed(ids, where)
