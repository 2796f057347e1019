"""A task is a lane's work on one video: take the lease, run the stages, say what comes next."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from models.cancelling import cancelled_when
from models.errors import EndpointMisconfigured, ModelError, ModelUnavailable, WeightsMissing, WorkCancelled
from services.library.errors import BlobStoreUnavailable, IndexUnavailable, LibraryError, RecordUnavailable
from services.library.record.port import RecordPort
from services.library.record.types import Advanced, Lane, Lease, Video, Window
from services.library.understanding import Understanding, VideoState
from services.telemetry.work import LaneRun, Outcome, lane_run
from workers.copies.link import link_copies
from workers.held import HeldLeases
from workers.media.errors import MediaRejected
from workers.pipeline import EarlierLaneDue, Pipeline, outputs_of, reports_of
from workers.publish import publish, unfinished
from workers.stages.signature import SIGNATURE, SignatureOutput

logger = logging.getLogger(__name__)

NEXT: dict[Lane, Lane | None] = {
    Lane.PREPARE: Lane.PERCEIVE,
    Lane.PERCEIVE: Lane.DESCRIBE,
    Lane.DESCRIBE: Lane.PUBLISH,
    Lane.PUBLISH: None,
}

_BACKOFF_S = 2.0

_SHORTEST_WAIT_S, _LONGEST_WAIT_S = 5.0, 60.0
"""Between two looks at what is away: half of the time it has been away, within these."""

Progress = Callable[[str, str, float], None]
"""Called with the video's id, the running stage's name and the share of it that is done."""


def utc_now() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class LaneWorker:
    """Runs lanes; many threads and processes may, because the lease decides who does."""

    pipeline: Pipeline
    progress: Progress
    held: HeldLeases = field(init=False)
    _sent_back: set[tuple[str, Lane]] = field(default_factory=set)
    _suspects: threading.Lock = field(default_factory=threading.Lock)
    """Held by the lane that was tried before without success, of which one runs at a time in a process."""

    def __post_init__(self) -> None:
        """Its leases are its own."""
        object.__setattr__(self, "held", HeldLeases(self.pipeline.library.record))

    @property
    def record(self) -> RecordPort:
        """The library's record."""
        return self.pipeline.library.record

    def run(self, video_id: str, lane: Lane, window: Window | None = None) -> Advanced | None:
        """Run a lane of a video if it is due and nobody else has it; how the video moved on, None where it did not.

        A video that has to wait for another one's end goes on to the same lane.

        Whatever goes wrong ends in the record: rejected with a reason, to be tried again later, or failed. With a
        `window`, the answer may ask for a message about the next lane: it was noted as sent.
        """
        library = self.pipeline.library
        lease = library.record.claim(video_id, lane, now=utc_now(), lease_s=library.settings.lease_s)
        if lease is None:
            return None
        with lane_run(video_id, lane.value) as seen:
            return self._run(lease.video, lease, seen, window)

    def _run(self, video: Video, lease: Lease, seen: LaneRun, window: Window | None) -> Advanced | None:
        library, lane = self.pipeline.library, lease.lane
        if video.attempts >= library.settings.max_attempts:
            # Each attempt ended with its worker dying, so nobody was left to count it as failed.
            reason = f"{lane} was tried {video.attempts} times and the worker died each time"
            library.record.retry_later(lease, reason=reason, not_before=utc_now(), max_attempts=0)
            self._write_unfinished(video)
            return None
        suspect = video.attempts > 0
        if suspect and not self._suspects.acquire(blocking=False):
            # One of them may kill this process, and would take the others along until none has an attempt left.
            # No message at once: it would come back while the other one is at work, and be at hand when that crashes.
            seen.outcome = Outcome.GIVEN_UP
            library.record.release(lease)
            return Advanced(lane)
        try:
            return self._leased(video, lease, seen, window)
        finally:
            if suspect:
                self._suspects.release()

    def _leased(self, video: Video, lease: Lease, seen: LaneRun, window: Window | None) -> Advanced | None:
        library, lane = self.pipeline.library, lease.lane
        settings = library.settings
        with _Heartbeat(self.pipeline, lease) as heart, self.held.keeping(lease, heart.lost) as kept:
            if not kept:
                seen.outcome = Outcome.GIVEN_UP
                return None  # the process is about to end
            try:
                with cancelled_when(heart.lost.is_set):
                    self._stages(video, lane)
            except WorkCancelled:
                seen.outcome = Outcome.GIVEN_UP
                logger.warning("lane %s of video %s was given up: its lease was lost or given back", lane, video.id)
                return None
            except EarlierLaneDue as error:
                back = self._send_back(video, lease, error, window)
                seen.outcome = Outcome.SENT_BACK if back is not None else Outcome.FAILED
                return back
            except MediaRejected as error:
                seen.outcome = Outcome.REJECTED
                library.record.reject(lease, str(error))
                self._write_unfinished(video)
                return None
            except ModelUnavailable as error:
                wait_s = error.retry_after_s or 0.0
                state = self._wait(video, lease, error, settings.model_outage_s, at_least_s=wait_s)
                seen.outcome = _outcome(state, Outcome.WAITING)
                return None
            except (IndexUnavailable, BlobStoreUnavailable, RecordUnavailable) as error:
                # No fault of the video's: a full disk or a server that is started anew would else fail all there are.
                seen.outcome = _outcome(self._wait(video, lease, error, settings.store_outage_s), Outcome.WAITING)
                return None
            except (WeightsMissing, EndpointMisconfigured, NotImplementedError) as error:
                # Trying again cannot help before somebody does what the message says.
                self._fail(video, lease, str(error), attempts=1)
                return None
            except Exception as error:
                logger.exception("lane %s of video %s failed", lane, video.id)
                state = self._fail(video, lease, _words(lane, error), attempts=settings.max_attempts)
                seen.outcome = _outcome(state, Outcome.RETRIED)
                return None
        self._sent_back.difference_update({(video.id, earlier) for earlier in Lane})
        advanced = library.record.advance(lease, NEXT[lane], window=window)
        seen.outcome = Outcome.GIVEN_UP if advanced is None else Outcome.DONE
        return advanced

    def _stages(self, video: Video, lane: Lane) -> None:
        outputs = self.pipeline.run_lane(video, lane, lambda stage, share: self.progress(video.id, stage, share))
        library = self.pipeline.library
        signature = outputs.get(SIGNATURE.name)
        if lane is Lane.PREPARE and isinstance(signature, SignatureOutput):
            link_copies(library.record, video, signature.signature(library.blobs))
        if lane is Lane.PUBLISH:
            previous = library.record.understanding(video.id)
            source = self.pipeline.source(video)
            stored = self.pipeline.stored(source)
            reports = reports_of(stored, _fingerprints(previous))
            everything = {**outputs_of(stored), **outputs}
            publish(library, self.pipeline.runtime, source, everything, reports)

    def _send_back(self, video: Video, lease: Lease, due: EarlierLaneDue, window: Window | None) -> Advanced | None:
        """To the lane that is due, once: workers that don't agree would send a video to and fro for ever."""
        if (video.id, due.lane) in self._sent_back:
            reason = (
                f"{lease.lane}: {due}, though that lane ran: the workers differ in profile, weights, settings or "
                "version. Run all of them with the same, then: reelwise retry"
            )
            self._sent_back.discard((video.id, due.lane))  # somebody who mended it retries
            self._fail(video, lease, reason, attempts=1)
            return None
        self._sent_back.add((video.id, due.lane))
        return self.pipeline.library.record.advance(lease, due.lane, window=window)

    def _fail(self, video: Video, lease: Lease, reason: str, *, attempts: int) -> VideoState:
        delay = _BACKOFF_S * 2**video.attempts * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, not a secret
        state = self.pipeline.library.record.retry_later(
            lease, reason=reason, not_before=utc_now() + timedelta(seconds=delay), max_attempts=attempts
        )
        if state is VideoState.FAILED:
            self._write_unfinished(video)
        return state

    def _wait(
        self, video: Video, lease: Lease, error: Exception, outage_s: float, *, at_least_s: float = 0.0
    ) -> VideoState:
        """Come back later; no attempt is counted, since the lane is not at fault, until something is away too long."""
        now = utc_now()
        away_s = (now - (video.waiting_since or now)).total_seconds()
        delay = max(_SHORTEST_WAIT_S, min(_LONGEST_WAIT_S, away_s / 2)) * random.uniform(0.8, 1.2)  # noqa: S311
        logger.warning("lane %s of video %s waits: %s", lease.lane, video.id, error)
        state = self.pipeline.library.record.wait(
            lease,
            reason=_words(lease.lane, error),
            not_before=now + timedelta(seconds=max(delay, at_least_s)),
            give_up_at=(video.waiting_since or now) + timedelta(seconds=outage_s),
        )
        if state is VideoState.FAILED:
            self._write_unfinished(video)
        return state

    def _write_unfinished(self, video: Video) -> None:
        """Leave a document for a video that ended early; one that was once understood keeps its understanding."""
        record = self.pipeline.library.record
        now = record.video(video.id)
        if now is None or now.reason is None or now.state not in (VideoState.FAILED, VideoState.REJECTED):
            return
        known = record.understanding(video.id)
        if known is None or known.state is not VideoState.READY:
            source = self.pipeline.source(now)
            record.put_understanding(unfinished(source, now.state, now.reason, self.pipeline.outputs(now)))


def _fingerprints(previous: Understanding | None) -> dict[str, str | None]:
    return {} if previous is None else {stage.name: stage.fingerprint for stage in previous.stages}


def _outcome(state: VideoState, otherwise: Outcome) -> Outcome:
    return Outcome.FAILED if state is VideoState.FAILED else otherwise


def _words(lane: Lane, error: Exception) -> str:
    kind = "" if isinstance(error, ModelError) else f"{type(error).__name__}: "
    return f"{lane}: {kind}{error}"


class _Heartbeat:
    """Keeps a lease alive from a thread of its own while a lane runs."""

    def __init__(self, pipeline: Pipeline, lease: Lease) -> None:
        self._record = pipeline.library.record
        self._lease_s = pipeline.library.settings.lease_s
        self._lease = lease
        self._stop = threading.Event()
        self.lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease-{lease.video_id[:8]}", daemon=True)

    def __enter__(self) -> _Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stop.wait(self._lease_s / 3):
            try:
                if self._record.heartbeat(self._lease, now=utc_now(), lease_s=self._lease_s) is None:
                    logger.warning("the lease of %s (%s) was lost", self._lease.video_id, self._lease.lane)
                    self.lost.set()
                    return
            except LibraryError:
                # Two more beats fit into the lease, and a record that was away for a moment is no reason to lose it.
                logger.warning("the lease of %s (%s) was not extended", self._lease.video_id, self._lease.lane)
