"""What `analyze PATH...` means: files, folders and patterns become a list of files."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

VIDEO_SUFFIXES = frozenset(
    [
        ".3gp",
        ".avi",
        ".flv",
        ".m2ts",
        ".m4v",
        ".mkv",
        ".mov",
        ".mp4",
        ".mpeg",
        ".mpg",
        ".mts",
        ".mxf",
        ".ogv",
        ".ts",
        ".webm",
        ".wmv",
    ]
)
"""Suffixes that a folder is searched for; a file that is named is taken whatever its suffix."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Files to work on, each once, and what was named but is not there, in words."""

    files: tuple[Path, ...]
    missing: tuple[tuple[str, str], ...]


def expand(arguments: Sequence[str]) -> Inputs:
    """Files as named; folders searched to the bottom, in order of name; patterns the shell left alone."""
    files: dict[Path, None] = {}
    missing = []
    for argument in arguments:
        path = Path(argument).expanduser()
        if path.is_dir():
            found = [file for file in sorted(path.rglob("*")) if file.suffix.lower() in VIDEO_SUFFIXES]
            if not found:
                missing.append((argument, f"the folder holds no video ({', '.join(sorted(VIDEO_SUFFIXES))})"))
            files.update(dict.fromkeys(file.absolute() for file in found if file.is_file()))
        elif path.exists():
            files[path.absolute()] = None
        elif glob.has_magic(argument):
            matches = [Path(match) for match in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207 (patterns may be absolute)
            if not matches:
                missing.append((argument, "no file matches the pattern"))
            files.update(dict.fromkeys(match.absolute() for match in matches if match.is_file()))
        else:
            missing.append((argument, "there is no such file or folder"))
    return Inputs(tuple(files), tuple(missing))
