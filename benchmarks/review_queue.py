"""`python -m benchmarks.review_queue`: how long an editor waits, over a queue of thousands of videos.

The queue is a table kept in step with the documents. It is compared with the naive way: read every document, work its
score out and sort, at each request. Only `--documents` of the videos have a document; the other places in the queue are
copies of theirs, and the naive time is scaled up from the documents there are.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from services.library.overlay.attention import attention, score
from services.library.record.database import writing
from services.library.record.queue_filter import QueueFilter
from services.library.record.review_tables import QueueRow
from services.library.record.store import Record
from services.library.record.tables import VideoRow
from services.library.record.types import Submission
from services.library.understanding import Evidence, Label, SignalScore, Understanding, VideoFacts, VideoState

_TOPICS = ("pets", "football", "home-cooking", "travel", "makeup")


def made_up(number: int, rng: np.random.Generator) -> Understanding:
    """A document with as many labels and lines as a real one."""
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()

    def label(word: str, slug: str | None = None) -> Label:
        value = float(rng.uniform(0.2, 0.9))
        signals = (SignalScore(signal="speech", model="m@1", score=value),)
        return Label(
            label=word, label_zh=word, slug=slug, confidence=value, evidence=("S1",), source="m", signals=signals
        )

    topic = _TOPICS[number % len(_TOPICS)]
    lines = tuple(
        Evidence(id=f"S{n}", kind="S", start=n, end=n + 1, text=f"line {n} of {number}") for n in range(1, 11)
    )
    facts = VideoFacts(
        id=sha256[:32], source="made-up", sha256=sha256, title=f"video {number}", language="zh" if number % 2 else "en"
    )
    return Understanding(
        state=VideoState.READY,
        video=facts,
        evidence=lines,
        tags=tuple(label(f"tag{int(n)}") for n in rng.integers(0, 200, 8)),
        topics=(label(topic, topic),),
        moods=(label("healing", "healing"),),
        occasions=(label("bedtime", "bedtime"),),
    )


def copy_places(record: Record, count: int) -> None:
    """More videos and places in the queue, copied from those there are, in one transaction."""
    with Session(writing(record.engine)) as session, session.begin():
        for model in (VideoRow, QueueRow):
            rows = [dict(row) for row in session.execute(select(model.__table__)).mappings()]
            key = "id" if "id" in rows[0] else "video_id"
            copies = []
            for number in range(count):
                sha256 = hashlib.sha256(f"copy {number}".encode()).hexdigest()
                copy = rows[number % len(rows)] | {key: sha256[:32]}
                copies.append(
                    copy | ({"sha256": sha256} if "sha256" in copy else {"score": copy["score"] + number / 1e6})
                )
            if copies:
                session.execute(insert(model), copies)


def timed(work: Callable[[int], object], times: int) -> list[float]:
    """Milliseconds of each call."""
    took = []
    for number in range(times):
        started = time.perf_counter()
        work(number)
        took.append(1000 * (time.perf_counter() - started))
    return took


def naive(record: Record, ids: list[str], limit: int) -> list[tuple[float, str]]:
    """The first page without a table: every document is read."""
    scored = [(score(attention(record.laid(one).overlay, reach=0, reports=0, disputed=False)), one) for one in ids]
    return sorted(scored, reverse=True)[:limit]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.review_queue", description=__doc__)
    parser.add_argument("--videos", type=int, default=5000, help="size of the queue")
    parser.add_argument("--documents", type=int, default=200, help="videos of these with a document of their own")
    parser.add_argument("--times", type=int, default=100, help="calls of each kind")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    given = parser.parse_args(arguments)
    console, rng = Console(), np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as folder:
        record = Record.open(f"sqlite:///{folder}/reelwise.db")
        ids = []
        for number in track(range(min(given.documents, given.videos)), "filling", console=Console(stderr=True)):
            found = made_up(number, rng)
            sha256 = found.video.sha256
            record.submit(Submission(sha256, 1, f"videos/{sha256}", "made-up", title=found.video.title))
            record.put_understanding(found)
            ids.append(found.video.id)
        copy_places(record, given.videos - len(ids))
        everything, pets = QueueFilter(), QueueFilter(topic="pets", language="zh")
        figures = {
            "page": timed(lambda n: record.queue(everything, share=0.1, limit=50, offset=50 * (n % 20)), given.times),
            "filtered page": timed(lambda _: record.queue(pets, share=0.1, limit=50), given.times),
            "claim the next": timed(
                lambda n: record.claim_next(f"editor{n}", everything, share=0.1, lease_s=900), given.times
            ),
            "progress": timed(lambda _: record.review_progress("editor0"), given.times),
            "one video's overlay": timed(lambda n: record.laid(ids[n % len(ids)]), given.times),
            "naive page": [took * given.videos / len(ids) for took in timed(lambda _: naive(record, ids, 50), 1)],
        }
        record.close()
    table = Table("", "p50 ms", "p95 ms", title=f"{given.videos} videos")
    for name, took in figures.items():
        table.add_row(name, f"{np.percentile(took, 50):.1f}", f"{np.percentile(took, 95):.1f}")
    console.print(table)
    ratio = figures["naive page"][0] / float(np.percentile(figures["page"], 50))
    console.print(f"A page from the table is {ratio:.0f} times as fast as reading every document.")
    if given.json is not None:
        summary = {name: {str(q): float(np.percentile(took, q)) for q in (50, 95)} for name, took in figures.items()}
        given.json.write_text(json.dumps(summary | {"ratio": ratio}, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
