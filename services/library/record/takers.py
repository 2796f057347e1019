"""Who took to two videos: whether there is anybody, for reasons that speak of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from sqlalchemy import ColumnElement, Select, Subquery, and_, bindparam, literal_column, or_, select

from services.library.jsonable import storable_text
from services.library.record.database import Database
from services.library.record.event_tables import EventRow
from services.library.record.events import EventKind

TAKERS = 100
"""Acts of a video that are looked through for somebody who took to another one as well."""

_LIKES = (EventKind.LIKE, EventKind.COMMENT, EventKind.SHARE, EventKind.FAVOURITE)


class Takers(Database):
    """The part of the record that knows what videos have viewers in common."""

    def somebody_took_to_both(
        self,
        wanted: Mapping[str, Sequence[str]],
        *,
        but: str,
        watched_ratio: float,
        later: bool = False,
        latest: int | None = TAKERS,
    ) -> dict[str, str]:
        """For each video of `wanted`, the first of its others that a viewer other than `but` took to who took to the
        video: liked, commented, shared, kept, or watched `watched_ratio` of it; with `later`, before they took to the
        video. Videos for which there is none are left out.

        Of each video, only the `latest` such acts are looked at, since popular ones have very many; None: all.
        """
        found: dict[str, str] = {}
        if not any(wanted.values()):
            return found
        statement = _took_to_both(later=later, latest=latest)
        known = {"but": storable_text(but).strip(), "ratio": watched_ratio}
        with self._reading() as connection:
            for video, others in wanted.items():
                for other in others:
                    if connection.execute(statement, {**known, "video": video, "other": other}).first() is not None:
                        found[video] = other
                        break
        return found


@lru_cache(maxsize=8)
def _took_to_both(*, later: bool, latest: int | None) -> Select[tuple[str]]:
    """A viewer who took to `video` and `other`, and is not `but`."""

    def takers(video: str) -> Subquery:
        watched = and_(_is(EventKind.PLAY), EventRow.watch_ratio >= bindparam("ratio"))
        return (
            select(EventRow.user_id, EventRow.at)
            .where(EventRow.video_id == bindparam(video), EventRow.user_id != bindparam("but"))
            .where(or_(*map(_is, _LIKES), watched))
            .order_by(EventRow.at.desc())
            .limit(latest)
            .subquery()
        )

    one, other = takers("video"), takers("other")
    # SQLite looks a list up in no time, and would go through one table for each row of the other in a join alone.
    both = select(one.c.user_id).where(one.c.user_id.in_(select(other.c.user_id))).limit(1)
    if not later:
        return both
    before = takers("other")
    return both.join(before, before.c.user_id == one.c.user_id).where(one.c.at > before.c.at)


def _is(kind: EventKind) -> ColumnElement[bool]:
    # Written into the statement: lists of parameters would be taken apart again for every question.
    return EventRow.kind == literal_column(f"'{kind.value}'")
