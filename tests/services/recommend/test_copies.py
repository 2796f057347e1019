from __future__ import annotations

from uuid import UUID

from services.library.record.types import CopyLink
from services.library.understanding import CopyMatch
from services.recommend import Ask
from services.recommend.copies import one_of_each, original_of
from tests.services.recommend.made_up import Made, Stage

ORIGINAL, COPY, OTHER = (str(UUID(int=number)) for number in (1, 2, 3))
PAYLOADS = {ORIGINAL: {}, COPY: {"duplicate_of": UUID(ORIGINAL).hex}, OTHER: {"duplicate_of": None}}


def group(point: str) -> str:
    return original_of(point, PAYLOADS[point])


def test_of_copies_the_best_ranked_is_kept_in_its_place() -> None:
    assert one_of_each([COPY, OTHER, ORIGINAL], group) == [COPY, OTHER]
    assert one_of_each([OTHER, ORIGINAL, COPY], group) == [OTHER, ORIGINAL]


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
