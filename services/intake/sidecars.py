"""Subtitle files that lie beside a video, or come with its upload."""

from __future__ import annotations

import re
from pathlib import Path

from services.intake.errors import InvalidSubmission

SIDECAR_SUFFIXES = (".srt", ".vtt", ".ass", ".ssa", ".sbv", ".ttml")
"""Suffixes of subtitle files, lower case."""

MAX_SIDECAR_BYTES = 8 * 1024**2
"""Largest subtitle file taken in, bytes: two hours of dense captions are well under 1 MiB."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def find_sidecars(video: Path) -> tuple[Path, ...]:
    """Subtitle files in the video's folder with its stem: `clip.srt`, and `clip.en.srt` or `clip.zh-Hans.vtt`.

    Sorted by name, so that the same folder always gives the same order.
    """
    found = []
    for candidate in video.parent.iterdir():
        if candidate.suffix.lower() not in SIDECAR_SUFFIXES or candidate == video:
            continue
        middle = candidate.stem.removeprefix(video.stem)
        if candidate.stem == video.stem or (
            candidate.stem.startswith(f"{video.stem}.") and _LANGUAGE.fullmatch(middle[1:])
        ):
            found.append(candidate)
    return tuple(sorted(found))


def sidecar_suffix(name: str) -> str:
    """The lower-case suffix of a subtitle file's name; `InvalidSubmission` when it is none we read."""
    suffix = Path(name).suffix.lower()
    if suffix not in SIDECAR_SUFFIXES:
        raise InvalidSubmission(
            f"{name!r} is not a subtitle file that can be read.",
            remedy=f"Send one of {', '.join(SIDECAR_SUFFIXES)}.",
        )
    return suffix
