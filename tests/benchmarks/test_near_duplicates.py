from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.copies_library import MadeUp, fill, time_look_up
from benchmarks.near_duplicates import Trial, _row
from workers.copies.judge import compare
from workers.copies.signature import Signature
from workers.media.frame_hashes import MIRRORED_BITS, VIEWS


def made(seed: int) -> Signature:
    hashes = np.random.default_rng(seed).integers(0, 2**64, (40, len(VIEWS)), dtype=np.uint64)
    return Signature(10.0, np.arange(40, dtype=np.float32) / 4, hashes, np.zeros((0, 24), np.int8))


def mirrored(signature: Signature) -> Signature:
    return Signature(signature.duration_s, signature.times, signature.hashes ^ MIRRORED_BITS, signature.sound)


def test_a_mirrored_copy_is_found_among_made_up_videos(tmp_path: Path) -> None:
    originals = [made(1), made(2)]
    fill(tmp_path / "library.db", MadeUp(originals), 30)
    found = time_look_up(tmp_path / "library.db", originals, [(1, mirrored(originals[1]))])
    assert (found.videos, found.found_share) == (32, 1.0)
    assert found.words > 30


def test_a_copy_counts_as_recognised_only_where_the_look_up_found_it() -> None:
    original = made(1)
    result = compare(original, original)
    trials = [Trial("mirrored", 0, 0, found, result) for found in (True, False)]
    row = _row("mirrored", trials)
    assert (row.copies, row.candidates, row.recognised) == (2, 1, 1)
