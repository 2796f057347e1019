"""Movement is what changes inside shots: cuts, sparse pictures and coding noise are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.media_factory import scenes, textured, write_video
from workers.media.movement import MovementMeter
from workers.media.prepare import prepare_media
from workers.media.types import MediaLimits, Movement, Shot


def movement(path: Path) -> Movement | None:
    return prepare_media(path, path.parent / path.stem, MediaLimits()).movement


def test_a_still_picture_does_not_move_and_a_pan_does(tmp_path: Path) -> None:
    still = movement(write_video(tmp_path / "still.mp4", [textured(1)] * 75))
    pan = movement(write_video(tmp_path / "pan.mp4", scenes([1], 3.0)))
    assert still is not None
    assert pan is not None
    assert still.still_share > 0.85
    assert pan.still_share < 0.1
    assert pan.change > 10 * still.change


def test_cuts_between_still_pictures_are_no_movement(tmp_path: Path) -> None:
    pictures = [textured(seed) for seed in (1, 2, 3) for _ in range(50)]
    found = movement(write_video(tmp_path / "cuts.mp4", pictures))
    assert found is not None
    assert found.still_share > 0.85


def test_pictures_far_apart_say_nothing_of_movement(tmp_path: Path) -> None:
    assert movement(write_video(tmp_path / "slides.mp4", [textured(n) for n in range(6)], fps=1)) is None


def test_what_is_measured_is_the_median_of_steps_inside_shots() -> None:
    meter = MovementMeter()
    for number, change in enumerate([0.0, 1.0, 2.0, 90.0, 3.0, 0.1]):
        meter.feed(number * 0.25, change)
    found = meter.finish([Shot(0.0, 0.75), Shot(0.75, 1.5)])
    assert found == Movement(change=pytest.approx(np.median([1.0, 2.0, 3.0, 0.1])), still_share=0.25)
