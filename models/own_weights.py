"""Weights in a folder of the operator's own, which no catalogue knows."""

from __future__ import annotations

import hashlib
from pathlib import Path

from models.errors import WeightsMissing

_SAMPLE = 1 << 20


def folder_revision(folder: Path) -> str:
    """What tells these weights from others, cheaply: names and sizes of all files, and both ends of their contents.

    A file of up to 2 MiB counts whole. Of a larger one the first and the last MiB do: a safetensors file begins with
    the table of its tensors and goes on with numbers, which another training changes. Raises `WeightsMissing`.
    """
    if not folder.is_dir():
        raise WeightsMissing(f"the weights folder {folder} that the profile names is not there")
    digest = hashlib.sha256()
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    for path in paths:
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder)}\0{size}\0".encode())
        with path.open("rb") as stream:
            digest.update(stream.read(_SAMPLE))
            stream.seek(max(_SAMPLE, size - _SAMPLE))
            digest.update(stream.read(_SAMPLE))
    return digest.hexdigest()[:16]
