"""Labelled media: a folder with `clips.jsonl` or `speech.jsonl`, one JSON object a line, and the files it names."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class LabelsUnreadable(Exception):
    """The folder has no labels, or they name what is not there; the text says which and what to do."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A labelled clip. `onscreen_text` is prose with the words that are on screen between double quotes.

    `language` is what is spoken (ISO 639-1), None where nothing is or nobody can tell.
    """

    path: Path
    caption: str
    tags: tuple[str, ...]
    mood: str
    onscreen_text: str | None
    has_speech: bool
    duration_s: float
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """Recorded speech with its transcript; `language` is ISO 639-1."""

    path: Path
    language: str
    transcript: str
    duration_s: float


def load_clips(folder: Path, *, limit: int | None = None) -> tuple[Clip, ...]:
    """The first `limit` clips of the folder's `clips.jsonl` in its order. Raises `LabelsUnreadable`."""
    clips = []
    for at, line in _labels(folder, "clips", limit):
        try:
            clips.append(
                Clip(
                    path=_file(folder, "clips", line["file"]),
                    caption=line["caption"],
                    tags=tuple(line["tags"]),
                    mood=line["mood"],
                    onscreen_text=line.get("onscreen_text"),
                    has_speech=bool(line["has_speech"]),
                    duration_s=float(line["duration_s"]),
                    language=line.get("lang"),
                )
            )
        except KeyError as error:
            raise LabelsUnreadable(f"{at} has no field {error}; every clip needs it.") from error
    return tuple(clips)


def load_recordings(folder: Path) -> tuple[Recording, ...]:
    """The recordings of the folder's `speech.jsonl` in its order. Raises `LabelsUnreadable`."""
    recordings = []
    for at, line in _labels(folder, "speech", None):
        try:
            path = _file(folder, "speech", line["file"])
            recordings.append(Recording(path, line["lang"], line["transcript"], float(line["duration_s"])))
        except KeyError as error:
            raise LabelsUnreadable(f"{at} has no field {error}; every recording needs it.") from error
    return tuple(recordings)


def _labels(folder: Path, kind: str, limit: int | None) -> list[tuple[str, dict[str, Any]]]:
    """(where, object) of the labels, which lie in the folder or, where the folder is that of the files, beside it."""
    places = [folder / f"{kind}.jsonl", folder.resolve().parent / f"{kind}.jsonl"]
    source = next((place for place in places if place.is_file()), None)
    if source is None:
        raise LabelsUnreadable(f"{folder} has no {kind}.jsonl; name a folder that has one.")
    found: list[tuple[str, dict[str, Any]]] = []
    for number, text in enumerate(source.read_text(encoding="utf-8").splitlines(), start=1):
        if limit is not None and len(found) >= limit:
            break
        if not text.strip():
            continue
        where = f"{source}, line {number},"
        try:
            value = json.loads(text)
        except json.JSONDecodeError as error:
            raise LabelsUnreadable(f"{where} is no JSON: {error}") from error
        if not isinstance(value, dict):
            raise LabelsUnreadable(f"{where} is no JSON object.")
        found.append((where, value))
    if not found:
        raise LabelsUnreadable(f"{source} labels nothing.")
    return found


def _file(folder: Path, kind: str, name: str) -> Path:
    path = next((place for place in (folder / kind / name, folder / name) if place.is_file()), None)
    if path is None:
        raise LabelsUnreadable(f"{name} is labelled, but lies neither in {folder / kind} nor in {folder}.")
    return path
