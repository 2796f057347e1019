"""One request, step by step: taste, candidates, blend, what was shown before. The list itself is made of this."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime

from services.library.library import Library
from services.library.once import once
from services.library.taxonomy import Taxonomy
from services.recommend.answer import Ask
from services.recommend.blend import Blended, blend, scales_of, shares_of
from services.recommend.catalogue import Catalogue
from services.recommend.causes import Causes
from services.recommend.context import resolve_context, words_wished
from services.recommend.filters import hard_filter
from services.recommend.gather import Gathered, gather, score_all
from services.recommend.policies import Policy
from services.recommend.query_labels import labels_in
from services.recommend.sources.base import Source, SourceRequest, Wish
from services.recommend.sources.known import looked_at
from services.recommend.standing import Standing
from services.recommend.viewed import MAX_EVENTS, Viewed
from services.recommend.viewer import taste_of

PER_SOURCE = 40
"""Candidates that each source is asked for."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """Candidates with their blended scores, and the request that they were ranked for."""

    request: SourceRequest
    gathered: Gathered
    blended: Blended


class Ranker:
    """Ranks with one library, its sources and caches. Safe to share between threads."""

    def __init__(
        self,
        library: Library,
        sources: Sequence[Source],
        catalogue: Catalogue,
        standing: Standing,
        pool: Executor,
        timeout_s: float,
    ) -> None:
        self._library = library
        self._sources = {source.name: source for source in sources}
        self._catalogue = catalogue
        self._standing = standing
        self._pool = pool
        self._timeout_s = timeout_s

    def request(
        self,
        ask: Ask,
        viewed: Viewed,
        policy: Policy,
        now: datetime,
        request_id: str,
        taxonomy: Taxonomy,
        *,
        repeats_too: bool = False,
    ) -> SourceRequest:
        """Everything that sources need; `repeats_too` lets in what was shown too often.

        Raises `UnknownLabel`, `BadContext` and `IndexUnavailable`.
        """
        index = self._library.index
        context = resolve_context(ask.context, taxonomy, now)
        rarity = self._standing.rarity()
        taste = taste_of(self._catalogue, rarity, ask.user, viewed.events, viewed.edits, now, context)
        words = words_wished(ask.context, taxonomy)
        wish = None if ask.wish is None else Wish(words, ask.wish, labels_in(words, taxonomy))
        dropped = [] if repeats_too else dropped_by(viewed.shown, policy)
        standing, catalogue = self._standing, self._catalogue
        trends, newest, newcomers = standing.trends(context.audience), standing.newest(), standing.newcomers()
        allowed, limit = hard_filter(index, taste, context.language, dropped), max(PER_SOURCE, ask.limit)
        ids = looked_at(trends, newest, newcomers, limit)
        return SourceRequest(
            taste=taste,
            context=context,
            wish=wish,
            allowed=allowed,
            limit=limit,
            now=now,
            seed=seed_of(request_id),
            index=index,
            catalogue=catalogue,
            taxonomy=taxonomy,
            rarity=rarity,
            trends=trends,
            newest=newest,
            newcomers=newcomers,
            passing=once(lambda: frozenset(catalogue.allowed(ids, allowed))),
        )

    def rank(self, request: SourceRequest, viewed: Viewed, policy: Policy, must: Sequence[str] = ()) -> Ranked:
        """Candidates of every source that the policy weighs, blended; `must` are ranked whatever the filters say.

        Raises `IndexUnavailable`.
        """
        sources = [source for name, source in self._sources.items() if policy.weights.get(name, 0.0) > 0]
        gathered = gather(sources, request, self._pool, timeout_s=self._timeout_s, must=must)
        if len(viewed.events) >= MAX_EVENTS:
            gathered = self._without_older_acts(request, gathered, must)
        relative = frozenset(source.name for source in sources if source.relative)
        blended = blend(
            gathered.videos,
            gathered.scores,
            shares_of(policy.weights_for(len(request.taste.taken)), gathered.scores),
            scales_of(gathered.scores, relative),
            repeats(viewed.shown, policy),
        )
        return Ranked(request, gathered, blended)

    def again(self, ranked: Ranked, causes: Causes, viewed: Viewed, policy: Policy) -> Blended:
        """The same candidates, read on the same scales, blended as if the causes were not there.

        Only what the causes bear on is made anew: the taste from the events and edits that are left, and the scores
        that rest on it.
        """
        events, edits = causes.left(viewed.events, viewed.edits, self._catalogue)
        old = ranked.request
        taste = taste_of(old.catalogue, old.rarity, viewed.user, events, edits, old.now, old.context)
        context = old.context
        if "context" in causes.sources or "fit" in causes.sources:
            context = replace(context, mood=None, occasion=None)
        request = replace(
            old, taste=causes.muffled(taste), context=context, wish=None if "wish" in causes.sources else old.wish
        )
        sources = [
            self._sources[name]
            for name in ranked.gathered.scores
            if name not in causes.sources and self._sources[name].applies(request)
        ]
        scores, _ = score_all(
            sources, request, ranked.gathered.videos, {}, self._pool, time.monotonic() + self._timeout_s
        )
        kept = {name: values for name, values in scores.items() if values or name not in causes.sources}
        for name in ("adventurous",):  # its scores are those of its search, which a cause only enters as a filter
            if name in ranked.gathered.scores and name not in causes.sources:
                kept[name] = ranked.gathered.scores[name]
        return blend(
            ranked.gathered.videos, kept, ranked.blended.weights, ranked.blended.scales, repeats(viewed.shown, policy)
        )

    def _without_older_acts(self, request: SourceRequest, gathered: Gathered, must: Sequence[str]) -> Gathered:
        """The index was told of the latest acts only; the record knows of all."""
        acted = self._library.record.acted_on(request.taste.user, gathered.videos) - set(must)
        if not acted:
            return gathered
        return replace(gathered, videos={one: video for one, video in gathered.videos.items() if one not in acted})


def repeats(shown: Mapping[str, int], policy: Policy) -> dict[str, float]:
    """What is left of the score of each video that was shown (impression discounting, Lee et al. 2014)."""
    return {one: policy.repeat_discount**times for one, times in shown.items()}


def dropped_by(shown: Mapping[str, int], policy: Policy) -> list[str]:
    """Videos that were shown too often to be shown again for now."""
    return [one for one, times in shown.items() if times >= policy.repeat_drop]


def seed_of(request_id: str) -> int:
    """Chance of a request, repeatable from its id."""
    return int.from_bytes(hashlib.sha256(request_id.encode()).digest()[:8])
