"""The files that browsers fetch: scripts, styles, icons. Written by hand, served as they are."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"


@cache
def digest() -> str:
    """Twelve hex digits over all files; part of their address, so that browsers may keep them for good."""
    found = hashlib.sha256()
    for file in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        found.update(file.relative_to(STATIC).as_posix().encode())
        found.update(file.read_bytes())
    return found.hexdigest()[:12]


def address(path: str) -> str:
    """Where a static file is served, by its path below `static/`."""
    return f"/console/static/{digest()}/{path}"
