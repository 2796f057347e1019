"""What is known and what is asked for: by each user's last likes, by one moment for everybody, and by new items."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from benchmarks.recsys.movielens import Likes, MovieLens, Tag

WARM_FROM = 5
"""Likes that a user must have left in what is known to be asked for."""


@dataclass(frozen=True, slots=True)
class Split:
    """One task.

    `known`: the likes that systems may learn from. `asked`: the users asked for, with their held-out items in
    `relevant` and the moment of the recommendation in `at` (Unix seconds). `excluded` (users, items): what may not be
    recommended, since it was rated before. `tags`: the words that systems may read.
    """

    name: str
    known: Likes
    asked: NDArray[np.int64]
    relevant: Mapping[int, frozenset[int]]
    at: Mapping[int, int]
    excluded: sparse.csr_matrix
    tags: tuple[Tag, ...]


def leave_last_out(data: MovieLens, name: str, *, skip: int = 0, count: int = 1, before: int | None = None) -> Split:
    """Each user's last `count` likes are asked for, after the last `skip` were put away; the others are known.

    `skip` > 0 makes the validation split of the split with `skip` = 0, and never sees what that one asks for.
    `before`: only what happened before that moment exists at all.
    """
    likes = data.likes if before is None else data.likes.where(data.likes.time < before)
    place = _from_the_end(likes)
    kept = place >= skip + count
    held = likes.where((place >= skip) & ~kept)
    known = likes.where(kept)
    counts = np.bincount(known.user, minlength=data.users)
    relevant = {user: items for user, items in _by_user(held).items() if counts[user] >= WARM_FROM}
    at = {user: int(held.time[held.user == user].min()) for user in relevant}
    horizon = np.full(data.users, -1, np.int64)
    for user, moment in at.items():
        horizon[user] = moment
    rated = data.rated.where(data.rated.time <= horizon[data.rated.user])
    hidden = frozenset((user, item) for user, items in relevant.items() for item in items)
    if skip:
        away = likes.where(place < skip)
        hidden |= frozenset(zip(away.user.tolist(), away.item.tolist(), strict=True))
    tags = tuple(
        tag for tag in data.tags if (tag.user, tag.item) not in hidden and (before is None or tag.time < before)
    )
    return _split(data, name, known, relevant, at, rated, tags)


def global_cut(data: MovieLens, name: str, share: float) -> tuple[Split, int]:
    """Everything before one moment is known, everything after it is asked for; (split, the moment)."""
    moment = int(np.quantile(data.likes.time, share))
    known, after = data.likes.where(data.likes.time < moment), data.likes.where(data.likes.time >= moment)
    counts = np.bincount(known.user, minlength=data.users)
    relevant = {user: items for user, items in _by_user(after).items() if counts[user] >= WARM_FROM}
    rated = data.rated.where(data.rated.time < moment)
    tags = tuple(tag for tag in data.tags if tag.time < moment)
    return _split(data, name, known, relevant, dict.fromkeys(relevant, moment), rated, tags), moment


def leave_items_out(data: MovieLens, name: str, *, seed: int, share: float = 0.2) -> tuple[Split, NDArray[np.int64]]:
    """All likes of a random share of the liked items are put away; (split, those new items).

    Nobody has tagged a new item, so their tags are put away as well. Only new items may be recommended.
    """
    liked = np.unique(data.likes.item)
    new = np.random.default_rng(seed).choice(liked, round(share * len(liked)), replace=False)
    is_new = np.zeros(data.items, bool)
    is_new[new] = True
    held = is_new[data.likes.item]
    known = data.likes.where(~held)
    counts = np.bincount(known.user, minlength=data.users)
    relevant = {user: items for user, items in _by_user(data.likes.where(held)).items() if counts[user] >= WARM_FROM}
    end = int(data.likes.time.max()) + 1
    tags = tuple(tag for tag in data.tags if not is_new[tag.item])
    split = _split(data, name, known, relevant, dict.fromkeys(relevant, end), known, tags)
    closed = sparse.csr_matrix(np.tile(~is_new, (data.users, 1)))
    return replace(split, excluded=closed), np.flatnonzero(is_new)


def _split(
    data: MovieLens,
    name: str,
    known: Likes,
    relevant: Mapping[int, frozenset[int]],
    at: Mapping[int, int],
    rated: Likes,
    tags: tuple[Tag, ...],
) -> Split:
    excluded = sparse.lil_matrix((data.users, data.items), dtype=bool)
    for likes in (known, rated):
        excluded[likes.user, likes.item] = True
    for user, items in relevant.items():
        excluded[user, sorted(items)] = False
    return Split(name, known, np.array(sorted(relevant), np.int64), relevant, at, excluded.tocsr(), tags)


def _from_the_end(likes: Likes) -> NDArray[np.int64]:
    """Per like, how many later ones the same user has."""
    later: dict[int, int] = defaultdict(int)
    place = np.empty(len(likes), np.int64)
    for at in range(len(likes) - 1, -1, -1):
        user = int(likes.user[at])
        place[at] = later[user]
        later[user] += 1
    return place


def _by_user(likes: Likes) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for user, item in zip(likes.user.tolist(), likes.item.tolist(), strict=True):
        found[user].add(item)
    return {user: frozenset(items) for user, items in found.items()}
