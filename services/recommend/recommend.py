"""The recommender: sources, hard filters, one linear blend, variety, reasons, and a note of what was shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from services.library.errors import IndexUnavailable
from services.library.index.port import Collection
from services.library.library import Library
from services.library.record.database import utc_now
from services.library.taxonomy import Taxonomy
from services.library.understanding import Understanding
from services.recommend.answer import Ask, Recommendation, Recommendations, Without
from services.recommend.blend import Blended
from services.recommend.catalogue import Catalogue
from services.recommend.causes import read_causes
from services.recommend.collaborative import Collaborative
from services.recommend.context import Context, resolve_context
from services.recommend.explain import Explainer, Found, nearest_looks
from services.recommend.fallback import fall_back
from services.recommend.filters import document_allows
from services.recommend.grounds import grounds_of, language_of, note_of
from services.recommend.indexed import IndexedVideo
from services.recommend.policies import Chosen, load_policies
from services.recommend.ranking import Ranked, Ranker, Viewed, dropped_by, recently_shown
from services.recommend.shown import impressions_of
from services.recommend.sources.adventurous import Adventurous
from services.recommend.sources.base import Source
from services.recommend.sources.collaborative import CollaborativeSource
from services.recommend.sources.fit import Fit
from services.recommend.sources.known import Fresh, Trending, Unexplored
from services.recommend.sources.labels import Labels
from services.recommend.sources.meaning import LOOKS, MEANING, WISH
from services.recommend.standing import Standing
from services.recommend.taste import TAKEN_RATIO
from services.recommend.variety import Variety, diversify, newcomer_places
from services.recommend.viewer import read_viewer

THREADS = 8
"""Sources that are asked at once, over all requests."""

POOL = 60
"""Best candidates that a list is chosen from, or five times its length."""

_MAX_ROUNDS = 5

NO_CANDIDATE = "No source of this policy had anything for the viewer."
"""Said where the record answers instead: a feed is empty only when nothing may be shown."""


def default_sources(library: Library | None = None) -> tuple[Source, ...]:
    """Every source; the collaborative one only with a library whose factors it is to read."""
    own: tuple[Source, ...] = (MEANING, LOOKS, WISH, Labels(), Fit(), Trending(), Fresh(), Unexplored(), Adventurous())
    return own if library is None else (*own, CollaborativeSource(Collaborative(library.blobs).viewer))


class Recommender:
    """Recommends from one library. Keeps caches and threads, so make one and share it."""

    def __init__(
        self,
        library: Library,
        *,
        sources: Sequence[Source] | None = None,
        clock: Callable[[], datetime] = utc_now,
        cache_s: float | None = None,
    ) -> None:
        load_policies(library.settings.policies)  # a mistake in the operator's file is told at the start
        self.library = library
        self.catalogue = Catalogue(library.index) if cache_s is None else Catalogue(library.index, ttl_s=cache_s)
        self.standing = Standing(library.record, library.index, ttl_s=cache_s, clock=clock)
        self.clock = clock
        self._sources = tuple(sources if sources is not None else default_sources(library))
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
        events, edits = read_viewer(self.library.record, ask.user, now)
        viewed = Viewed(ask.user, events, edits, recently_shown(self.library, ask.user, chosen.policy, now))
        try:
            ranked, feed = self._ranked_answer(ask, viewed, chosen, now, request_id)
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
        """Read what every request needs, so that the first one need not wait for it."""
        self.standing.warm()

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _ranked_answer(
        self, ask: Ask, viewed: Viewed, chosen: Chosen, now: datetime, request_id: str
    ) -> tuple[Ranked, Recommendations]:
        ranked = self.ranker.rank(
            self.ranker.request(ask, viewed, chosen.policy, now, request_id), viewed, chosen.policy
        )
        picks, documents = self._pick(ask, ranked, chosen)
        if len(picks) < ask.limit and dropped_by(viewed.shown, chosen.policy):
            # Better the same again than nothing: what was shown too often comes back when there is too little else.
            request = self.ranker.request(ask, viewed, chosen.policy, now, request_id, repeats_too=True)
            ranked = self.ranker.rank(request, viewed, chosen.policy)
            picks, documents = self._pick(ask, ranked, chosen)
        request = ranked.request
        explainer = Explainer(self._found(ranked, picks, documents))
        items = tuple(
            Recommendation(
                video_id=video.video_id,
                title=video.title,
                creator=video.creator,
                duration_s=video.duration_s,
                score=ranked.blended.totals[video.video_id],
                sources=parts,
                reasons=explainer.reasons(video, parts),
            )
            for video, parts in ((video, ranked.blended.parts(video.video_id)) for video in picks)
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

    def _pick(self, ask: Ask, ranked: Ranked, chosen: Chosen) -> tuple[list[IndexedVideo], Mapping[str, Understanding]]:
        """The list, each item checked once more on its document; what fails makes room for another."""
        request, policy = ranked.request, chosen.policy
        scores = ranked.blended.totals
        new = ranked.gathered.scores.get("unexplored", {})
        best = ranked.blended.ranked()[: max(POOL, ask.limit * 5)]
        worth = sorted(new, key=lambda one: (-new[one], one))[: ask.limit]
        pool = [ranked.gathered.videos[one] for one in dict.fromkeys((*best, *(one for one in worth if one in scores)))]
        # A copy of what was seen was seen, and so was what it is a copy of.
        taken = {*request.taste.seen, *self.library.record.originals_of(request.taste.seen)}
        pool = [video for video in pool if video.original not in taken]
        variety = Variety(
            policy.relevance,
            policy.per_creator,
            policy.calibration,
            request.taste.topics,
            new,
            newcomer_places(ask.limit, policy.exploration_share, request.seed),
        )
        ids = [video.video_id for video in pool]
        vectors = self.catalogue.texts(ids)
        groups = {video.video_id: video.original for video in pool}
        documents: dict[str, Understanding] = {}
        picks: list[IndexedVideo] = []
        for _ in range(_MAX_ROUNDS):
            picks = diversify(pool, scores, vectors, limit=ask.limit, variety=variety, groups=groups)
            documents |= self.library.record.understandings(
                video.video_id for video in picks if video.video_id not in documents
            )
            refused = {
                video.video_id
                for video in picks
                if video.video_id not in documents
                or not document_allows(documents[video.video_id], request.taste, request.context.language)
            }
            if not refused:
                return picks, documents
            pool = [video for video in pool if video.video_id not in refused]
            picks = [video for video in picks if video.video_id not in refused]
        return picks, documents

    def _found(self, ranked: Ranked, picks: Sequence[IndexedVideo], documents: Mapping[str, Understanding]) -> Found:
        request = ranked.request
        ids = [video.video_id for video in picks]
        seen_looks = any(one in ranked.gathered.scores.get("looks", {}) for one in ids)
        leads = {one for interest in request.taste.interests for one in interest.videos[:3]}
        untitled = [one for one, video in self.catalogue.videos(leads).items() if not video.title]
        return Found(
            request,
            {**documents, **self.library.record.understandings(untitled)},
            ranked.gathered.found_by,
            looks=nearest_looks(request, ids) if seen_looks else {},
            shared=self._shared(ranked, ids),
        )

    def _shared(self, ranked: Ranked, picks: Sequence[str]) -> dict[str, str]:
        """Per pick that the collaborative source carried: the viewer's video that somebody else took to as well."""
        source = next((one for one in self._sources if isinstance(one, CollaborativeSource)), None)
        found: dict[str, str] = {}
        if source is None or "collaborative" not in ranked.gathered.scores:
            return found
        taste = ranked.request.taste
        viewer = source.fold_in(taste.events)
        for pick in picks if viewer is not None else ():
            share = ranked.blended.parts(pick).get("collaborative")
            if viewer is None or share is None or share.contribution <= 0:
                continue
            for anchor, _ in viewer.causes(pick)[:2]:
                if anchor in taste.taken and self.library.record.somebody_took_to_both(
                    pick, anchor, but=taste.user, watched_ratio=TAKEN_RATIO
                ):
                    found[pick] = anchor
                    break
        return found


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
