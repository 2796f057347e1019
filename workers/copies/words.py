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
STORED_VIEWS = [VIEWS.index(name) for name in ("content", "content 80 %", "across", "frame", "frame 80 %")]
"""Views whose words are stored; all of them are looked up."""
_MOST_STORED = 120
_MOST_ASKED = 240
STORED_EVERY_S = 0.9
"""Seconds between pictures whose words are stored; half of it in short videos."""
_SHORT_S = 10.0


def stored_words(signature: Signature) -> set[int]:
    """Words to store: of about a picture a second (two in a video of under ten seconds), 120 pictures at most."""
    every = STORED_EVERY_S / 2 if signature.duration_s < _SHORT_S else STORED_EVERY_S
    rows: list[int] = []
    for row, at in enumerate(signature.times.tolist()):
        if not rows or at - float(signature.times[rows[-1]]) >= every:
            rows.append(row)
    chosen = np.array(rows, dtype=np.intp)[_spread(len(rows), _MOST_STORED)]
    return _words(signature.hashes[chosen][:, STORED_VIEWS])


def asked_words(signature: Signature) -> set[int]:
    """Words to look up: of every picture (240 at most), in every view, as it is and mirrored."""
    hashes = signature.hashes[_spread(len(signature.times), _MOST_ASKED)]
    return _words(hashes) | _words(hashes ^ MIRRORED_BITS)


def _spread(count: int, most: int) -> npt.NDArray[np.intp]:
    return np.arange(count) if count <= most else np.linspace(0, count - 1, most).astype(np.intp)


def _words(hashes: Hashes) -> set[int]:
    return set(pieces(hashes).ravel().tolist())


def pieces(hashes: Hashes) -> npt.NDArray[np.int64]:
    """The words of hashes of any shape, shape (..., 4). Every fourth bit makes a piece, so that each holds low and high
    frequencies; its number stands in front of it.
    """
    raw = np.ascontiguousarray(hashes, dtype="<u8")[..., None].view(np.uint8)
    bits = np.unpackbits(raw, axis=-1, bitorder="little").reshape(*hashes.shape, _PIECE_BITS, _PIECES)
    values = np.einsum("...bp,b->...p", bits.astype(np.int64), np.left_shift(1, np.arange(_PIECE_BITS)))
    return np.asarray(values + (np.arange(_PIECES) << _PIECE_BITS), dtype=np.int64)
