"""Words of a signature: pieces of its hashes that survive in copies often enough to look candidates up by.

A hash is cut into four pieces of 16 bits, and two hashes of one picture that differ in few bits share a piece (Norouzi,
Punjani and Fleet, "Fast Search in Hamming Space with Multi-Index Hashing", 2012). Most pictures of a copy need not: a
handful of shared words among all its pictures makes a candidate, and the alignment decides.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workers.copies.signature import Signature
from workers.media.frame_hashes import MIRRORED_BITS, VIEWS, Hashes

_PIECES = 4
_PIECE_BITS = 16
_STORED_VIEWS = [VIEWS.index(name) for name in ("content", "content 80 %", "across", "frame", "frame 80 %")]
_MOST_STORED = 120
_MOST_ASKED = 240
_STORED_EVERY_S = 0.9
_SHORT_S = 10.0


def stored_words(signature: Signature) -> set[int]:
    """Words to store: of about a picture a second (two in a video of under ten seconds), 120 pictures at most."""
    every = _STORED_EVERY_S / 2 if signature.duration_s < _SHORT_S else _STORED_EVERY_S
    rows: list[int] = []
    for row, at in enumerate(signature.times.tolist()):
        if not rows or at - float(signature.times[rows[-1]]) >= every:
            rows.append(row)
    chosen = np.array(rows, dtype=np.intp)[_spread(len(rows), _MOST_STORED)]
    return _words(signature.hashes[chosen][:, _STORED_VIEWS])


def asked_words(signature: Signature) -> set[int]:
    """Words to look up: of every picture (240 at most), in every view, as it is and mirrored."""
    hashes = signature.hashes[_spread(len(signature.times), _MOST_ASKED)]
    return _words(hashes) | _words(hashes ^ MIRRORED_BITS)


def _spread(count: int, most: int) -> npt.NDArray[np.intp]:
    return np.arange(count) if count <= most else np.linspace(0, count - 1, most).astype(np.intp)


def _words(hashes: Hashes) -> set[int]:
    """Every fourth bit makes a piece, so that each holds low and high frequencies; its number is in front of it."""
    if hashes.size == 0:
        return set()
    bits = np.unpackbits(np.ascontiguousarray(hashes, dtype="<u8").view(np.uint8), bitorder="little").reshape(-1, 64)
    weights = np.left_shift(1, np.arange(_PIECE_BITS))
    words: set[int] = set()
    for piece in range(_PIECES):
        values = bits[:, piece::_PIECES].astype(np.int64) @ weights
        words.update((values + (piece << _PIECE_BITS)).tolist())
    return words
