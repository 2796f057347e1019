"""A made-up library of any size, whose videos' hashes are spread as those of real ones, to time the look-up in."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.library.record.copies import MAX_VIDEOS_PER_WORD
from services.library.record.store import Record
from services.library.record.types import Submission, Video
from workers.copies.judge import compare
from workers.copies.link import candidates
from workers.copies.signature import Signature
from workers.copies.sound_print import BANDS
from workers.copies.words import STORED_EVERY_S, STORED_VIEWS, pieces, stored_words
from workers.media.frame_hashes import Hashes

_SHOT_S = 2.5
_LENGTH_S = (8.0, 40.0)
_SAMPLE_S = 0.25


@dataclass(frozen=True, slots=True)
class LookUp:
    """What looking up costs in a library of `videos`: medians and the slowest, milliseconds of wall clock, and
    `cpu_ms`, the processor's time for finding and comparing together.
    """

    videos: int
    words: int
    stop_words: int
    megabytes: float
    find_ms: float
    find_slowest_ms: float
    compare_ms: float
    cpu_ms: float
    found_share: float


class MadeUp:
    """Videos of 8 to 40 s. A shot starts with the bits of two real pictures, half from each, and about one bit in 128
    flips from picture to picture. All views of a picture are mixed alike.
    """

    def __init__(self, real: Sequence[Signature], seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)
        self._pool = np.concatenate([signature.hashes for signature in real])

    def hashes(self, seconds: float, every_s: float) -> Hashes:
        """Hashes of one video's pictures, shape (pictures, views)."""
        shots = max(1, round(seconds / _SHOT_S))
        first, second = (self._pool[self._random.integers(len(self._pool), size=shots)] for _ in range(2))
        mixed = self._bits((shots, 1), 1)
        start = (first & mixed) | (second & ~mixed)
        times = np.arange(0, seconds, every_s)
        shot = np.minimum((times / _SHOT_S).astype(int), shots - 1)
        flips = np.bitwise_xor.accumulate(self._bits((len(times), self._pool.shape[1]), 7), axis=0)
        return np.asarray(start[shot] ^ flips, dtype=np.uint64)

    def signature(self) -> Signature:
        """One video's signature."""
        seconds = self.length()
        hashes = self.hashes(seconds, _SAMPLE_S)
        times = (np.arange(len(hashes)) * _SAMPLE_S).astype(np.float32)
        return Signature(seconds, times, hashes, np.zeros((0, BANDS), np.int8))

    def words(self) -> NDArray[np.int64]:
        """The words that are stored of one video, each once."""
        return np.unique(pieces(self.hashes(self.length(), STORED_EVERY_S)[:, STORED_VIEWS]))

    def length(self) -> float:
        """A length in seconds."""
        return float(self._random.uniform(*_LENGTH_S))

    def _bits(self, shape: tuple[int, ...], share: int) -> Hashes:
        """Random masks in which each bit is set with a chance of 1 in 2 to the power of `share`."""
        masks = self._random.integers(0, 2**64, size=(share, *shape), dtype=np.uint64)
        return np.asarray(np.bitwise_and.reduce(masks), dtype=np.uint64)


def fill(file: Path, made_up: MadeUp, count: int) -> None:
    """A record with `count` videos. Rows are written in bulk, with the stop list that one by one would have come to.

    Words are every video's own; of whole signatures, which only the comparison reads, there are 500.
    """
    Record.open(f"sqlite:///{file}").close()
    now = datetime.now(UTC).replace(tzinfo=None).isoformat(sep=" ")
    blobs = [made_up.signature().to_bytes() for _ in range(min(count, 500))]
    tables = []
    for number in range(1, count + 1):
        own = made_up.words()
        tables.append(np.column_stack([own, np.full(len(own), number)]).astype(np.int32))
    table = np.concatenate(tables)
    counts = np.bincount(table[:, 0])
    common = np.flatnonzero(counts > MAX_VIDEOS_PER_WORD)
    table = table[counts[table[:, 0]] <= MAX_VIDEOS_PER_WORD]
    table = table[np.lexsort((table[:, 1], table[:, 0]))]
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("PRAGMA synchronous=OFF")
        database.execute("DROP INDEX ix_signature_words_number")
        names = [(number, f"{number:032x}") for number in range(1, count + 1)]
        database.executemany(
            "INSERT INTO videos (id, sha256, size_bytes, blob_key, state, attempts, dirty, created_at, updated_at) "
            "VALUES (?, ?, 1, '', 'ready', 0, 0, ?, ?)",
            ((name, name * 2, now, now) for _, name in names),
        )
        database.executemany(
            "INSERT INTO signatures VALUES (?, ?, ?)",
            ((number, name, blobs[number % len(blobs)]) for number, name in names),
        )
        database.executemany("INSERT INTO signature_stop_words VALUES (?)", ((int(word),) for word in common))
        for start in range(0, len(table), 100_000):
            database.executemany("INSERT INTO signature_words VALUES (?, ?)", table[start : start + 100_000].tolist())
        database.execute("CREATE INDEX ix_signature_words_number ON signature_words (number)")


def time_look_up(file: Path, originals: Sequence[Signature], copies: Sequence[tuple[int, Signature]]) -> LookUp:
    """Add real originals to the library at `file` and look copies of them (index of the original, copy) up."""
    record = Record.open(f"sqlite:///{file}")
    try:
        ids = []
        for number, signature in enumerate(originals):
            video = _submit(record, f"{number:x}".rjust(8, "f") * 8)
            record.put_signature(video.id, signature.to_bytes(), stored_words(signature))
            ids.append(video.id)
        finds, compares, found = [], [], 0
        cpu = time.process_time()
        for index, copy in copies:
            started = time.perf_counter()
            names = candidates(record, copy, but="")
            stored = record.signatures(names)
            middle = time.perf_counter()
            for name in names:
                compare(copy, Signature.from_bytes(stored[name]))
            finds.append(1000 * (middle - started))
            compares.append(1000 * (time.perf_counter() - middle))
            found += ids[index] in names
        cpu = time.process_time() - cpu
        with closing(sqlite3.connect(file)) as database:
            count = {
                table: database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
                for table in ("videos", "signature_words", "signature_stop_words")
            }
    finally:
        record.close()
    return LookUp(
        videos=count["videos"],
        words=count["signature_words"],
        stop_words=count["signature_stop_words"],
        megabytes=file.stat().st_size / 1e6,
        find_ms=float(np.median(finds)),
        find_slowest_ms=float(np.max(finds)),
        compare_ms=float(np.median(compares)),
        cpu_ms=1000 * cpu / max(1, len(copies)),
        found_share=found / max(1, len(copies)),
    )


def _submit(record: Record, sha256: str) -> Video:
    return record.submit(Submission(sha256, 1, "", "benchmark"))[0]
