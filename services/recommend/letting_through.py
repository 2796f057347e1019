"""An index's filter, answered from videos as they were read: for what is in memory, asking the index costs more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter

from services.library.index.port import Filter
from services.recommend.indexed import CREATOR, LABEL_FIELDS, LANGUAGE, IndexedVideo

Lets = Callable[[IndexedVideo], bool]


def _one(field: str) -> Callable[[IndexedVideo], tuple[str | None, ...]]:
    read = attrgetter(field)
    return lambda video: (read(video),)


def _several(field: str) -> Callable[[IndexedVideo], tuple[str | None, ...]]:
    return lambda video: video.values(field)


_READ: Mapping[str, Callable[[IndexedVideo], tuple[str | None, ...]]] = {
    **{field: _one(field) for field in (CREATOR, LANGUAGE, "review_state")},
    **{field: _several(field) for field in LABEL_FIELDS},
    "safety": attrgetter("safety"),
}


def can_tell(where: Filter) -> bool:
    """Whether all that the filter asks of is in what was read of a video."""
    prepared = [one for one in (where.within, where.without) if one is not None]
    named = {*where.equals, *where.some, *where.excludes}
    return not where.ranges and named <= set(_READ) and all(can_tell(one.where) for one in prepared)


def lets_through(where: Filter) -> Lets:
    """Says of a video whether the index would let it through, for a filter that `can_tell`."""
    ids, not_ids = None if where.ids is None else frozenset(where.ids), frozenset(where.not_ids)
    equals = [(_READ[field], frozenset(values)) for field, values in where.equals.items()]
    some = [(_READ[field], frozenset(values)) for field, values in where.some.items()]
    excludes = [(_READ[field], frozenset(values)) for field, values in where.excludes.items()]
    within = None if where.within is None else lets_through(where.within.where)
    without = None if where.without is None else lets_through(where.without.where)
    nothing_else = ids is None and without is None and not (not_ids or equals or some or excludes)
    if within is not None and nothing_else:
        return within

    def lets(video: IndexedVideo) -> bool:
        if video.point_id in not_ids or (ids is not None and video.point_id not in ids):
            return False
        for read, values in excludes:  # a loop, because every request asks some hundred times
            if not values.isdisjoint(read(video)):
                return False
        for read, values in equals:
            if values.isdisjoint(read(video)):
                return False
        if some and all(values.isdisjoint(read(video)) for read, values in some):
            return False
        return (within is None or within(video)) and (without is None or not without(video))

    return lets
