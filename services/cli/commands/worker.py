"""`reelwise worker`: some lanes in a process of its own."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from typing import Annotated

import typer

from models.devices import asked_device, gpus
from models.engines import engine_options, engine_spec
from models.profile import Profile as EngineProfile
from models.profile import Role, load_profile
from models.runtime import Runtime
from services.cli.launcher import fitting_roles, runtime_limits, settings_for
from services.cli.options import Data, Profile
from services.cli.output import CliError, reported_errors
from services.cli.watching import announce, watch_process
from services.library.record.types import Lane
from services.settings import Settings
from services.telemetry.exposed import metrics_shown


class PoolName(StrEnum):
    """As `workers.standalone.Pool`; Celery is imported only when a worker starts."""

    SOLO = "solo"
    THREADS = "threads"
    PREFORK = "prefork"


def worker(
    lane: Annotated[
        list[Lane] | None, typer.Option("--lane", help="A lane to serve; may be given more than once (default: all).")
    ] = None,
    pool: Annotated[
        PoolName,
        typer.Option(help="threads share the engines; solo: one task at a time; prefork: for CPU lanes."),
    ] = PoolName.THREADS,
    concurrency: Annotated[
        int | None, typer.Option("--concurrency", "-c", min=1, help="Tasks at once (default: the cores, at least 2).")
    ] = None,
    gpu: Annotated[int | None, typer.Option(min=0, help="Use this GPU alone (one process a GPU).")] = None,
    max_child_tasks: Annotated[
        int | None, typer.Option(min=1, help="prefork: replace a child after so many tasks.")
    ] = None,
    max_child_bytes: Annotated[
        int | None, typer.Option(min=1 << 20, help="prefork: replace a child above so much resident memory, bytes.")
    ] = None,
    data: Data = None,
    profile: Profile = None,
) -> None:
    """Work on some lanes in this process, over the broker of REELWISE_BROKER_URL, until interrupted.

    `reelwise api` with the same settings takes videos in and `reelwise sweep` tells workers what is due, or
    `reelwise up` does both. Only the models of the lanes are loaded. SIGTERM or Ctrl-C lets running lanes end for
    REELWISE_SHUTDOWN_S seconds and gives the rest back; a second one does so at once.
    """
    lanes = frozenset(lane or Lane)
    with reported_errors():
        settings = settings_for(data, profile)
        watch_process(settings, "reelwise-worker")
        _check_settings(settings, lanes)
        if gpu is not None:
            _use_gpu(gpu)
        chosen = load_profile(settings.profile)
        tasks = 1 if pool is PoolName.SOLO else concurrency or max(2, os.cpu_count() or 1)
        forks = pool is PoolName.PREFORK
        if not forks and (max_child_tasks or max_child_bytes):
            raise CliError(
                f"--max-child-tasks and --max-child-bytes replace children, and --pool {pool} has none.",
                remedy="Leave them out, or use --pool prefork for lanes without a GPU.",
            )
        if pool is PoolName.SOLO and (concurrency or 1) > 1:
            raise CliError("--pool solo runs one task at a time.", remedy="Leave --concurrency out, or use threads.")
        roles = fitting_roles(settings, chosen, lanes, processes=tasks if forks else 1)
        served = frozenset[Role]().union(*roles.values())
        if forks:
            _refuse_gpu_in_children(chosen, served)
        Runtime(chosen, settings.models_dir).check_weights(served)
        _run(settings, chosen, lanes, pool, tasks, max_child_tasks, max_child_bytes)


def _run(
    settings: Settings,
    profile: EngineProfile,
    lanes: frozenset[Lane],
    pool: PoolName,
    concurrency: int,
    max_child_tasks: int | None,
    max_child_bytes: int | None,
) -> None:
    from workers.standalone import Pool, WorkerPlan, run_worker

    plan = WorkerPlan(lanes, Pool(pool.value), concurrency, max_child_tasks, max_child_bytes)
    named = ", ".join(sorted(lanes))
    announce(settings, f"Working on {named} ({pool}, {concurrency} at once); Ctrl-C ends it.")
    limits = runtime_limits(settings)
    with metrics_shown(settings, children=plan.pool is Pool.PREFORK):
        status = run_worker(settings, lambda: Runtime(profile, settings.models_dir, limits=limits), plan)
    if status:
        raise typer.Exit(status)


def _check_settings(settings: Settings, lanes: frozenset[Lane]) -> None:
    if settings.embedded:
        raise CliError(
            f"The broker {settings.broker_url} lives inside one process, so a worker of its own would hear nothing.",
            remedy="Set REELWISE_BROKER_URL, for example redis://127.0.0.1:6379/0, here and for `reelwise up`; or run "
            "`reelwise up` alone, which works on all lanes.",
        )
    if Lane.PUBLISH in lanes and settings.index_url is None:
        others = " ".join(f"--lane {lane}" for lane in Lane if lane in lanes - {Lane.PUBLISH})
        raise CliError(
            "The lane publish writes to the index, and the embedded index belongs to one process, `reelwise up`.",
            remedy="Set REELWISE_INDEX_URL to a Qdrant server, here and for all others; or let `reelwise up` publish"
            + (f" and serve {others}." if others else "."),
        )


def _use_gpu(number: int) -> None:
    """Before anything touches CUDA, which reads the variable once."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        raise CliError("CUDA is in use already in this process.", remedy="Set CUDA_VISIBLE_DEVICES before it starts.")
    os.environ["CUDA_VISIBLE_DEVICES"] = str(number)


def _refuse_gpu_in_children(profile: EngineProfile, roles: frozenset[Role]) -> None:
    """A GPU lane must not fork: CUDA does not survive it, and each child would hold the weights once more."""
    options = engine_options(profile)
    asked = {role: asked_device(engine_spec(role, profile.roles[role].engine), options[role]) for role in sorted(roles)}
    sure = [role for role, device in asked.items() if device.startswith("cuda")]
    perhaps = [role for role, device in asked.items() if device == "auto"]
    on_gpu = sure or (perhaps if perhaps and gpus() else [])
    if on_gpu:
        raise CliError(
            f"--pool prefork cannot serve lanes whose models run on a GPU ({', '.join(on_gpu)}): CUDA does not survive "
            "a fork, and every child would load the weights again.",
            remedy="Use --pool threads or solo, one process a GPU (--gpu N); or set the option device: cpu.",
        )
