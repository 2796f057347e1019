"""Ways to choose, look at and place frames are compared on equal terms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.clips import Clip
from benchmarks.frames import change_of, compare, max_similarity, mean_similarity, mean_vector, ranks_of
from benchmarks.frames_seen import VIEWS, look
from tests.media_factory import scenes, write_video

TWO_CLIPS = [np.array([[1, 0], [0, 1]], np.float32), np.array([[0.8, 0.6]], np.float32)]
QUERY = np.array([[1, 0]], np.float32)


def test_one_frame_that_fits_wins_by_max_similarity_and_loses_by_the_mean() -> None:
    assert max_similarity(QUERY, TWO_CLIPS).argmax() == 0
    assert mean_similarity(QUERY, TWO_CLIPS).argmax() == 1
    assert mean_vector(QUERY, TWO_CLIPS)[0] == pytest.approx([0.5**0.5, 0.8])


def test_a_tie_is_no_win() -> None:
    assert ranks_of(np.array([[1, 1], [0, 2]], np.float32)).tolist() == [2, 1]


def test_the_change_counts_a_clip_once_however_many_languages_ask_for_it() -> None:
    base = {"en": np.array([1, 2]), "zh": np.array([1, 2])}
    better = {"en": np.array([1, 1]), "zh": np.array([1, 1])}
    change, error = change_of(better, base)
    assert change == pytest.approx(0.25)
    assert error == pytest.approx(0.25)
    assert change_of(base, base) == (0.0, 0.0)


@pytest.mark.models
def test_real_clips_are_looked_at_once_and_compared(runtime, tmp_path: Path) -> None:
    clips = [_clip(tmp_path / f"{seed}.mp4", seed) for seed in (1, 5)]
    heard: list[int] = []
    seen = look(clips, runtime.vision, (2, 4, 8, 12), tmp_path / "seen", heard.append)
    assert heard == [1, 2]
    for one in seen:
        assert [len(one.full[budget]) for budget in (2, 4)] == [2, 4]
        assert all(len(one.uniform[budget]) == len(one.chosen[budget]) <= budget for budget in (2, 4, 8, 12))
        assert set(one.views) == set(VIEWS)
        assert all(rows.sum(axis=1) == pytest.approx(1, abs=1e-3) for rows in one.views.values())
    kept = sorted((tmp_path / "seen").iterdir())
    again = look(clips, runtime.vision, (2, 4, 8, 12), tmp_path / "seen", heard.append)
    assert sorted((tmp_path / "seen").iterdir()) == kept
    assert np.array_equal(again[0].chosen[12], seen[0].chosen[12])
    rows = compare(seen, {"en": ["a website", "a ring binder"], "zh": ["网页", "活页夹"]}, runtime.text)
    assert (rows[0].change, rows[0].standard_error) == (0.0, 0.0)
    assert {"not centred", "pooled: mean vector", "names: English only"} <= {row.name for row in rows}


def _clip(path: Path, seed: int) -> Clip:
    write_video(path, scenes([seed, seed + 1, seed + 2], 1.0, fps=10), fps=10)
    return Clip(path, "", (), "calm", None, has_speech=False, duration_s=3.0)
