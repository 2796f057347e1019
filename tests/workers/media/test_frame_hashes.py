"""What copies are told by is measured on any picture, however small or plain."""

from __future__ import annotations

import numpy as np
import pytest

from workers.media.frame_hashes import content_box


@pytest.mark.parametrize("side", [8, 9, 16, 96])
def test_a_small_picture_of_one_colour_is_content_and_not_bars(side: int) -> None:
    top, bottom, left, right = content_box(np.full((3, side, side), 120, np.uint8))
    assert top < bottom
    assert left < right
