"""Posters and sprites."""

from __future__ import annotations

import numpy as np

from tests.media_factory import plain, textured
from workers.media.types import KeptFrame
from workers.stages.pictures import COLUMNS, TILE_HEIGHT, best_poster, sheet


def kept(*sharpness: float) -> tuple[KeptFrame, ...]:
    return tuple(KeptFrame(n, float(n), f"frames/{n}.jpg", value, 0) for n, value in enumerate(sharpness))


def test_the_poster_is_the_sharpest_frame_that_is_not_dark() -> None:
    frames = [plain(5), textured(1), textured(2)]
    assert best_poster(kept(90.0, 10.0, 20.0), frames) == 2
    assert best_poster(kept(90.0, 10.0, 10.0), frames) == 1
    assert best_poster(kept(1.0, 3.0), [plain(3), plain(4)]) == 1


def test_a_sprite_holds_the_frames_row_by_row_in_tiles_of_one_height() -> None:
    frames = [textured(seed, 320, 240) for seed in range(8)]
    sprite, (width, height), columns = sheet(frames)
    assert (width, height, columns) == (192, TILE_HEIGHT, COLUMNS)
    assert sprite.shape == (2 * TILE_HEIGHT, COLUMNS * 192, 3)
    seventh = sprite[TILE_HEIGHT : 2 * TILE_HEIGHT, :192].astype(float)
    nearest = min(range(8), key=lambda n: float(np.abs(seventh - sheet([frames[n]])[0]).mean()))
    assert nearest == 6


def test_few_frames_make_a_narrow_sprite() -> None:
    sprite, tile, columns = sheet([textured(1, 90, 160), textured(2, 90, 160)])
    assert (tile, columns, sprite.shape) == ((81, 144), 2, (144, 162, 3))
