"""The recommender: sources, hard filters, one linear blend, variety, reasons, and a note of what was shown."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from threadpoolctl import threadpool_limits

from services.library.errors import IndexUnavailable, LibraryError
from services.library.index.port import Collection
from services.library.library import Library
from services.library.record.database import utc_now
from services.library.record.event_rows import batches
from services.library.taxonomy import Taxonomy
from services.library.understanding import Understanding
from services.recommend.anchors import Anchors
from services.recommend.answer import Ask, Recommendation, Recommendations, Without
from services.recommend.blend import Blended
from services.recommend.catalogue import TTL_S, Catalogue
from services.recommend.causes import read_causes
from services.recommend.collaborative import Collaborative
from services.recommend.context import Context, resolve_context
from services.recommend.explain import Explainer, carrying
from services.recommend.facts import Found
from services.recommend.fallback import fall_back
from services.recommend.grounds import grounds_of, language_of, note_of
from services.recommend.looks import nearest_looks
from services.recommend.pick import pick
from services.recommend.policies import Chosen, load_policies
from services.recommend.ranking import Ranked, Ranker, dropped_by
from services.recommend.scores import SourceScore
from services.recommend.sequence import Sequences
from services.recommend.shown import impressions_of
from services.recommend.sources.adventurous import Adventurous
from services.recommend.sources.base import Source
from services.recommend.sources.fit import Fit
from services.recommend.sources.known import Fresh, Trending, Unexplored
from services.recommend.sources.labels import Labels
from services.recommend.sources.learnt import Learnt
from services.recommend.sources.meaning import LOOKS, MEANING, WISH
from services.recommend.standing import Standing
from services.recommend.viewed import Viewed, read_viewed

_log = logging.getLogger(__name__)

THREADS = 8
"""Requests that wait for the index at once, and sources that wait for something of their own."""

_COLLECTIONS = (20_000, 20, 1000)
"""When Python's collector looks through each generation (`gc.set_threshold`; its own are 700, 10, 10). A feed makes ten
thousand objects, hardly any of them in cycles, and a look at them costs a request up to 5 ms.
"""

NO_CANDIDATE = "No source of this policy had anything for the viewer."
"""Said where the record answers instead: a feed is empty only when nothing may be shown."""


def default_sources(library: Library | None = None) -> tuple[Source, ...]:
    """Every source; those on trained models only with a library whose models they are to read."""
    own: tuple[Source, ...] = (MEANING, LOOKS, WISH, Labels(), Fit(), Trending(), Fresh(), Unexplored(), Adventurous())
    if library is None:
        return own
    factors, sequences = Collaborative(library.blobs), Sequences(library.blobs)
    return (
        *own,
        Learnt("collaborative", lambda request: factors.viewer(request.taste.events)),
        Learnt("sequence", sequences.viewer),
    )


class Recommender:
    """Recommends from one library. Keeps caches and threads, so make one and share it.

    From then on BLAS has one thread in the whole process.
    """

    def __init__(
        self,
        library: Library,
        *,
        sources: Sequence[Source] | None = None,
        clock: Callable[[], datetime] = utc_now,
        cache_s: float | None = None,
    ) -> None:
        load_policies(library.settings.policies)  # a mistake in the operator's file is told at the start
        # A request's products are small. BLAS would share them out among threads, which spin while they wait for each
        # other and take the cores from the requests beside this one.
        threadpool_limits(1, "blas")
        self.library = library
        capacity = library.settings.kept_videos
        self.catalogue = Catalogue(library.index, ttl_s=TTL_S if cache_s is None else cache_s, capacity=capacity)
        self.standing = Standing(library.record, library.index, ttl_s=cache_s, clock=clock)
        self.clock = clock
        self._sources = tuple(sources if sources is not None else default_sources(library))
        self._closing = threading.Event()
        self._warming: threading.Thread | None = None
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="source")
        self.ranker = Ranker(
            library,
            self._sources,
            self.catalogue,
            self.standing,
            self._pool,
            library.settings.source_timeout_s,
        )

    @property
    def taxonomy(self) -> Taxonomy:
        """The taxonomy as editors published it."""
        return self.library.taxonomy()

    def recommend(self, ask: Ask) -> Recommendations:
        """Videos for a viewer, best first; none that they acted on, muted, or that is unsafe for everybody.

        No model runs: everything was embedded when the videos were published, and a wish by the caller. Raises
        `UnknownLabel`, `BadContext`, `PolicyFault` and `BadCause` for what the request says wrongly. Without the
        index, or where no source finds anything, the answer is trending and new videos from the record, and says so.
        """
        now, request_id = self.clock(), uuid4().hex
        chosen = load_policies(self.library.settings.policies).choose(ask.user, ask.policy)
        taxonomy = self.taxonomy
        causes = read_causes(ask.without, taxonomy)
        resolve_context(ask.context, taxonomy, now)  # what the request says wrongly is told before anything else
        viewed = read_viewed(self.library.record, ask.user, chosen.policy, now)
        try:
            ranked, feed = self._ranked_answer(ask, viewed, chosen, now, request_id, taxonomy)
            if ask.without:
                again = self.ranker.again(ranked, causes, viewed, chosen.policy)
                feed = with_counterfactual(feed, ranked.blended, again, ask.without, causes.own)
        except IndexUnavailable as error:
            why = f"The index did not answer, so nothing is matched to the viewer: {error}"
            feed = fall_back(self, ask, viewed, chosen, now, request_id, why)
        if not feed.items and feed.fallback is None:
            instead = fall_back(self, ask, viewed, chosen, now, request_id, NO_CANDIDATE)
            feed = instead if instead.items else feed
        if not ask.dry_run and feed.items:
            self.library.record.put_impressions(impressions_of(ask, feed, now))
        return feed

    def warm(self) -> None:
        """Read what requests need, the newest videos first, so that no request waits for it; ends early on `close`."""
        self.standing.warm()
        if not self.catalogue.lasting:
            return  # it would be too old before it is asked for
        newest = list(self.library.record.newest_ready(limit=self.library.settings.kept_videos))
        for some in batches(newest):
            if self._closing.is_set():
                return
            self.catalogue.warm(some)
            # What is kept holds no cycles. Looking through it again and again stops every request for up to a second.
            gc.freeze()
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_COLLECTIONS)

    def warm_behind(self) -> None:
        """The same in a thread, while requests are answered."""
        self._warming = threading.Thread(target=self._warm_quietly, name="warm", daemon=True)
        self._warming.start()

    def close(self) -> None:
        """Let the threads end."""
        self._closing.set()
        if self._warming is not None:
            self._warming.join()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _warm_quietly(self) -> None:
        try:
            self.warm()
        except LibraryError as error:
            _log.warning("the catalogue was not read ahead, requests read what they need: %s", error)

    def _ranked_answer(
        self, ask: Ask, viewed: Viewed, chosen: Chosen, now: datetime, request_id: str, taxonomy: Taxonomy
    ) -> tuple[Ranked, Recommendations]:
        ranked = self.ranker.rank(
            self.ranker.request(ask, viewed, chosen.policy, now, request_id, taxonomy), viewed, chosen.policy
        )
        picks, documents = pick(ask, ranked, chosen.policy, self.library.record)
        if len(picks) < ask.limit and dropped_by(viewed.shown, chosen.policy):
            # Better the same again than nothing: what was shown too often comes back when there is too little else.
            request = self.ranker.request(ask, viewed, chosen.policy, now, request_id, taxonomy, repeats_too=True)
            ranked = self.ranker.rank(request, viewed, chosen.policy)
            picks, documents = pick(ask, ranked, chosen.policy, self.library.record)
        request = ranked.request
        parts = {video.video_id: ranked.blended.parts(video.video_id) for video in picks}
        explained = Explainer(self._found(ranked, parts, documents)).reasons(
            [(video, parts[video.video_id]) for video in picks]
        )
        items = tuple(
            Recommendation(
                video_id=video.video_id,
                title=video.title,
                creator=video.creator,
                duration_s=video.duration_s,
                score=ranked.blended.totals[video.video_id],
                sources=parts[video.video_id],
                reasons=reasons,
            )
            for video, reasons in zip(picks, explained, strict=True)
        )
        grounds = grounds_of(request, bool(ranked.gathered.scores.get("trending")))
        total = self.library.index.count(Collection.VIDEOS) if len(items) < ask.limit else 0
        return ranked, Recommendations(
            request_id,
            items,
            grounds.words,
            grounds.grounds,
            chosen.name,
            chosen.variant,
            note_of(len(items), ask.limit, total, len(request.taste.seen)),
            ranked.gathered.left_out,
            language=language_of(request),
        )

    def _found(
        self, ranked: Ranked, picks: Mapping[str, Mapping[str, SourceScore]], documents: Mapping[str, Understanding]
    ) -> Found:
        request = ranked.request
        seen_looks = [one for one, parts in picks.items() if "looks" in carrying(parts)]
        leads = {one for interest in request.taste.interests for one in interest.videos[:3]}
        untitled = [one for one, video in self.catalogue.videos(leads).items() if not video.title]
        return Found(
            request,
            {**documents, **self.library.record.understandings(untitled)},
            ranked.gathered.found,
            looks=nearest_looks(request, seen_looks) if seen_looks else {},
            shared=self._anchors("collaborative", ranked),
            went_on=self._anchors("sequence", ranked, later=True),
        )

    def _anchors(self, name: str, ranked: Ranked, *, later: bool = False) -> Anchors | None:
        source = next((one for one in self._sources if isinstance(one, Learnt) and one.name == name), None)
        viewer = source.viewer(ranked.request) if source is not None and name in ranked.gathered.scores else None
        return None if viewer is None else Anchors(ranked.request, viewer, self.library.record, later=later)


def with_counterfactual(
    feed: Recommendations, before: Blended, after: Blended, causes: tuple[str, ...], own: frozenset[str] = frozenset()
) -> Recommendations:
    """The feed with each item's place without the causes; `own` are sources that each item in turn has nothing of."""

    def without(video: str) -> Without:
        blended = after.without_own(video, own) if own else after
        return Without(causes, before.place(video), blended.place(video), blended.totals[video])

    return replace(feed, items=tuple(replace(item, without=without(item.video_id)) for item in feed.items))


def recommend(
    library: Library, user: str, *, context: Context | None = None, limit: int = 10, policy: str | None = None
) -> Recommendations:
    """A feed from a library that no recommender is kept for; nothing is recorded as shown. See `Recommender`."""
    recommender = Recommender(library, cache_s=0.0)
    try:
        return recommender.recommend(Ask(user, context or Context(), limit, policy, dry_run=True))
    finally:
        recommender.close()
