"""Short English and Chinese names of the ImageNet-1k classes, and the coarse groups a viewer would name instead.

The names come from `imagenet_zh.yaml` beside this file, in the class order of ILSVRC 2012 that every ImageNet-1k
classifier shares.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Annotated, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

CLASSES = 1000
NAMES_FILE = Path(__file__).with_name("imagenet_zh.yaml")

Words = Annotated[str, Field(min_length=1)]


class LabelName(NamedTuple):
    """A name in English and in simplified Chinese."""

    en: str
    zh: str


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    en: Words
    zh: Words
    classes: tuple[int | str, ...] = Field(min_length=1)

    def indices(self) -> list[int]:
        """Class indices, spans such as "151-268" written out (both ends included)."""
        found: list[int] = []
        for item in self.classes:
            first, _, last = str(item).partition("-")
            found.extend(range(int(first), int(last or first) + 1))
        return found


class _NamesFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    names: tuple[tuple[Words, Words], ...]
    coarse: tuple[_Group, ...]

    @model_validator(mode="after")
    def _names_are_complete_and_distinct(self) -> _NamesFile:
        if len(self.names) != CLASSES:
            raise ValueError(f"expected {CLASSES} names, found {len(self.names)}")
        for language in (0, 1):
            twice = [name for name, count in Counter(pair[language] for pair in self.names).items() if count > 1]
            if twice:
                raise ValueError(f"names given to more than one class: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _groups_do_not_overlap(self) -> _NamesFile:
        counts = Counter(index for group in self.coarse for index in group.indices())
        if outside := [index for index in counts if not 0 <= index < CLASSES]:
            raise ValueError(f"coarse groups name classes that do not exist: {sorted(outside)}")
        if twice := [index for index, count in counts.items() if count > 1]:
            raise ValueError(f"classes in more than one coarse group: {sorted(twice)}")
        return self


def imagenet_names(file: Path = NAMES_FILE) -> tuple[LabelName, ...]:
    """The 1000 names by class index. Raises `ValueError` naming the file when it is incomplete or inconsistent."""
    return _tables(file)[0]


def coarse_name(index: int, file: Path = NAMES_FILE) -> LabelName | None:
    """The group a viewer would name for class `index` (dog for every breed), None where the name itself is best.

    Raises `IndexError` for an index outside 0 to 999.
    """
    if not 0 <= index < CLASSES:
        raise IndexError(f"ImageNet class index must be 0 to {CLASSES - 1}, got {index}")
    return _tables(file)[1].get(index)


@cache
def _tables(file: Path) -> tuple[tuple[LabelName, ...], dict[int, LabelName]]:
    try:
        document = _NamesFile.model_validate(yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER))  # noqa: S506
    except ValidationError as error:
        raise ValueError(f"{file}: {'; '.join(item['msg'] for item in error.errors())}") from error
    names = tuple(LabelName(en, zh) for en, zh in document.names)
    coarse = {index: LabelName(group.en, group.zh) for group in document.coarse for index in group.indices()}
    return names, coarse


# The C loader reads the file five times faster; both are safe loaders.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
