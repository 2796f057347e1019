"""How long the console takes over a queue of thousands of videos, in a real browser: pages, and an editor's actions.

A page's time is from the request until its list or review is on the screen; an action's is from the key until the
server has saved it (and, beside it, until the screen shows it). Times are milliseconds.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

import numpy as np
from playwright.sync_api import Page, expect, sync_playwright
from sqlalchemy.orm import Session

from models.profile import load_profile
from models.runtime import Runtime
from services.api import Service, Sweeping, create_app
from services.library.index.port import Collection, Point
from services.library.index.schema import IndexDims
from services.library.index.sparse import encode_document
from services.library.library import Library
from services.library.record.tables import UploadRow, VideoRow
from services.library.understanding import VideoState
from services.settings import Settings


@dataclass
class Times:
    """Measured times by what was done, milliseconds."""

    found: dict[str, list[float]] = field(default_factory=dict)

    def take(self, what: str, work: Callable[[], object]) -> None:
        """Do it and note how long it took."""
        began = time.perf_counter()
        work()
        self.found.setdefault(what, []).append((time.perf_counter() - began) * 1000)

    def table(self) -> dict[str, dict[str, float]]:
        """Count, median and 95th percentile of each."""
        return {
            what: {"n": len(times), "p50": _percentile(times, 50), "p95": _percentile(times, 95)}
            for what, times in self.found.items()
        }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.console", description=__doc__)
    parser.add_argument("--videos", type=int, default=5000, help="videos in the queue")
    parser.add_argument("--rounds", type=int, default=20, help="times that everything is done")
    parser.add_argument("--json", type=Path, help="file that the figures are written to")
    arguments = parser.parse_args()
    from tests.console.conftest import ARGUMENTS, CHROMIUM, served

    if CHROMIUM is None:
        parser.exit(1, "chromium is not installed (apt-get install chromium)\n")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        runtime = Runtime(load_profile("lite"), settings.models_dir)
        dims = IndexDims(text=runtime.text.dim, visual=runtime.vision.dim, sound=runtime.sound.dim)
        with Library.open(settings, dims) as library:
            began = time.perf_counter()
            fill(library, arguments.videos, dims.text)
            print(f"{arguments.videos:,} videos put in, {time.perf_counter() - began:.0f} s")
            times = Times()
            with served(create_app(Service(library, runtime, Sweeping()))) as url, sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                measure(page, url, arguments.rounds, times)
                browser.close()
        runtime.close()
    table = times.table()
    print(f"{'what':<38}{'n':>5}{'p50 ms':>10}{'p95 ms':>10}")
    for what, row in table.items():
        print(f"{what:<38}{row['n']:>5}{row['p50']:>10.0f}{row['p95']:>10.0f}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"videos": arguments.videos, "times_ms": table}, indent=2))


def fill(library: Library, count: int, dim: int) -> None:
    """Videos with a document and a point each, and no media: what the queue and the reviews are made of."""
    from tests.console.content import LIBRARY
    from tests.console.library import understood

    random = np.random.default_rng(7)
    now = datetime.now(UTC)
    points, rows = [], []
    for number in range(count):
        content = LIBRARY[number % len(LIBRARY)]
        sha256 = hashlib.sha256(f"bench {number}".encode()).hexdigest()
        key = f"videos/{sha256[:2]}/{sha256}"
        rows += [
            VideoRow(
                id=sha256[:32], sha256=sha256, size_bytes=1, blob_key=key, state=VideoState.READY.value, lane=None,
                attempts=0, dirty=False, created_at=now, updated_at=now,
            ),
            UploadRow(
                video_id=sha256[:32], size_bytes=1, blob_key=key, source=content.clip, hashtags=[], sidecars=[],
                title=f"{content.title} {number}", created_at=now,
            ),
        ]  # fmt: skip
    # Straight into the tables: a door and four lanes a video would take most of the benchmark's time.
    with Session(library.record.engine) as session, session.begin():
        session.add_all(row for row in rows if isinstance(row, VideoRow))
        session.flush()
        session.add_all(row for row in rows if isinstance(row, UploadRow))
    for number in range(count):
        content = LIBRARY[number % len(LIBRARY)]
        video = library.record.video(hashlib.sha256(f"bench {number}".encode()).hexdigest()[:32])
        assert video is not None
        document = understood(content, video, 12.0, 720, 1280)
        document = document.model_copy(
            update={"video": document.video.model_copy(update={"title": f"{content.title} {number}"})}
        )
        library.record.put_understanding(document)
        vector = random.standard_normal(dim).astype(np.float32)
        points.append(
            Point(
                video.point_id,
                {"text": vector / np.linalg.norm(vector), "lexical": encode_document(content.title)},
                {"video_id": video.id, "title": content.title, "tags": [tag[0] for tag in content.tags]},
            )
        )
    for start in range(0, count, 500):
        library.index.upsert(Collection.VIDEOS, points[start : start + 500])
    library.index.optimize()


def measure(page: Page, url: str, rounds: int, times: Times) -> None:
    """Everything an editor does in a day, `rounds` times."""

    def visible(sign: str) -> None:
        expect(page.locator(sign).first).to_be_visible(timeout=60_000)

    def pressed(key: str, sign: str) -> Callable[[], None]:
        def act() -> None:
            page.keyboard.press(key)
            visible(sign)

        return act

    def opened(path: str, sign: str) -> Callable[[], None]:
        def go() -> None:
            page.goto(url + path)
            visible(sign)

        return go

    opened("/console/queue", ".task")()  # the first page loads scripts and warms caches
    for turn in range(rounds):
        times.take("page: queue", opened("/console/queue", ".task"))
        times.take("page: queue, one topic and language", opened("/console/queue?language=zh&topic=cats", ".task"))
        times.take("page: library", opened("/console/", ".card"))
        if turn % 4 == 0:
            times.take("page: report card", opened("/console/agreement", "#figures .tile"))
        page.goto(f"{url}/console/queue")
        visible(".task")
        times.take("action: claim and open the first", pressed("n", "#review-count"))
        times.take("action: accept a tag, on screen", pressed("1", ".label-row.accepted"))
        times.take("action: accept a tag, saved", lambda: _saved(page))
        page.keyboard.press("Shift+Digit2")
        times.take("action: reject a tag, saved", lambda: _saved(page))
        page.keyboard.press("u")
        times.take("action: undo, saved", lambda: _saved(page))
        times.take("action: done and next video", lambda: _next(page))


def _saved(page: Page) -> None:
    expect(page.locator("#save-state")).to_have_attribute("data-state", "saved", timeout=60_000)


def _next(page: Page) -> None:
    title = page.locator("#video-title").inner_text()
    page.keyboard.press("n")
    expect(page.locator("#video-title")).not_to_have_text(title, timeout=60_000)


def _percentile(values: list[float], percent: int) -> float:
    return values[0] if len(values) == 1 else quantiles(values, n=100, method="inclusive")[percent - 1]


if __name__ == "__main__":
    main()
