"""How long a recommendation and a search take, how many a machine answers, and what they need of memory.

    python -m benchmarks.recommend_latency --videos 10000
    python -m benchmarks.recommend_latency --videos 100000 --events 1000000 --json latency.json

A made-up catalogue (`benchmarks.recommend_catalogue`) is written to Qdrant Edge and SQLite, as an embedded Reelwise
keeps them. Then viewers drawn at random ask for feeds, one after the other and several at once; every answer has its
reasons and is noted as shown. The naive way beside it, in the same run, keeps nothing between requests.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from rich.console import Console
from sqlalchemy import Table, delete

from benchmarks.recommend_catalogue import DIMS, Clip, make_clips, topic_centres
from benchmarks.recommend_points import write_points
from benchmarks.recommend_record import write_busy_viewer, write_record
from benchmarks.recommend_times import Latency, Times, print_latency
from services.library.library import Library
from services.library.record.event_tables import ImpressionBatchRow, ImpressionRow
from services.library.sequences import store_sequence_model
from services.library.taxonomy import load_taxonomy
from services.recommend import Ask, Context, QueryModels, Recommender, recommend, search_videos
from services.settings import Settings
from workers.training.collaborative import train_collaborative
from workers.training.sequence import SequenceParameters, learn_sequence
from workers.training.sequence_data import contents_in, read_sequences

BUSY_EVENTS = 100_000
_TRAINED_S = 60.0
_CONTEXTS = (Context(), Context(zone="Asia/Shanghai"), Context(mood="healing"), Context(occasion="after-work"))


def measure_sizes(
    sizes: Sequence[int], events: int, requests: int, keep: Path | None, say: Callable[[str], None]
) -> list[Latency]:
    """`measure` of catalogues of these sizes, in `keep` for the next run, or else thrown away."""
    results = []
    for videos in sizes:
        folder = keep / f"data{videos}" if keep else Path(tempfile.mkdtemp(prefix="reelwise-latency-"))
        folder.mkdir(parents=True, exist_ok=True)
        try:
            results.append(measure(videos, events, requests, folder, say))
        finally:
            if not keep:
                shutil.rmtree(folder)
    return results


def measure(videos: int, events: int, requests: int, folder: Path, say: Callable[[str], None]) -> Latency:
    """Build or reuse the catalogue in `folder`, and time requests on it."""
    settings = Settings(data_dir=folder)
    clips = make_clips(videos)
    started = time.monotonic()
    with Library.open(settings, DIMS) as library:
        viewers = _fill(library, clips, events, folder, say)
        _train(library, folder, say)
        _forget_shown(library)
        built = time.monotonic() - started
        recommender = Recommender(library)
        warming = time.monotonic()
        recommender.warm()
        warmed = time.monotonic() - warming
        rng = np.random.default_rng(4)
        asked = [str(one) for one in rng.choice(viewers, size=requests)]
        left_out = 0

        def ask(user: str, number: int) -> None:
            nonlocal left_out
            feed = recommender.recommend(Ask(user, _CONTEXTS[number % len(_CONTEXTS)]))
            assert feed.items, feed
            left_out += len(feed.left_out)

        say("first requests")
        first = _timed([partial(ask, str(viewers[n]), n) for n in range(min(20, len(viewers)))])
        for number in range(min(200, requests)):
            ask(str(viewers[(number * 7) % len(viewers)]), number)
        say(f"{requests} recommendations")
        cpu = time.process_time()
        feeds = _timed([partial(ask, user, n) for n, user in enumerate(asked)])
        cpu_ms = (time.process_time() - cpu) / len(feeds) * 1000
        say("busy and unknown viewers, searches, the naive way")
        busy = _timed([partial(ask, "busy", n) for n in range(30)])
        unknown = _timed([partial(ask, f"nobody-{n}", n) for n in range(60)])
        search = _timed(_searches(library, clips, min(requests, 200)))
        naive = _timed([partial(_naive, library, user) for user in asked[:5]])
        per_second = {str(threads): _throughput(ask, asked, threads) for threads in (1, 2, 4)}
        recommender.close()
        return Latency(
            videos=videos,
            events=events,
            recommendation=Times.of(feeds),
            recommendation_first=Times.of(first),
            busy_viewer=Times.of(busy),
            unknown_viewer=Times.of(unknown),
            search=Times.of(search),
            naive=Times.of(naive),
            naive_ratio=round(float(np.median(naive) / np.median(feeds)), 1),
            cpu_ms=round(cpu_ms, 1),
            per_second=per_second,
            rss_mib=_rss_mib(),
            index_mib=_size_mib(folder / "index"),
            record_mib=_size_mib(folder / "reelwise.db"),
            build_s=round(built, 1),
            warm_s=round(warmed, 1),
            left_out=left_out,
        )


def _fill(library: Library, clips: Sequence[Clip], events: int, folder: Path, say: Callable[[str], None]) -> list[str]:
    done = folder / "filled.json"
    if not (folder / "points.done").is_file():
        say(f"writing and optimizing {len(clips)} points")
        write_points(library.index, clips)
        (folder / "points.done").touch()
    if done.is_file():
        return cast(list[str], json.loads(done.read_text()))
    say(f"writing {len(clips)} documents and {events} events")
    viewers = write_record(library.record, clips, events)
    write_busy_viewer(library.record, clips, min(BUSY_EVENTS, max(events // 10, 1)))
    done.write_text(json.dumps(viewers))
    return viewers


def _train(library: Library, folder: Path, say: Callable[[str], None]) -> None:
    """What viewers did at random teaches little, but requests do as much with it as with anything learnt."""
    done = folder / "trained.done"
    if done.is_file():
        return
    say("training factors and the sequence model")
    now, parameters = datetime.now(UTC), SequenceParameters(most_s=_TRAINED_S)
    train_collaborative(library.record, library.blobs, now=now)
    data = read_sequences(library.record.reactions(), contents_in(library.index))
    store_sequence_model(library.blobs, learn_sequence(data, parameters, now=now))
    done.touch()


def _forget_shown(library: Library) -> None:
    """What earlier runs on a kept catalogue showed: those viewers' feeds would have more to read and to leave out."""
    with library.record.engine.begin() as connection:
        for table in (ImpressionRow.__table__, ImpressionBatchRow.__table__):
            connection.execute(delete(cast(Table, table)))


def _searches(library: Library, clips: Sequence[Clip], count: int) -> list[Callable[[], object]]:
    """Searches whose query is embedded already: what embedding takes depends on the model alone."""
    centres, rng = topic_centres(load_taxonomy()), np.random.default_rng(5)

    def near(_: Sequence[str]) -> Any:
        vector = centres[rng.integers(len(centres))] + rng.normal(scale=0.03, size=centres.shape[1])
        return (vector / np.linalg.norm(vector)).astype(np.float32)[None]

    engine = SimpleNamespace(embed_queries=near, embed_texts=near, near_text=0.3)
    models = cast(QueryModels, SimpleNamespace(text=engine, vision=engine))
    words = [clip.title for clip in clips[:count]]
    return [partial(search_videos, library, models, word) for word in words]


def _naive(library: Library, user: str) -> None:
    """Nothing kept between requests: rarity counted anew, every video read anew, threads started anew."""
    recommend(library, user)


def _timed(calls: Sequence[Callable[[], object]]) -> list[float]:
    seconds = []
    for call in calls:
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return seconds


def _throughput(ask: Callable[[str, int], None], users: Sequence[str], threads: int, for_s: float = 8.0) -> float:
    """Requests a second with so many askers at once."""
    ends = time.monotonic() + for_s
    counts = [0] * threads

    def run(place: int) -> None:
        number = place
        while time.monotonic() < ends:
            ask(users[number % len(users)], number)
            counts[place] += 1
            number += threads

    running = [threading.Thread(target=run, args=(place,)) for place in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return round(sum(counts) / for_s, 1)


def _rss_mib() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


def _size_mib(path: Path) -> float:
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return round(sum(one.stat().st_blocks * 512 for one in files) / 1024**2, 1)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.recommend_latency", description=__doc__.split("\n")[0])
    parser.add_argument("--videos", type=int, nargs="+", default=[10_000], help="sizes of the catalogue")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--folder", type=Path, help="keep the catalogues here and use them again; default: throw away")
    parser.add_argument("--json", type=Path, help="write the figures here")
    given = parser.parse_args(arguments)
    console = Console()
    results = measure_sizes(given.videos, given.events, given.requests, given.folder, console.log)
    print_latency(console, results)
    if given.json:
        written = {
            "at": datetime.now(UTC).isoformat(),
            "latency_ms": {
                "p50": {str(one.videos): one.recommendation.p50 for one in results},
                "p99": {str(one.videos): one.recommendation.p99 for one in results},
            },
            "sizes": [asdict(one) for one in results],
        }
        given.json.write_text(json.dumps(written, indent=2) + "\n")


if __name__ == "__main__":
    main()
