"""Ask all sources at once, and go on without those that fail or take too long."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from services.library.errors import IndexUnavailable, LibraryError
from services.library.index.asks import Ask
from services.library.index.port import Collection, Hit
from services.recommend.indexed import IndexedVideo
from services.recommend.sources.base import Candidates, Scores, Source, SourceRequest

_log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A source that was asked and did not answer in time or at all."""

    source: str
    why: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """Candidates and what every source says of them.

    `scores` is by source, then by video id; `found` has the videos that each source found itself, as against scoring
    what others found.
    """

    videos: Mapping[str, IndexedVideo] = field(default_factory=dict)
    scores: Mapping[str, Scores] = field(default_factory=dict)
    found: Mapping[str, AbstractSet[str]] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()


def gather(
    sources: Sequence[Source],
    request: SourceRequest,
    pool: Executor,
    *,
    timeout_s: float,
    must: Sequence[str] = (),
) -> Gathered:
    """Candidates of every source that applies, and `must`, each scored by all of them.

    Raises `IndexUnavailable` when the index answers none of them: there is nothing to rank then.
    """
    asked = [source for source in sources if source.applies(request)]
    ends = time.monotonic() + timeout_s
    asks, unsaid = _asks(asked, request)
    answering = pool.submit(_answers, request, {name: some for name, some in asks.items() if some})
    # Those that wait for something go first, so that the others are done meanwhile.
    unasked = sorted((one for one in asked if asks.get(one.name) == ()), key=_in_memory)
    jobs = {
        # What is not kept for good asks the index whether its candidates pass, which may take long.
        one.name: _begun(one, partial(one.candidates, request, ()), pool)
        if request.catalogue.lasting
        else pool.submit(one.candidates, request, ())
        for one in unasked
    }
    answers, late = _answered(answering, asks, ends)
    jobs |= {
        one.name: _done(partial(one.candidates, request, answers[one.name])) for one in asked if one.name in answers
    }
    found, lost = _collect(jobs, ends)
    lost = {**unsaid, **late, **lost}
    if asked and not found and all(isinstance(error, IndexUnavailable) for error in lost.values()):
        raise next(error for error in lost.values() if isinstance(error, IndexUnavailable))
    videos = request.catalogue.videos(dict.fromkeys((*must, *(one for scores in found.values() for one in scores))))
    scored, unscored = score_all(
        [source for source in asked if source.name in found], request, videos, found, pool, ends
    )
    return Gathered(
        videos,
        scored,
        {name: scores.keys() for name, scores in found.items()},
        tuple(LeftOut(name, _said(error)) for name, error in {**lost, **unscored}.items()),
    )


def score_all(
    sources: Sequence[Source],
    request: SourceRequest,
    videos: Mapping[str, IndexedVideo],
    found: Mapping[str, Candidates],
    pool: Executor,
    ends: float,
) -> tuple[dict[str, Scores], dict[str, BaseException]]:
    """Every source's score of every video; what a source found with a score is not scored again."""
    known = {
        name: {one: value for one, value in values.items() if value is not None and one in videos}
        for name, values in found.items()
    }
    jobs: dict[str, Future[Scores]] = {}
    for source in sorted(sources, key=_in_memory):
        own = known.get(source.name)
        rest = {one: video for one, video in videos.items() if one not in own} if own else videos
        jobs[source.name] = _begun(source, partial(source.score, request, rest), pool)
    answered, lost = _collect(jobs, ends)
    return {one.name: {**answered.get(one.name, {}), **known.get(one.name, {})} for one in sources}, lost


def _in_memory(source: Source) -> bool:
    return getattr(source, "in_memory", False)


def _asks(sources: Sequence[Source], request: SourceRequest) -> tuple[dict[str, tuple[Ask, ...]], dict[str, Exception]]:
    """By source, what it asks of the index; and why some cannot say it."""
    asks: dict[str, tuple[Ask, ...]] = {}
    unsaid: dict[str, Exception] = {}
    for source in sources:
        try:
            asks[source.name] = tuple(source.asks(request))
        except Exception as error:  # noqa: BLE001 - a source is a plug, as in `_collect`
            _log.exception("source %s cannot say what it asks", source.name)
            unsaid[source.name] = error
    return asks, unsaid


def _answers(request: SourceRequest, asks: Mapping[str, Sequence[Ask]]) -> dict[str, list[list[Hit]]]:
    """By source, the answers to what it asks; the index is asked for all together."""
    if not asks:
        return {}
    answers = iter(
        request.index.ask(Collection.VIDEOS, [ask for some in asks.values() for ask in some], fields=(), quick=True)
    )
    return {name: [next(answers) for _ in some] for name, some in asks.items()}


def _answered(
    answering: Future[dict[str, list[list[Hit]]]], asks: Mapping[str, Sequence[Ask]], ends: float
) -> tuple[dict[str, list[list[Hit]]], dict[str, BaseException]]:
    wait([answering], timeout=max(0.0, ends - time.monotonic()))
    # Looked at once: it may be done a moment later.
    why = answering.exception() if answering.done() else TimeoutError("took too long")
    if why is None:
        return answering.result(), {}
    answering.cancel()
    _log.error("the index did not answer", exc_info=why)
    return {}, {name: why for name, some in asks.items() if some}


def _begun(source: Source, work: Callable[[], T], pool: Executor) -> Future[T]:
    """What a source does: in a thread, where it waits for something."""
    return _done(work) if _in_memory(source) else pool.submit(work)


def _done(work: Callable[[], T]) -> Future[T]:
    """Worked out here and now: handing it to a thread would take longer, and Python runs one thread at a time."""
    job: Future[T] = Future()
    try:
        job.set_result(work())
    except Exception as error:  # noqa: BLE001 - a source is a plug: `_collect` logs what it raised and goes on
        job.set_exception(error)
    return job


def _collect(jobs: Mapping[str, Future[T]], ends: float) -> tuple[dict[str, T], dict[str, BaseException]]:
    wait(jobs.values(), timeout=max(0.0, ends - time.monotonic()))
    answered: dict[str, T] = {}
    lost: dict[str, BaseException] = {}
    for name, job in jobs.items():
        if not job.done():
            job.cancel()
            lost[name] = TimeoutError("took too long")
        elif (error := job.exception()) is not None:
            # A source is a plug: whatever it raises must not take the others' picks with it, and is not hidden.
            _log.error("source %s failed", name, exc_info=error)
            lost[name] = error
        else:
            answered[name] = job.result()
    return answered, lost


def _said(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "took too long"
    return str(error) if isinstance(error, LibraryError) else f"failed ({type(error).__name__}); the log says more"
