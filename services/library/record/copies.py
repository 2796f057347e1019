"""Signatures, the words that find them, and which video is a copy of which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, or_, select

from services.library.errors import UnknownVideo
from services.library.record.claimable import OPEN
from services.library.record.database import Database
from services.library.record.leases import requeue
from services.library.record.tables import CopyRow, SignatureRow, SignatureWordRow, StopWordRow, VideoRow, table_of
from services.library.record.types import CopyLink, Lane
from services.library.understanding import CopyMatch, DuplicateOf, VideoState

MAX_VIDEOS_PER_WORD = 1000
"""Videos that may share a word; a word of more tells nothing, becomes a stop word and loses its rows."""

_PER_STATEMENT = 5000
"""Values in one statement: below what SQLite (32,766) and PostgreSQL (65,535) take."""


class Copies(Database):
    """The part of `RecordPort` that knows copies."""

    def put_signature(self, video_id: str, data: bytes, words: Iterable[int]) -> bool:
        """Store what a video's copies are told by; whether it is new.

        Another signature than the one before takes the video's links with it: they were made with the old one.
        Raises `UnknownVideo`.
        """
        with self._writing() as connection:
            if connection.scalar(_LOCKED, {"video": video_id}) is None:
                raise UnknownVideo(video_id)
            known = connection.scalar(_SIGNATURE, {"video": video_id})
            if known == data:
                return False
            if known is not None:
                connection.execute(delete(_signatures).where(_signatures.c.video_id == video_id))
                connection.execute(delete(_copies).where(or_(_copy.copy_id == video_id, _copy.original_id == video_id)))
            number = connection.scalar(_ADD_SIGNATURE, {"video_id": video_id, "data": data})
            for some in _batches(words):
                stopped = set(connection.scalars(_STOPPED, {"words": some}))
                telling = [word for word in some if word not in stopped]
                if telling:
                    connection.execute(_ADD_WORDS, [{"word": word, "number": number} for word in telling])
                    self._stop_common(connection, telling)
            return True

    def signatures(self, video_ids: Sequence[str]) -> Mapping[str, bytes]:
        """The stored signatures by video."""
        if not video_ids:
            return {}
        with self._reading_singly() as connection:
            return dict(connection.execute(_SIGNATURES, {"videos": list(video_ids)}).tuples().all())

    def sharing_words(self, words: Iterable[int], *, but: str, limit: int) -> list[str]:
        """Ids of the videos, other than `but`, that share most words, most first."""
        shared: dict[int, int] = {}
        with self._reading() as connection:
            for some in _batches(words):
                for number, count in connection.execute(_SHARED, {"words": some}):
                    shared[number] = shared.get(number, 0) + count
            best = sorted(shared, key=lambda number: (-shared[number], number))[: limit + 1]
            found = dict(connection.execute(_NAMED, {"numbers": best}).tuples().all()) if best else {}
        return [found[number] for number in best if number in found and found[number] != but][:limit]

    def put_copies(self, links: Sequence[CopyLink]) -> list[str]:
        """Store links; ids of the copies for which something changed. Links to videos that are gone are left out."""
        changed = []
        with self._write() as session:
            for link in links:
                ids = (link.copy_id, link.original_id)
                if session.scalar(select(func.count()).select_from(VideoRow).where(VideoRow.id.in_(ids))) != 2:
                    continue
                match = link.match.model_dump(mode="json")
                row = session.get(CopyRow, ids)
                if row is not None and row.match == match:
                    continue
                upsert = self._insert(CopyRow).values(copy_id=link.copy_id, original_id=link.original_id, match=match)
                session.execute(
                    upsert.on_conflict_do_update(index_elements=["copy_id", "original_id"], set_={"match": match})
                )
                changed.append(link.copy_id)
        return list(dict.fromkeys(changed))

    def duplicate_of(self, video_id: str) -> DuplicateOf | None:
        """What the video is a copy of: the root of its chain of links. None for a video that is no copy."""
        with self._reading_singly() as connection:  # most are no copy
            if not _links(connection, video_id):
                return None
        with self._reading() as connection:
            own = _links(connection, video_id)
            if not own:
                return None
            root = own[0].original_id
            while further := _links(connection, root):
                root = further[0].original_id
        matched = next((link for link in own if link.original_id == root), own[0])
        return DuplicateOf(original=root, matched=matched.original_id, match=matched.match)

    def originals_of(self, video_ids: Sequence[str]) -> list[str]:
        """Ids of the videos that some of these are linked to as copies, the earliest first."""
        if not video_ids:
            return []
        with self._reading_singly() as connection:
            return list(connection.scalars(_ORIGINALS, {"copies": list(video_ids)}))

    def copies_of(self, video_id: str) -> list[CopyLink]:
        """Links of the videos that were found to be copies of this very video, earliest copy first."""
        query = (
            select(CopyRow)
            .join(VideoRow, VideoRow.id == CopyRow.copy_id)
            .where(CopyRow.original_id == video_id)
            .order_by(VideoRow.created_at, VideoRow.id)
        )
        with self._read() as session:
            return [_link(row) for row in session.scalars(query)]

    def revisit(self, video_id: str) -> None:
        """See to it that a video is published once more, because what is known of its copies has changed.

        A ready video is queued again (its results are fresh, so only publish works); one on its way goes through again
        when its pass ends. Others have nothing published.
        """
        with self._write() as session:
            row = session.get(VideoRow, video_id, with_for_update=True)
            if row is None:
                return
            if row.state == VideoState.READY.value:
                requeue(session, row, self._clock())
            elif row.state in OPEN and (row.lease_token is not None or row.lane != Lane.PREPARE.value):
                row.dirty, row.updated_at = True, self._clock()

    def _stop_common(self, connection: Connection, words: Sequence[int]) -> None:
        common = list(connection.scalars(_COMMON, {"words": words, "most": MAX_VIDEOS_PER_WORD}))
        if common:
            connection.execute(
                self._insert(StopWordRow).values([{"word": word} for word in common]).on_conflict_do_nothing()
            )
            connection.execute(delete(_words).where(_words.c.word.in_(common)))


def _links(connection: Connection, copy_id: str) -> list[CopyLink]:
    """A video's links, the earliest original first."""
    return [_link(row) for row in connection.execute(_LINKS, {"copy": copy_id})]


def _link(row: CopyRow | Row[Any]) -> CopyLink:
    return CopyLink(row.copy_id, row.original_id, CopyMatch.model_validate(row.match))


def _batches(words: Iterable[int]) -> Iterator[list[int]]:
    """Each word once, so many at a time that a statement takes them."""
    ordered = sorted(set(words))
    for start in range(0, len(ordered), _PER_STATEMENT):
        yield ordered[start : start + _PER_STATEMENT]


# Built once: feeds ask some, and every video's lanes the others.
_copies, _signatures, _words = table_of(CopyRow), table_of(SignatureRow), table_of(SignatureWordRow)
_video, _copy = table_of(VideoRow).c, _copies.c
_LOCKED = select(_video.id).where(_video.id == bindparam("video")).with_for_update()
_SIGNATURE = select(_signatures.c.data).where(_signatures.c.video_id == bindparam("video"))
_SIGNATURES = select(_signatures.c.video_id, _signatures.c.data).where(
    _signatures.c.video_id.in_(bindparam("videos", expanding=True))
)
_ADD_SIGNATURE = insert(_signatures).returning(_signatures.c.number)
_NAMED = select(_signatures.c.number, _signatures.c.video_id).where(
    _signatures.c.number.in_(bindparam("numbers", expanding=True))
)
_ADD_WORDS = insert(_words)
_some = _words.c.word.in_(bindparam("words", expanding=True))
_STOPPED = select(StopWordRow.word).where(StopWordRow.word.in_(bindparam("words", expanding=True)))
_SHARED = select(_words.c.number, func.count()).where(_some).group_by(_words.c.number)
_COMMON = select(_words.c.word).where(_some).group_by(_words.c.word).having(func.count() > bindparam("most"))
_ORIGINALS = (
    select(_video.id)
    .where(_video.id.in_(select(_copy.original_id).where(_copy.copy_id.in_(bindparam("copies", expanding=True)))))
    .order_by(_video.created_at, _video.id)
)
_LINKS = (
    select(*_copy)
    .join_from(_copies, table_of(VideoRow), _video.id == _copy.original_id)
    .where(_copy.copy_id == bindparam("copy"))
    .order_by(_video.created_at, _video.id)
)
