"""Pictures of the console for the README and the docs, of the demo's library: open clips, and what the models wrote.

`make demo` first, then `python -m benchmarks.screenshots`: a copy of its data folder is served and its pages are
photographed in Debian's Chromium. Decisions that a picture shows are made in the copy.
"""

from __future__ import annotations

import argparse
import io
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from models.profile import load_profile
from models.runtime import Runtime
from services.api import Service, Sweeping, create_app
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.library.understanding import VideoState
from services.settings import Settings

MOST_BYTES = 200_000
"""Largest picture, bytes."""

COLOURS = (256, 192, 128, 96, 64, 48)
"""Palettes that are tried, largest first, until a picture is small enough."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: what is opened, how, and what must be there before it is taken."""

    name: str
    path: str
    sign: str
    theme: str = "light"
    language: str = "en"
    size: tuple[int, int] = (1280, 800)


SHOTS = (
    Shot("library", "/console/", ".card img"),
    Shot("video", "/console/videos/{video}", "#review-count", size=(1280, 900)),
    Shot("video-zh-dark", "/console/videos/{video}", "#review-count", theme="dark", language="zh", size=(1280, 900)),
    Shot("queue", "/console/queue", ".task img"),
    Shot("for-you", "/console/for-you?user=mia&mood=healing", ".pick img", language="zh"),
    Shot("taxonomy", "/console/taxonomy", ".tree button"),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screenshots", description=__doc__)
    parser.add_argument("--data", type=Path, help="data folder of a demo that has run (default: where `make demo` ran)")
    parser.add_argument("--out", type=Path, default=Path("docs/images"), help="where the pictures go")
    parser.add_argument("--only", nargs="*", help="names of the pictures to take")
    arguments = parser.parse_args()
    from tests.console.conftest import ARGUMENTS, CHROMIUM, served

    data = arguments.data or Settings().data_dir / "demo"
    if CHROMIUM is None:
        parser.exit(1, "chromium is not installed (apt-get install chromium)\n")
    if not data.is_dir():
        parser.exit(1, f"{data} is not there: run `make demo` first, or name another folder with --data\n")
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(data, Path(folder) / "data", ignore=shutil.ignore_patterns("clips", "run.json"))
        settings = Settings(data_dir=Path(folder) / "data")
        runtime = Runtime(load_profile("lite"), settings.models_dir)
        dims = IndexDims(text=runtime.text.dim, visual=runtime.vision.dim, sound=runtime.sound.dim)
        with Library.open(settings, dims) as library:
            video = most_telling(library)
            service = Service(library, runtime, Sweeping())
            with served(create_app(service)) as url, sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
                for shot in SHOTS:
                    if not arguments.only or shot.name in arguments.only:
                        context = browser.new_context(
                            viewport={"width": shot.size[0], "height": shot.size[1]},
                            color_scheme=shot.theme,  # type: ignore[arg-type]
                        )
                        context.add_cookies([{"name": "reelwise_language", "value": shot.language, "url": url}])
                        page = context.new_page()
                        page.goto(url + shot.path.format(video=video))
                        take(page, shot, arguments.out / f"{shot.name}.png")
                        context.close()
                browser.close()
            service.recommender.close()
        runtime.close()


def most_telling(library: Library) -> str:
    """Id of the video with the most kinds of evidence, of these the one with the most tags."""
    videos = library.record.videos(state=VideoState.READY, limit=100)
    documents = library.record.understandings(video.id for video in videos)
    return max(
        documents, key=lambda one: (len({e.kind for e in documents[one].evidence}), len(documents[one].tags), one)
    )


def take(page: Page, shot: Shot, file: Path) -> None:
    """Wait for the page to be whole, bring it into a telling state, and keep it as a small PNG."""
    expect(page.locator(shot.sign).first).to_be_visible(timeout=60_000)
    page.wait_for_load_state("networkidle")
    if shot.name.startswith("video"):
        page.keyboard.press("1")
        page.keyboard.press("Shift+Digit3")
        page.keyboard.press("2")
        expect(page.locator("#save-state")).to_have_attribute("data-state", "saved", timeout=60_000)
        page.evaluate("window.scrollTo(0, 0)")
        page.wait_for_timeout(1500)
    if shot.name == "taxonomy":
        page.locator(".tree li li button").first.click()
    page.wait_for_timeout(500)
    file.write_bytes(small_png(page.screenshot()))
    print(f"{file}  {file.stat().st_size:,} bytes")


def small_png(data: bytes) -> bytes:
    """The picture with as many colours as fit into `MOST_BYTES`; with the fewest tried if none does."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    written = data
    for colours in COLOURS:
        out = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        written = out.getvalue()
        if len(written) <= MOST_BYTES:
            break
    return written


if __name__ == "__main__":
    main()
