"""Reasons that rest on the moment and on the video itself: what it suits, its counts, its age, its first audience."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from services.library.record.events import EventKind
from services.library.understanding import Bilingual, EvidenceKind, Sound, Understanding
from services.recommend import claims as c
from services.recommend.facts import ABOUT, LATER, Facts, about, plain
from services.recommend.indexed import IndexedVideo, LabelKey
from services.recommend.reasons import Reason
from services.recommend.scores import SourceScore
from services.recommend.sources.fit import hints_met

SLOW_BPM, FAST_BPM, MUSICAL = 90.0, 130.0, 0.3
"""Tempos that are called slow and fast, and the share of music from which a tempo is worth a word."""

LEAST_COUNTS = {EventKind.LIKE: 1, EventKind.FAVOURITE: 1, EventKind.SHARE: 1, EventKind.PLAY: 3}
"""Fewest events that are worth mentioning."""


class VideoReasons:
    """Every reason that there is on these grounds, each with what its source added; wording comes later."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._found, self._request, self._taste = facts.found, facts.request, facts.taste

    def fit(self, video: IndexedVideo, document: Understanding | None, share: float) -> Iterator[Reason]:
        """The mood and the occasion that the video suits."""
        mood, occasion = self._request.context.mood, self._request.context.occasion
        if mood is not None:
            named = self._facts.named(LabelKey("moods", mood.slug), video, document)
            if named is not None:
                yield about(c.MoodAsked(named[0]), "fit", share, named)
        if occasion is None:
            return
        key = LabelKey("occasions", occasion.slug)
        labelled = self._facts.named(key, video, document)
        suits_mood, _, suits_length = hints_met(video, self._request.context, self._request.taxonomy)
        if labelled is None and not (suits_mood and suits_length):
            return
        hinted = set(occasion.hints.moods)
        shown = self._facts.label(video, document, lambda one: one.field == "moods" and one.value in hinted)
        sound = document.sound if document is not None else None
        tempo = tempo_of(sound)
        claim = c.SuitsOccasion(
            labelled[0] if labelled else c.Named(key, Bilingual(en=occasion.en, zh=occasion.zh)),
            labelled is not None,
            self._request.context.certainty == 1.0,
            shown[0] if shown else None,
            video.duration_s if suits_length else None,
            tempo,
        )
        cited = [*(labelled[1] if labelled else ()), *(shown[1] if shown else ())]
        if tempo is not None and document is not None:
            cited += [line.id for line in document.evidence if line.kind is EvidenceKind.SOUND]
        labels = tuple(one[0].key for one in (labelled, shown) if one is not None)
        yield Reason("fit", LATER, share, tuple(dict.fromkeys(cited)), labels, claim=claim)

    def trending(self, video: IndexedVideo, share: float) -> Iterator[Reason]:
        """What others did with the video lately."""
        trend = self._request.trends.get(video.video_id)
        if trend is None:
            return
        counts = [(kind, trend.counts.get(kind, 0)) for kind in LEAST_COUNTS]
        worth = tuple((kind, count) for kind, count in counts if count >= LEAST_COUNTS[kind])
        if worth:
            yield plain(c.TakenUp(worth[:2], self._found.trend_days), "trending", share)

    def first_audience(self, video: IndexedVideo, document: Understanding | None, share: float) -> Iterator[Reason]:
        """The video is new here and few have seen it."""
        newcomer = self._request.newcomers.get(video.video_id)
        if newcomer is None:
            return
        liked = self._facts.label(
            video, document, lambda key: key.field in ABOUT and bool(self._taste.support.get(key))
            and self._taste.labels.get(key, 0.0) > 0,
        )  # fmt: skip
        label = liked or self._facts.label(video, document, lambda key: key.field in ABOUT)
        claim = c.FirstAudience(newcomer.shown, label[0] if label else None, liked is not None)
        yield about(claim, "unexplored", share, label)

    def published(self, video: IndexedVideo, share: float, *, recent: bool = False) -> Iterator[Reason]:
        """When the video came out or became known here; `recent` keeps to two weeks."""
        newcomer = self._request.newcomers.get(video.video_id)
        since = newcomer.since.timestamp() if newcomer is not None else None
        when = video.published_at if video.published_at is not None else since
        if when is None or (recent and self._request.now.timestamp() - when > 14 * 86_400):
            return
        day = datetime.fromtimestamp(when, tz=UTC).date().isoformat()
        yield plain(c.PublishedOn(day, video.published_at is None), "fresh", share)

    def variety(self, video: IndexedVideo, scores: Mapping[str, SourceScore]) -> Reason:
        """Said where no other reason is left."""
        share = scores["fresh"].contribution if "fresh" in scores else 0.0
        document = self._facts.document(video)
        label = self._facts.label(video, document, lambda key: key.field in ABOUT)
        if label is not None:
            return about(c.ForVariety(label[0]), "fresh", share, label)
        return next(self.published(video, share), plain(c.ForVariety(None), "fresh", share))


def tempo_of(sound: Sound | None) -> c.Tempo | None:
    """What may be said of the music's tempo."""
    if sound is None or sound.tempo_bpm is None or sound.music_ratio < MUSICAL:
        return None
    if sound.tempo_bpm <= SLOW_BPM:
        return c.Tempo.SLOW
    return c.Tempo.FAST if sound.tempo_bpm >= FAST_BPM else None
