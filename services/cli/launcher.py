"""Brings the parts together: the library, the models and, for commands that need it, a worker in this process."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx

from models.profile import load_profile
from models.runtime import Runtime
from services.api import Dispatcher, Progress, Service, Sweeping, create_app
from services.cli.bridge import InProcessTransport
from services.cli.client import Client
from services.cli.output import CliError
from services.cli.runfile import noted_run, running
from services.library.errors import LibraryLocked
from services.library.index.idle import IdleOptimizer
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.library.payload import publish_waiting
from services.library.record.types import Lane
from services.review import catch_up
from services.settings import Settings

_IN_PROCESS_TIMEOUT_S = 3600.0
"""Nothing is lost on the way within a process; copying a large file in may take its time."""


class StageProgress(Protocol):
    """What the worker says of a running stage."""

    @property
    def stage(self) -> str:
        """Its name."""
        ...

    @property
    def fraction(self) -> float | None:
        """How far it is, in [0, 1]."""
        ...


class Worker(Protocol):
    """The part of the embedded worker that requests need."""

    def notify(self, video_id: str, lane: Lane) -> None:
        """Enqueue a lane of a video at once."""
        ...

    def progress(self, video_id: str) -> StageProgress | None:
        """What is running of a video, None when nothing is."""
        ...


@dataclass(frozen=True, slots=True)
class InProcessDispatcher:
    """Hands notices to the worker of this process."""

    worker: Worker

    def notify(self, video_id: str, lane: Lane) -> None:
        """Enqueue at once instead of waiting for the sweep."""
        self.worker.notify(video_id, lane)

    def progress(self, video_id: str) -> Progress | None:
        """The stage that runs now."""
        now = self.worker.progress(video_id)
        return None if now is None else Progress(now.stage, now.fraction)

    def ready(self) -> bool:
        """The worker lives as long as this object is used."""
        return True


@contextmanager
def service(settings: Settings, *, work: bool, check_weights: bool = True) -> Iterator[Service]:
    """The library and the models of the settings, with a running worker if `work`.

    Engines are loaded when they are first used. Raises `WeightsMissing` before anything is opened when work is wanted
    and weights are missing, and `CliError` when another process has the data folder open.
    """
    runtime = Runtime(load_profile(settings.profile), settings.models_dir)
    with ExitStack() as stack:
        stack.callback(runtime.close)
        if work and check_weights:
            runtime.check_weights()
        library = stack.enter_context(_library(settings, runtime))
        dispatcher: Dispatcher = Sweeping()
        if work and settings.embedded:
            dispatcher = InProcessDispatcher(stack.enter_context(_worker(library, runtime)))
            optimizer = IdleOptimizer(library.index, settings)
            optimizer.start()
            stack.callback(optimizer.stop)
        catch_up(library)
        publish_waiting(library)
        parts = Service(library, runtime, dispatcher)
        stack.callback(parts.recommender.close)
        yield parts


@contextmanager
def connected(settings: Settings, *, work: bool = False, readable: tuple[Path, ...] = ()) -> Iterator[Client]:
    """A client of the running `reelwise up` of this data folder, or else of the API mounted in this process.

    In this process the API may also read the `readable` files: whoever runs the command can read them anyway.
    """
    found = running(settings.data_dir)
    if found is not None:
        # An explicit key says who acts; else the owner of the data folder is an admin of what runs on it.
        token = os.environ.get("REELWISE_API_KEY") or found.secret
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with httpx.Client(base_url=found.url, timeout=120.0, trust_env=False, headers=headers) as http:
            yield Client(http)
        return
    folders = tuple(dict.fromkeys(path.resolve().parent for path in readable))
    mounted = settings.model_copy(update={"allowed_roots": (*settings.allowed_roots, *folders)})
    secret = secrets.token_urlsafe(32)
    with (
        service(mounted, work=work) as parts,
        httpx.Client(
            transport=InProcessTransport(create_app(parts, secret=secret)),
            base_url="http://127.0.0.1",
            timeout=_IN_PROCESS_TIMEOUT_S,
            headers={"Authorization": f"Bearer {os.environ.get('REELWISE_API_KEY') or secret}"},
        ) as http,
    ):
        yield Client(http)


def settings_for(data: Path | None = None, profile: str | None = None, **more: object) -> Settings:
    """The environment's settings with what the command line overrides."""
    changes: Mapping[str, object] = {"data_dir": data.expanduser() if data else None, "profile": profile, **more}
    given = {key: value for key, value in changes.items() if value is not None}
    return Settings().model_copy(update=given)


@contextmanager
def _library(settings: Settings, runtime: Runtime) -> Iterator[Library]:
    dims = IndexDims(text=runtime.text.dim, visual=runtime.vision.dim, sound=runtime.sound.dim)
    try:
        library = Library.open(settings, dims)
    except LibraryLocked as error:
        noted = noted_run(settings.data_dir)
        who = f" (process {noted.pid}, which does not answer at {noted.url})" if noted else ""
        raise CliError(
            f"The data folder {settings.data_dir} is in use by another process{who}: {error}",
            remedy="Wait for it to end, stop it, or use another folder with --data.",
        ) from error
    with library:
        yield library


@contextmanager
def _worker(library: Library, runtime: Runtime) -> Iterator[Worker]:
    from workers.launcher import EmbeddedWorker  # Celery takes a while to import, and a search needs none of it

    worker = EmbeddedWorker(library, runtime)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()
