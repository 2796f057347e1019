"""One library, one server and one Chromium for all tests of the console; every editor has a context of their own."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from models.profile import load_profile
from models.runtime import Runtime
from services.accounts.sign_in import valid_password
from services.api import Service, Sweeping, create_app
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.library.record.accounts import Role
from services.settings import Settings
from tests.console.content import LIBRARY
from tests.console.library import add, clip_of
from tests.media_factory import shared_media

CHROMIUM = os.environ.get("REELWISE_CHROMIUM") or shutil.which("chromium")
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
PASSWORD = "correct horse battery"
REAL = ("kitten-sofa.mp4", "ipod-keynote.mp4", "quesadillas.webm")
"""Clips that are taken from the folder of real media where there is one; the others are made, which is quicker."""

EDITORS = ("lin", "max", "ada")

expect.set_options(timeout=20_000)


@dataclass(frozen=True)
class Console:
    """A running console: its address and the library behind it."""

    url: str
    library: Library


@pytest.fixture(scope="session")
def console_models() -> Iterator[Runtime]:
    runtime = Runtime(load_profile("lite"), Settings().models_dir)
    yield runtime
    runtime.close()


@pytest.fixture(scope="session")
def console(console_models: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """The library of `content.py` with three editors, an admin and an uploader, served on a free port."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    data = tmp_path_factory.mktemp("console")
    settings = Settings(data_dir=data / "data", double_review=0.0)
    models = console_models
    dims = IndexDims(text=models.text.dim, visual=models.vision.dim, sound=models.sound.dim)
    with Library.open(settings, dims) as library:
        for number, content in enumerate(LIBRARY):
            real = shared_media() if content.clip in REAL else None
            add(library, models, content, clip_of(content, data, real), number)
        for name in EDITORS:
            library.record.add_account(name, Role.EDITOR, valid_password(PASSWORD))
        library.record.add_account("root", Role.ADMIN, valid_password(PASSWORD))
        library.record.add_account("upl", Role.UPLOADER, valid_password(PASSWORD))
        with served(create_app(Service(library, models, Sweeping()))) as url:
            yield Console(url, library)


class served:  # noqa: N801 - reads as a verb
    """`with served(app) as url`: the application on a free port of this machine, in a thread."""

    def __init__(self, app: object) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))  # type: ignore[arg-type]
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, driven by Playwright."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        running.close()


@dataclass
class Visitor:
    """A person with a browser of their own; `faults` collects what scripts complained about."""

    context: BrowserContext
    page: Page
    url: str
    faults: list[str]

    def go(self, path: str) -> Page:
        """Open a path of the console."""
        self.page.goto(self.url + path)
        return self.page


@pytest.fixture
def visit(console: Console, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """`visit(account, language="en", theme="light", width=1280)` signs in and gives the browser; None visits unknown.

    A script that fails or breaks the content security policy fails the test.
    """
    visitors: list[Visitor] = []

    def make(account: str | None, language: str = "en", theme: str = "light", width: int = 1280) -> Visitor:
        context = browser.new_context(
            base_url=console.url,
            viewport={"width": width, "height": 900},
            color_scheme=theme,  # type: ignore[arg-type]
        )
        context.add_cookies([{"name": "reelwise_language", "value": language, "url": console.url}])
        if account is not None:
            answer = context.request.post("/v1/session", data={"name": account, "password": PASSWORD})
            assert answer.ok, answer.text()
        page = context.new_page()
        visitor = Visitor(context, page, console.url, [])
        page.on("pageerror", lambda error: visitor.faults.append(str(error)))
        page.on(
            "console",
            lambda said: visitor.faults.append(said.text) if "Content Security Policy" in said.text else None,
        )
        visitors.append(visitor)
        return visitor

    yield make
    for visitor in visitors:
        visitor.context.close()
    assert [fault for visitor in visitors for fault in visitor.faults] == []


@pytest.fixture(scope="session")
def ids(console: Console) -> dict[str, str]:
    """Video id by the clip's name without its suffix."""
    found = {}
    for video in console.library.record.videos(limit=100):
        understanding = console.library.record.understanding(video.id)
        assert understanding is not None
        found[Path(understanding.video.source).stem] = video.id
    return found
