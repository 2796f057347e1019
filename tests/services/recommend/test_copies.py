from __future__ import annotations

from types import SimpleNamespace
from typing import cast
from uuid import UUID

import numpy as np

from services.library.record.types import CopyLink
from services.library.understanding import CopyMatch
from services.recommend import Ask
from services.recommend.copies import original_of
from services.recommend.models import QueryModels
from services.recommend.search import search_videos
from tests.services.recommend.made_up import Made, Stage

ORIGINAL, COPY, OTHER = (str(UUID(int=number)) for number in (1, 2, 3))
PAYLOADS = {ORIGINAL: {}, COPY: {"duplicate_of": UUID(ORIGINAL).hex}, OTHER: {"duplicate_of": None}}


def test_copies_of_one_video_have_one_original_in_common() -> None:
    originals = [original_of(point, payload) for point, payload in PAYLOADS.items()]
    assert originals == [UUID(ORIGINAL).hex, UUID(ORIGINAL).hex, UUID(OTHER).hex]


def test_a_search_shows_one_of_several_copies_and_goes_on_to_what_is_no_copy(stage: Stage) -> None:
    cat = Made("cat", 0, ("cat",), ("pets",))
    copies = [Made(f"copy {n}", 0, ("cat",), ("pets",), payload={"duplicate_of": cat.id}) for n in range(60)]
    stage.add(cat, *copies, Made("goal", 2, ("football",), ("football",)))

    def engine(dim: int) -> SimpleNamespace:
        near = np.eye(dim, dtype=np.float32)[:1]
        return SimpleNamespace(embed_queries=lambda _: near, embed_texts=lambda _: near, near_text=0.3)

    models = cast(QueryModels, SimpleNamespace(text=engine(16), vision=engine(8)))
    titles = [hit.title for hit in search_videos(stage.library, models, "a sleeping cat", limit=5)]
    assert len(titles) == 2
    assert titles[1] == "goal"
    assert len(search_videos(stage.library, models, "a sleeping cat", limit=1)) == 1


def test_a_feed_shows_one_of_several_copies_and_none_of_what_was_seen(stage: Stage) -> None:
    cat = Made("cat", 0, ("cat",), ("pets",))
    copies = [Made(f"copy {n}", 0, ("cat",), ("pets",), payload={"duplicate_of": cat.id}) for n in range(2)]
    dog = Made("dog", 0, ("dog",), ("pets",))
    again = Made("dog again", 0, ("dog",), ("pets",), payload={"duplicate_of": dog.id})
    stage.add(cat, *copies, dog, again, Made("fish", 0, ("fish",), ("pets",)))
    match = CopyMatch(kinds=(), score=0.9, speed=1.0, offset_s=0.0, sound=None, spans=())
    stage.library.record.put_copies([CopyLink(again.id, dog.id, match)])
    stage.did("amy", "like", "dog again")
    shown = [item.title for item in stage.recommender.recommend(Ask("amy", limit=10)).items]
    assert "dog" not in shown
    assert "fish" in shown
    assert len({"cat", "copy 0", "copy 1"} & set(shown)) == 1
