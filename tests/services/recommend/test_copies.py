from __future__ import annotations

from uuid import UUID

from services.recommend.copies import one_of_each, original_of

ORIGINAL, COPY, OTHER = (str(UUID(int=number)) for number in (1, 2, 3))
PAYLOADS = {ORIGINAL: {}, COPY: {"duplicate_of": UUID(ORIGINAL).hex}, OTHER: {"duplicate_of": None}}


def group(point: str) -> str:
    return original_of(point, PAYLOADS[point])


def test_of_copies_the_best_ranked_is_kept_in_its_place() -> None:
    assert one_of_each([COPY, OTHER, ORIGINAL], group) == [COPY, OTHER]
    assert one_of_each([OTHER, ORIGINAL, COPY], group) == [OTHER, ORIGINAL]


def test_copies_of_what_was_seen_are_left_out() -> None:
    assert one_of_each([COPY, OTHER], group, taken=[group(ORIGINAL)]) == [OTHER]
