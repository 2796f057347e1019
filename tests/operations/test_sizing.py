"""The sizes that the page on operations reckons with follow from the index's schema."""

from __future__ import annotations

import pytest

from services.library.index.port import Collection
from services.library.index.schema import IndexDims
from tests.test_docs import table

FRAMES, MOMENTS = 5.5, 1.3


def number(cell: str) -> int:
    return int(cell.replace(",", ""))


@pytest.mark.parametrize("row", table("docs/operations.md", "| profile | text |"), ids=lambda row: row[0].split()[0])
def test_the_numbers_of_a_video_are_those_of_the_schema(row: list[str]) -> None:
    text, visual, sound, videos, moments, both = (number(cell) for cell in row[1:])
    dims = IndexDims(text=text, visual=visual, sound=sound)
    point = dims.vectors(Collection.VIDEOS).values()
    assert videos == pytest.approx(sum(one.dim * (FRAMES if one.multi else 1) for one in point), rel=0.005)
    assert moments == pytest.approx(
        MOMENTS * sum(one.dim for one in dims.vectors(Collection.MOMENTS).values()), rel=0.005
    )
    assert both == pytest.approx(videos + moments, rel=0.005)
