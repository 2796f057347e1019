"""Brings the parts together: the library, the models and, for commands that need it, a worker in this process."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import httpx
from rich.text import Text

from models.batching import BatchLimits
from models.errors import ModelUnavailable
from models.limits import RuntimeLimits
from models.memory import check_fit
from models.profile import Profile, Role, load_profile
from models.runtime import Runtime
from services.api import Dispatcher, Progress, Service, Sweeping, create_app
from services.cli.bridge import InProcessTransport
from services.cli.client import Client
from services.cli.output import CliError, err
from services.cli.runfile import noted_run, running
from services.library.errors import LibraryLocked
from services.library.index.idle import IdleOptimizer
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.library.payload import publish_waiting
from services.library.record.types import Lane
from services.recommend.models import QUERY_ROLES
from services.review import catch_up
from services.settings import Settings
from services.telemetry.index import watched
from services.webhooks import Sender

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
    elsewhere: bool = False

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

    Engines are loaded when they are first used. When work is wanted, raises `WeightsMissing` or `EndpointMisconfigured`
    before anything is opened, and `DoesNotFit` when the profile needs more memory than there is; a model server that is
    away is only told of, because work waits for it. Raises `CliError` when another process has the data folder open.

    With a broker, workers elsewhere do the work; the embedded index belongs to one process, so where it is used this
    one publishes.
    """
    profile = load_profile(settings.profile)
    # Queries are answered here, whatever else is: their encoders stay.
    runtime = Runtime(profile, settings.models_dir, limits=runtime_limits(settings, pinned=QUERY_ROLES))
    lanes = _lanes_here(settings) if work else frozenset()
    with ExitStack() as stack:
        stack.callback(runtime.close)
        if work and check_weights:
            roles = QUERY_ROLES.union(*fitting_roles(settings, profile, lanes).values())
            runtime.check_weights(roles)
            _ask_servers(runtime, roles)
        library = stack.enter_context(open_library(settings, runtime))
        dispatcher: Dispatcher = Sweeping()
        if work:
            dispatcher = InProcessDispatcher(stack.enter_context(_worker(library, runtime, lanes)))
            optimizer = IdleOptimizer(library.index, settings)
            optimizer.start()
            stack.callback(optimizer.stop)
            sender = Sender(library.record, settings)
            sender.start()
            stack.callback(sender.stop)
        made_up_for(library)
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


def _ask_servers(runtime: Runtime, roles: frozenset[Role]) -> None:
    try:
        runtime.probe(roles)
    except ModelUnavailable as error:
        err.print(Text(f"warning: {error}. Videos wait for it.", "yellow"))


def made_up_for(library: Library) -> None:
    """Do what a process that stopped half-way left undone, unless another process is at it just now."""
    with library.record.alone("catch-up") as alone:
        if alone:
            catch_up(library)
            publish_waiting(library)


@contextmanager
def open_library(settings: Settings, runtime: Runtime, *, rebuild_index: bool = False) -> Iterator[Library]:
    """The library with the index for these engines, as `Library.open`. Raises `CliError` if another process owns it."""
    dims = IndexDims(text=runtime.text.dim, visual=runtime.vision.dim, sound=runtime.sound.dim)
    try:
        library = Library.open(settings, dims, rebuild_index=rebuild_index)
    except LibraryLocked as error:
        noted = noted_run(settings.data_dir)
        who = f" (process {noted.pid}, which does not answer at {noted.url})" if noted else ""
        raise CliError(
            f"The data folder {settings.data_dir} is in use by another process{who}: {error}",
            remedy="Wait for it to end, stop it, or use another folder with --data.",
        ) from error
    with library:
        yield replace(library, index=watched(library.index))


def runtime_limits(settings: Settings, *, pinned: frozenset[Role] = frozenset()) -> RuntimeLimits:
    """How the settings let a process use its engines."""
    return RuntimeLimits(
        batching=settings.batching,
        batch=BatchLimits(settings.batch_wait_ms / 1000, settings.batch_queue, settings.batch_patience_s),
        idle_ttl_s=settings.engine_ttl_s,
        pinned=pinned,
        host_bytes=settings.memory_limit_bytes,
        gpu_bytes=settings.gpu_memory_limit_bytes,
    )


def fitting_roles(
    settings: Settings, profile: Profile, lanes: frozenset[Lane], *, processes: int = 1
) -> dict[str, frozenset[Role]]:
    """The roles of the lanes, by lane. Raises `DoesNotFit` where their engines need more memory than there is."""
    from workers.pipeline import lane_roles

    roles = lane_roles(lanes)
    if Lane.PUBLISH in lanes:
        # The index is made for vectors of these sizes, which the engines tell.
        roles[Lane.PUBLISH.value] |= {Role.TEXT, Role.VISION, Role.SOUND}
    if roles:
        check_fit(profile, runtime_limits(settings), lanes=roles, processes=processes)
    return roles


def _lanes_here(settings: Settings) -> frozenset[Lane]:
    if settings.embedded:
        return frozenset(Lane)
    return frozenset() if settings.index_url else frozenset({Lane.PUBLISH})


@contextmanager
def _worker(library: Library, runtime: Runtime, lanes: frozenset[Lane]) -> Iterator[Worker]:
    from workers.launcher import EmbeddedWorker  # Celery takes a while to import, and a search needs none of it

    worker = EmbeddedWorker(library, runtime, lanes=lanes)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()
