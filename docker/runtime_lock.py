"""Prints a lock file without PyTorch, which is installed first and alone, and without the tools of developers.

    python docker/runtime_lock.py pyproject.toml requirements.lock

What only these tools need stays: it is small, and to tell it apart everything would have to be installed first.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

_LEFT_OUT = ("bench", "dev")
"""Extras of pyproject.toml that a running Reelwise never imports."""


def runtime_lock(pyproject: str, lock: str) -> str:
    """The lines of the lock that an image installs, in their order. Names are compared as PEP 503 says."""
    extras = tomllib.loads(pyproject)["project"]["optional-dependencies"]
    unwanted = {"torch", *(_name(wish) for extra in _LEFT_OUT for wish in extras[extra])}
    pins = (line for line in lock.splitlines() if line and not line.startswith("#"))
    return "".join(f"{pin}\n" for pin in pins if _name(pin) not in unwanted)


def _name(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0]).lower()


if __name__ == "__main__":
    project, locked = (Path(argument).read_text(encoding="utf-8") for argument in sys.argv[1:3])
    sys.stdout.write(runtime_lock(project, locked))
