"""`python -m models.weights fetch|list|verify [NAME...]`: weights alone, for set-up and CI."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import platformdirs

from models.errors import ModelError
from models.weights import TextProgress, fetch, megabytes, status, verify


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0 when everything asked for is right."""
    parser = argparse.ArgumentParser(prog="python -m models.weights", description="Fetch, list and verify weights.")
    parser.add_argument("action", choices=["fetch", "list", "verify"])
    parser.add_argument("names", nargs="*", help="weights of the catalogue (default: all that serve a profile)")
    parser.add_argument(
        "--folder", type=Path, help="the weights folder (default: REELWISE_MODELS, or the user's cache)"
    )
    given = parser.parse_args(arguments)
    default = os.environ.get("REELWISE_MODELS") or Path(platformdirs.user_cache_dir("reelwise")) / "models"
    folder = given.folder or Path(default)
    names = given.names or None
    try:
        return _ACTIONS[given.action](names, folder)
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _fetch(names: list[str] | None, folder: Path) -> int:
    for done in fetch(names, folder=folder, progress=TextProgress()):
        print(f"{done.name}: {'fetched' if done.downloaded else 'there'}, {megabytes(done.size)}, {done.path}")
    return 0


def _list(names: list[str] | None, folder: Path) -> int:
    for found in status(names, folder=folder):
        weight = found.weight
        print(f"{weight.name}: {weight.role}, {megabytes(weight.size)}, {weight.licence}, {found.state}")
    return 0


def _verify(names: list[str] | None, folder: Path) -> int:
    checked = verify(names, folder=folder)
    for result in checked:
        print(f"{result.name}/{result.file}: {result.problem or 'ok'}")
    return 0 if all(result.ok for result in checked) else 1


_ACTIONS = {"fetch": _fetch, "list": _list, "verify": _verify}

if __name__ == "__main__":
    sys.exit(main())
