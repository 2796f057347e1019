"""The record: videos and their uploads here; leases, results and viewers in the files beside."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from services.library.errors import AmbiguousId, UnknownVideo
from services.library.record.accounts import Accounts
from services.library.record.activity import Activity
from services.library.record.audience import Audience
from services.library.record.claimable import OPEN
from services.library.record.cleaning import CleaningRules
from services.library.record.copies import Copies
from services.library.record.corrections import Corrections
from services.library.record.costs import Costs
from services.library.record.database import Clock, open_engine, utc_now
from services.library.record.desk import Desk
from services.library.record.feeds import Feeds
from services.library.record.fleet import Fleet
from services.library.record.leases import Leases, requeue
from services.library.record.migrations import upgrade
from services.library.record.queue import Queue
from services.library.record.reactions import Reactions
from services.library.record.requests import Requests
from services.library.record.results import Results
from services.library.record.review_claims import ReviewClaims
from services.library.record.reviews import Reviews
from services.library.record.rules import Rules
from services.library.record.sharing import Sharing
from services.library.record.tables import UploadRow, VideoRow
from services.library.record.takers import Takers
from services.library.record.turns import Turns, next_turn
from services.library.record.types import Lane, Priority, Submission, Upload, Video
from services.library.record.video_rows import (
    VIDEO_COLUMNS,
    said_of_content,
    stored_form,
    upload_columns,
    upload_of,
    video_of,
)
from services.library.record.viewer_data import ViewerData
from services.library.record.webhooks import Webhooks
from services.library.understanding import VideoState

_PAGE = 200


class Record(
    Leases,
    Turns,
    Requests,
    Webhooks,
    Results,
    Reviews,
    Corrections,
    Queue,
    ReviewClaims,
    Rules,
    Desk,
    Accounts,
    ViewerData,
    Feeds,
    Audience,
    Reactions,
    Takers,
    Activity,
    Costs,
    Copies,
    Sharing,
    Fleet,
):
    """The SQL record, `RecordPort`. Every method is one transaction; safe to call from many threads and processes.

    Raises `RecordUnavailable` when the database does not answer.
    """

    @classmethod
    def open(cls, url: str, *, clock: Clock = utc_now, rules: CleaningRules | None = None) -> Record:
        """Open the database of an SQLAlchemy URL and bring its schema up to date. `rules` clean events."""
        engine = open_engine(url)
        upgrade(engine)
        return cls(engine, clock=clock, rules=rules)

    def submit(self, submission: Submission) -> tuple[Video, bool]:
        """Store an upload; (video, whether it is new). See `RecordPort.submit`. Raises `InvalidValue`."""
        submission, now = stored_form(submission), self._clock()
        video_id = submission.sha256[:32]
        first = {
            "id": video_id, "sha256": submission.sha256, "size_bytes": submission.size_bytes,
            "blob_key": submission.blob_key, "state": VideoState.QUEUED.value, "lane": Lane.PREPARE.value,
            "attempts": 0, "dirty": False, "uploader": submission.uploader, "priority": submission.priority.value,
            "created_at": now, "updated_at": now,
        }  # fmt: skip
        with self._write() as session:
            first["turn"] = next_turn(session, submission.uploader, submission.priority.value)
            insert = self._insert(VideoRow).values(**first).on_conflict_do_nothing().returning(VideoRow.id)
            new = session.scalar(insert) is not None
            # The row is locked from here on, so uploads of one video are ordered and `latest` is the latest.
            row = session.scalars(select(VideoRow).where(VideoRow.id == video_id).with_for_update()).one()
            if not new:
                self._meet_again(session, row, submission, now)
            session.add(UploadRow(video_id=video_id, created_at=now, **upload_columns(submission)))
            session.flush()
            return video_of(row), new

    def video(self, video_id: str) -> Video | None:
        """The video, None when nobody submitted it."""
        with self._reading_singly() as connection:
            row = connection.execute(_VIDEO, {"video": video_id}).one_or_none()
        return None if row is None else video_of(row)

    def find(self, prefix: str) -> list[Video]:
        """Videos whose id starts with `prefix`, at least 4 hex digits (dashes are ignored). Raises `UnknownVideo`."""
        digits = prefix.lower().replace("-", "")
        if not re.fullmatch(r"[0-9a-f]{4,32}", digits):
            raise UnknownVideo(prefix, "An id is 32 hex digits, of which the first 4 or more are enough.")
        with self._read() as session:
            query = select(VideoRow).where(VideoRow.id.startswith(digits)).order_by(VideoRow.id)
            return [video_of(row) for row in session.scalars(query)]

    def resolve(self, prefix: str) -> Video:
        """The one video that a possibly shortened id means. Raises `UnknownVideo` and `AmbiguousId`."""
        found = self.find(prefix)
        if not found:
            raise UnknownVideo(prefix)
        if len(found) > 1:
            raise AmbiguousId(prefix, [video.id for video in found])
        return found[0]

    def videos(self, *, state: VideoState | None = None, limit: int = 100, offset: int = 0) -> list[Video]:
        """Newest first."""
        query = select(VideoRow).order_by(VideoRow.created_at.desc(), VideoRow.id).limit(limit).offset(offset)
        if state is not None:
            query = query.where(VideoRow.state == state.value)
        with self._read() as session:
            return [video_of(row) for row in session.scalars(query)]

    def counts(self) -> dict[VideoState, int]:
        """How many videos are in each state, zeros included."""
        with self._reading_singly() as connection:
            rows = connection.execute(_COUNTS).all()
        found = {row[0]: int(row[1]) for row in rows}
        return {state: found.get(state.value, 0) for state in VideoState}

    def uploads(self, video_id: str) -> list[Upload]:
        """Oldest first."""
        return self.uploads_of([video_id])[video_id]

    def uploads_of(self, video_ids: Sequence[str]) -> dict[str, list[Upload]]:
        """Of each of these videos, oldest first."""
        found: dict[str, list[Upload]] = {one: [] for one in video_ids}
        with self._reading_singly() as connection:
            rows = connection.execute(_UPLOADS, {"videos": list(found)}).all()
        for row in rows:
            found[row.video_id].append(upload_of(row, row.sha256))
        return found

    def retry(self, video_id: str) -> Video:
        """Send a final video through the lanes again, attempts at zero; a failed one from the lane that failed.

        Raises `UnknownVideo`.

        One that waits for its next attempt becomes due at once; one that is being worked on is left alone.
        """
        with self._write() as session:
            row = session.get(VideoRow, video_id, with_for_update=True)
            if row is None:
                raise UnknownVideo(video_id)
            if row.state not in OPEN:
                # What the lanes before made is there; were it stale, the lane would send the video back to it.
                requeue(session, row, self._clock(), lane=Lane(row.failed_lane or Lane.PREPARE))
            elif row.lease_token is None:
                row.attempts, row.not_before, row.updated_at = 0, None, self._clock()
                row.waiting_since = None
            session.flush()
            return video_of(row)

    def retry_failed(self) -> int:
        """Send every video that has failed by now through again, as `retry`; how many. Each once, however soon it fails
        again.
        """
        now, last, count = self._clock(), "", 0
        failed = select(VideoRow).where(VideoRow.state == VideoState.FAILED.value, VideoRow.updated_at <= now)
        while True:
            with self._write() as session:  # by the page, so that others may write in between
                query = failed.where(VideoRow.id > last).order_by(VideoRow.id).limit(_PAGE).with_for_update()
                rows = session.scalars(query).all()
                for row in rows:
                    requeue(session, row, now, lane=Lane(row.failed_lane or Lane.PREPARE))
                count, last = count + len(rows), rows[-1].id if rows else last
            if len(rows) < _PAGE:
                return count

    def requeue_ready(self) -> int:
        """Send every ready video through the lanes again, for an index that has to be filled anew; how many."""
        with self._write() as session:
            rows = session.scalars(select(VideoRow).where(VideoRow.state == VideoState.READY.value)).all()
            for row in rows:
                requeue(session, row, self._clock())
            return len(rows)

    @staticmethod
    def _meet_again(session: Session, row: VideoRow, submission: Submission, now: datetime) -> None:
        """A known video was uploaded again: queue it again, now or (when its metadata changed) after this pass."""
        if row.state not in OPEN:
            row.uploader, row.priority = submission.uploader, submission.priority.value
            requeue(session, row, now)
            return
        if row.priority == Priority.BACKFILL.value and submission.priority is Priority.FRESH:
            row.priority, row.turn = submission.priority.value, next_turn(session, row.uploader, submission.priority)
        untouched = row.lane == Lane.PREPARE.value and row.lease_token is None
        latest = session.scalars(
            select(UploadRow).where(UploadRow.video_id == row.id).order_by(UploadRow.id.desc()).limit(1)
        ).one()
        if not untouched and said_of_content(upload_of(latest, row.sha256).submission) != said_of_content(submission):
            row.dirty, row.updated_at = True, now


_video, _upload = VideoRow.__table__.c, UploadRow.__table__.c
_VIDEO = select(*VIDEO_COLUMNS).where(_video.id == bindparam("video"))
_COUNTS = select(_video.state, func.count()).group_by(_video.state)
_UPLOADS: Select[Any] = (
    select(*_upload, _video.sha256)
    .join_from(UploadRow.__table__, VideoRow.__table__, _video.id == _upload.video_id)
    .where(_upload.video_id.in_(bindparam("videos", expanding=True)))
    .order_by(_upload.id)
)
