"""`run.json` in the data folder: who runs `reelwise up` on it, and where it answers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from pydantic import BaseModel, ValidationError

NAME = "run.json"
_TIMEOUT_S = 3.0


class RunFile(BaseModel):
    """A running `reelwise up`. `secret` lets whoever can read the file, its owner, call every route."""

    pid: int
    url: str
    secret: str = ""


def running(data_dir: Path) -> RunFile | None:
    """The `reelwise up` that has this data folder open and answers; a file left by one that died is no such thing."""
    noted = noted_run(data_dir)
    if noted is None:
        return None
    try:
        answer = httpx.get(f"{noted.url}/healthz", timeout=_TIMEOUT_S, trust_env=False)
        health = answer.json()
    except (httpx.HTTPError, ValueError):
        return None
    same = isinstance(health, dict) and health.get("data_dir") == str(data_dir.resolve())
    return noted if answer.status_code == 200 and same else None


def noted_run(data_dir: Path) -> RunFile | None:
    """What the file says, whether or not it still holds."""
    try:
        return RunFile.model_validate_json((data_dir / NAME).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValidationError):
        return None


@contextmanager
def announced(data_dir: Path, url: str, secret: str) -> Iterator[None]:
    """Keep `run.json` in place, readable by its owner only, for as long as the block runs."""
    path = data_dir / NAME
    aside = path.with_suffix(f".{os.getpid()}")
    aside.unlink(missing_ok=True)
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump({"pid": os.getpid(), "url": url, "secret": secret}, file)
    aside.replace(path)
    try:
        yield
    finally:
        noted = noted_run(data_dir)
        if noted is not None and noted.pid == os.getpid():
            path.unlink(missing_ok=True)
