"""MovieLens (Harper and Konstan 2015) as implicit feedback: a rating of four stars or more is a like."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.clips import LabelsUnreadable

Ints = NDArray[np.int64]
LIKED_FROM = 4.0


@dataclass(frozen=True, slots=True)
class Likes:
    """Who liked what and when: parallel arrays of user and item numbers and Unix seconds, oldest first."""

    user: Ints
    item: Ints
    time: Ints

    def where(self, mask: NDArray[np.bool_]) -> Likes:
        """Those the mask keeps."""
        return Likes(self.user[mask], self.item[mask], self.time[mask])

    def __len__(self) -> int:
        return len(self.user)


@dataclass(frozen=True, slots=True)
class Tag:
    """A word that a user gave an item."""

    user: int
    item: int
    time: int
    word: str


@dataclass(frozen=True, slots=True)
class MovieLens:
    """The data set with users and items numbered from 0. `rated` holds every rating, low ones too."""

    titles: tuple[str, ...]
    genres: tuple[tuple[str, ...], ...]
    likes: Likes
    rated: Likes
    tags: tuple[Tag, ...]
    users: int

    @property
    def items(self) -> int:
        """Number of items, those that nobody liked too."""
        return len(self.titles)


def load_movielens(folder: Path) -> MovieLens:
    """Read `movies.csv`, `ratings.csv` and `tags.csv`. Raises `LabelsUnreadable` naming the file and the line."""
    movies = list(_rows(folder / "movies.csv", ("movieId", "title", "genres")))
    place = {row["movieId"]: at for at, row in enumerate(movies)}
    ratings = list(_rows(folder / "ratings.csv", ("userId", "movieId", "rating", "timestamp")))
    users = {name: at for at, name in enumerate(dict.fromkeys(row["userId"] for row in ratings))}
    try:
        numbers = np.array(
            [(users[r["userId"]], place[r["movieId"]], int(r["timestamp"]), float(r["rating"])) for r in ratings]
        )
    except (KeyError, ValueError) as error:
        raise LabelsUnreadable(
            f"{folder / 'ratings.csv'} names a film or a number that cannot be read: {error}."
        ) from error
    # Likes of the same second are put in the order of the item's number: any order, but always the same one.
    numbers = numbers[np.lexsort((numbers[:, 1], numbers[:, 2]))]
    rated = Likes(*(numbers[:, column].astype(np.int64) for column in range(3)))
    tags = tuple(
        Tag(users[row["userId"]], place[row["movieId"]], int(row["timestamp"]), row["tag"].strip().lower())
        for row in _rows(folder / "tags.csv", ("userId", "movieId", "tag", "timestamp"))
        if row["userId"] in users and row["movieId"] in place
    )
    none = "(no genres listed)"
    genres = tuple(tuple(name for name in row["genres"].split("|") if name != none) for row in movies)
    return MovieLens(
        tuple(row["title"] for row in movies), genres, rated.where(numbers[:, 3] >= LIKED_FROM), rated, tags, len(users)
    )


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            if reader.fieldnames is None or not set(columns) <= set(reader.fieldnames):
                raise LabelsUnreadable(f"{path} has no columns {', '.join(columns)}: is it MovieLens' file?")
            yield from reader
    except OSError as error:
        raise LabelsUnreadable(f"{path} cannot be read: {error}. Give MovieLens' folder by --data.") from error
