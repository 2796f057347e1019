"""Reads and checks the taxonomy's three files. Every error names the file and the entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from services.library.once import once
from services.library.taxonomy.types import Entry, EntryT, Mood, Occasion, Taxonomy, Topic
from services.library.yaml_text import parsed

HERE = Path(__file__).parent


class TaxonomyError(ValueError):
    """A taxonomy file that is missing, cannot be parsed or contradicts itself. The text names file and entry."""


def load_taxonomy(folder: Path | None = None) -> Taxonomy:
    """The taxonomy of `folder` (topics.yaml, moods.yaml, occasions.yaml), by default the one that ships.

    Read once per process and folder, so an edit of the files takes effect with the next start.
    Raises `TaxonomyError`.
    """
    return _load((folder or HERE).resolve())


@once
def _load(folder: Path) -> Taxonomy:
    topics_file, moods_file, occasions_file = (folder / f"{name}.yaml" for name in ("topics", "moods", "occasions"))
    topics_version, raw_topics = _read(topics_file, "topics")
    moods_version, raw_moods = _read(moods_file, "moods")
    occasions_version, raw_occasions = _read(occasions_file, "occasions")
    topics = _unique(topics_file, _topics(topics_file, raw_topics))
    moods = _unique(moods_file, [_entry(moods_file, Mood, raw) for raw in raw_moods])
    occasions = _unique(occasions_file, [_entry(occasions_file, Occasion, raw) for raw in raw_occasions])
    known_moods = {mood.slug for mood in moods}
    _check_mood_names(moods_file, moods)
    _check_topic_moods(topics_file, topics, moods=known_moods)
    _check_hints(occasions_file, occasions, topics={topic.slug for topic in topics}, moods=known_moods)
    return Taxonomy(
        topics_version=topics_version,
        moods_version=moods_version,
        occasions_version=occasions_version,
        topics=topics,
        moods=moods,
        occasions=occasions,
    )


def _read(file: Path, key: str) -> tuple[int, list[Mapping[str, Any]]]:
    try:
        document = parsed(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise TaxonomyError(f"{file}: not found; a taxonomy folder holds topics, moods and occasions.yaml") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise TaxonomyError(f"{file}: not readable as UTF-8 YAML: {error}") from error
    if not isinstance(document, dict) or set(document) != {"version", key}:
        raise TaxonomyError(f"{file}: expected exactly the keys `version` and `{key}`")
    version, entries = document["version"], document[key]
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise TaxonomyError(f"{file}: `version` must be a whole number from 1, got {version!r}")
    return version, _entries(file, key, entries)


def _entries(file: Path, key: str, entries: object) -> list[Mapping[str, Any]]:
    if not isinstance(entries, list) or not entries:
        raise TaxonomyError(f"{file}: `{key}` must be a list with at least one entry")
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict):
            raise TaxonomyError(f"{file}: entry {number} of `{key}` must be a mapping, got {entry!r}")
    return entries


def _topics(file: Path, raw_topics: Iterable[Mapping[str, Any]]) -> list[Topic]:
    topics: list[Topic] = []
    for raw in raw_topics:
        first = _entry(file, Topic, {key: value for key, value in raw.items() if key != "leaves"})
        topics.append(first)
        for leaf in _entries(file, f"{first.slug}.leaves", raw.get("leaves")):
            topics.append(_entry(file, Topic, {**leaf, "parent": first.slug}))
    return topics


def _entry(file: Path, model: type[EntryT], raw: Mapping[str, Any]) -> EntryT:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        said = "; ".join(
            f"{'.'.join(map(str, item['loc']))}: {item['msg']}" if item["loc"] else item["msg"]
            for item in error.errors()
        )
        raise TaxonomyError(f"{file}: entry {raw.get('slug', raw)!r}: {said}") from error


def _unique(file: Path, entries: Iterable[EntryT]) -> tuple[EntryT, ...]:
    seen: dict[str, Entry] = {}
    unique = tuple(entries)
    for entry in unique:
        if entry.slug in seen:
            raise TaxonomyError(
                f"{file}: entry {entry.slug!r} appears twice ({seen[entry.slug].en!r} and {entry.en!r})"
            )
        seen[entry.slug] = entry
    return unique


def _check_mood_names(file: Path, moods: Iterable[Mood]) -> None:
    owner: dict[str, str] = {}
    for mood in moods:
        for name in mood.names:
            if name in owner:
                raise TaxonomyError(
                    f"{file}: entry {mood.slug!r}: {name!r} already names {owner[name]!r}; keep it with one of them"
                )
            owner[name] = mood.slug


def _check_topic_moods(file: Path, topics: Iterable[Topic], *, moods: set[str]) -> None:
    for topic in topics:
        if unknown := sorted(set(topic.moods) - moods):
            raise TaxonomyError(f"{file}: entry {topic.slug!r}: moods names unknown {', '.join(unknown)}")


def _check_hints(file: Path, occasions: Iterable[Occasion], *, topics: set[str], moods: set[str]) -> None:
    for occasion in occasions:
        for field, named, known in (
            ("moods", occasion.hints.moods, moods),
            ("topics", occasion.hints.topics, topics),
        ):
            if unknown := sorted(set(named) - known):
                raise TaxonomyError(
                    f"{file}: entry {occasion.slug!r}: hints.{field} names unknown {', '.join(unknown)}"
                )
