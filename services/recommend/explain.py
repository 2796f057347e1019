"""Why a video is recommended: claims that the record bears out, the largest contribution first, each worded once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.library.index.port import Collection, Filter
from services.library.record.events import EventKind
from services.library.understanding import Bilingual, EvidenceKind, Sound, Understanding
from services.recommend import claims as c
from services.recommend.alike import ALIKE_IN_LOOKS, ALIKE_IN_MEANING, NEAR_QUERY_IN_MEANING
from services.recommend.behind import Behind
from services.recommend.catalogue import video_id
from services.recommend.causes import OF_THE_VIDEO
from services.recommend.indexed import IndexedVideo, LabelKey, label_names, point_id
from services.recommend.reasons import Reason, find_label, shorten
from services.recommend.scores import SourceScore
from services.recommend.sources.base import SourceRequest
from services.recommend.sources.fit import hints_met
from services.recommend.wording import phrasings

MAX_REASONS = 3
LEAST_SHARE = 0.1
"""A source that carried less than this share of an item's score is no reason for it."""

SLOW_BPM, FAST_BPM, MUSICAL = 90.0, 130.0, 0.3
"""Tempos that are called slow and fast, and the share of music from which a tempo is worth a word."""

LEAST_COUNTS = {EventKind.LIKE: 1, EventKind.FAVOURITE: 1, EventKind.SHARE: 1, EventKind.PLAY: 3}
"""Fewest events that are worth mentioning."""

_ABOUT = ("topics", "tags")


@dataclass(frozen=True, slots=True)
class Found:
    """What ranking found for one answer, as far as reasons may rest on it.

    `documents` are the understandings of the picks and of the videos behind interests; `looks` has, per pick, the
    video behind an interest whose mean frame is nearest to it, and that cosine; `shared` the video that somebody else
    took to as well.
    """

    request: SourceRequest
    documents: Mapping[str, Understanding]
    found_by: Mapping[str, tuple[str, ...]]
    looks: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    shared: Mapping[str, str] = field(default_factory=dict)
    trend_days: int = 3
    first_audience: int = 0


class Explainer:
    """Reasons for one answer. Keeps what was said already, so that no two items say the same sentence."""

    def __init__(self, found: Found) -> None:
        self._found = found
        self._request = found.request
        self._taste = found.request.taste
        self._behind = Behind(found.request.taste, found.request.now)
        self._texts = found.request.catalogue.texts(
            [one for interest in found.request.taste.interests for one in interest.videos[:3]]
        )
        self._said: set[str] = set()

    def reasons(self, video: IndexedVideo, scores: Mapping[str, SourceScore]) -> tuple[Reason, ...]:
        """One to three reasons, the largest contribution first."""
        whole = sum(score.contribution for score in scores.values() if score.contribution > 0)
        carrying = {
            name: score.contribution
            for name, score in scores.items()
            if score.contribution > 0 and score.contribution >= LEAST_SHARE * whole
        }
        # Where the viewer carries more of the score than the video's own newness and counts do, they come first.
        own = sum(share for name, share in carrying.items() if name in OF_THE_VIDEO)
        viewer_first = sum(carrying.values()) - own >= own
        made = sorted(
            self._all(video, carrying),
            key=lambda reason: (viewer_first and reason.source in OF_THE_VIDEO, -reason.contribution),
        )
        kept: list[Reason] = []
        named: set[LabelKey] = set()
        kinds: set[type] = set()
        for reason in made:
            if len(kept) == MAX_REASONS:
                break
            if (reason.labels and set(reason.labels) <= named) or type(reason.claim) in kinds:
                continue
            worded = self._word(reason)
            if worded is None:
                continue
            kept.append(worded)
            named.update(reason.labels)
            kinds.add(type(reason.claim))
        if kept:
            return tuple(kept)
        fallback = self._fallback(video, scores)
        worded = self._word(fallback) or self._word(made[0] if made else fallback, again=True)
        assert worded is not None
        return (worded,)

    def _word(self, reason: Reason, *, again: bool = False) -> Reason | None:
        """The reason in words that were not said yet; None when it could only repeat itself, unless it may."""
        assert reason.claim is not None
        ways = phrasings(reason.claim)
        text = next((way for way in ways if way.en not in self._said), None)
        if text is None:
            if not again:
                return None
            text = ways[0]
        self._said.add(text.en)
        return Reason(
            reason.source,
            text,
            reason.contribution,
            reason.evidence,
            reason.labels,
            reason.interactions,
            reason.events,
            reason.claim,
        )

    def _all(self, video: IndexedVideo, carrying: Mapping[str, float]) -> Iterator[Reason]:
        document = self._found.documents.get(video.video_id)
        if "wish" in carrying:
            yield from self._wish(video, document, carrying["wish"])
        if "unexplored" in carrying or "unexplored" in self._found.found_by.get(video.video_id, ()):
            yield from self._first_audience(video, document, carrying.get("unexplored", 0.0))
        if "meaning" in carrying or "labels" in carrying:
            yield from self._interest(video, document, carrying)
        if "looks" in carrying and video.video_id in self._found.looks:
            anchor, cosine = self._found.looks[video.video_id]
            if cosine >= ALIKE_IN_LOOKS and anchor in self._taste.taken:
                claim = c.Alike(anchor, self._title(anchor), self._behind.verb([anchor]), looks=True)
                yield self._resting(claim, "looks", carrying["looks"], [anchor], _frames(document))
        if "fit" in carrying:
            yield from self._fit(video, document, carrying["fit"])
        if "collaborative" in carrying and video.video_id in self._found.shared:
            anchor = self._found.shared[video.video_id]
            claim_shared = c.SharedTaste(anchor, self._title(anchor), self._behind.verb([anchor]))
            yield self._resting(claim_shared, "collaborative", carrying["collaborative"], [anchor])
        if "adventurous" in carrying:
            topic = self._label(
                video, document, lambda key: key.field == "topics" and key.value not in self._taste.topics
            )
            if topic is not None:
                yield _about(c.Adventure(topic[0]), "adventurous", carrying["adventurous"], topic)
        if "trending" in carrying:
            yield from self._trending(video, carrying["trending"])
        if "fresh" in carrying:
            yield from self._published(video, carrying["fresh"], recent=True)

    def _wish(self, video: IndexedVideo, document: Understanding | None, share: float) -> Iterator[Reason]:
        wish = self._request.wish
        assert wish is not None
        label = self._label(video, document, lambda key: key in wish.labels)
        words = shorten(wish.words, 40)
        if label is not None:
            yield _about(c.AskedFor(label[0], words, None), "wish", share, label)
            return
        text = self._request.catalogue.texts([video.video_id]).get(video.video_id)
        if text is not None and float(text @ wish.vector) >= NEAR_QUERY_IN_MEANING:
            yield _plain(c.NearWish(words), "wish", share)

    def _interest(
        self, video: IndexedVideo, document: Understanding | None, carrying: Mapping[str, float]
    ) -> Iterator[Reason]:
        labels = carrying.get("labels", 0.0)
        if video.creator and (followed := self._taste.followed.get(video.creator)) and labels:
            yield Reason("labels", _LATER, labels, events=(followed.id,), claim=c.Follows(video.creator))
        asked = self._label(video, document, lambda key: self._taste.wished(key) is not None)
        if asked is not None and labels:
            edit = self._taste.wished(asked[0].key)
            assert edit is not None
            words = shorten(edit.text, 40) if edit.text else None
            yield _about(c.AskedFor(asked[0], words, edit.id), "labels", labels, asked)
        held = [named for key in video.labels if (named := self._named(key, video, document)) is not None]
        series = self._behind.series([named.key for named, _ in held], besides=video.video_id)
        if series is not None:
            shared = [next(pair for pair in held if pair[0].key == key) for key in series.labels]
            claim = c.Series(
                tuple(one for one, _ in shared), len(series.videos), self._behind.verb(series.videos), series.recently,
                series.now,
            )  # fmt: skip
            source, share = max(
                ((name, carrying[name]) for name in ("labels", "meaning") if name in carrying), key=lambda one: one[1]
            )
            evidence = tuple(dict.fromkeys(line for _, lines in shared for line in lines))
            yield self._resting(claim, source, share, series.videos, evidence, tuple(series.labels))
        yield from self._alike(video, document, held, carrying)

    def _alike(
        self,
        video: IndexedVideo,
        document: Understanding | None,
        held: Sequence[tuple[c.Named, tuple[str, ...]]],
        carrying: Mapping[str, float],
    ) -> Iterator[Reason]:
        text = self._request.catalogue.texts([video.video_id]).get(video.video_id)
        near = sorted(
            ((float(text @ vector), one) for one, vector in self._texts.items() if one in self._taste.taken),
            reverse=True,
        ) if text is not None else []  # fmt: skip
        if near and near[0][0] >= ALIKE_IN_MEANING and "meaning" in carrying:
            anchor = near[0][1]
            claim = c.Alike(anchor, self._title(anchor), self._behind.verb([anchor]))
            yield self._resting(claim, "meaning", carrying["meaning"], [anchor])
            return
        about = [pair for pair in held if pair[0].key.field in _ABOUT and self._taste.support.get(pair[0].key)]
        if not about:
            return
        named, evidence = max(about, key=lambda pair: self._request.rarity.of(pair[0].key))
        behind = [one for one in self._taste.support[named.key] if one in self._taste.taken and one != video.video_id]
        behind = [one for one in behind if self._holds(one, named.key)]
        if not behind:
            return
        order = {one: at for at, (_, one) in enumerate(near)}
        anchor = min(behind, key=lambda one: (order.get(one, len(order)), one))
        claim = c.Alike(anchor, self._title(anchor), self._behind.verb([anchor]), label=named)
        source = "labels" if "labels" in carrying else "meaning"
        yield self._resting(claim, source, carrying[source], [anchor], evidence, (named.key,))

    def _fit(self, video: IndexedVideo, document: Understanding | None, share: float) -> Iterator[Reason]:
        mood, occasion = self._request.context.mood, self._request.context.occasion
        if mood is not None:
            named = self._named(LabelKey("moods", mood.slug), video, document)
            if named is not None:
                yield _about(c.MoodAsked(named[0]), "fit", share, named)
        if occasion is None:
            return
        key = LabelKey("occasions", occasion.slug)
        labelled = self._named(key, video, document)
        suits_mood, _, suits_length = hints_met(video, self._request.context, self._request.taxonomy)
        if labelled is None and not (suits_mood and suits_length):
            return
        hinted = set(occasion.hints.moods)
        shown = self._label(video, document, lambda one: one.field == "moods" and one.value in hinted)
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
        yield Reason("fit", _LATER, share, tuple(dict.fromkeys(cited)), labels, claim=claim)

    def _trending(self, video: IndexedVideo, share: float) -> Iterator[Reason]:
        trend = self._request.trends.get(video.video_id)
        if trend is None:
            return
        counts = [(kind, trend.counts.get(kind, 0)) for kind in LEAST_COUNTS]
        worth = tuple((kind, count) for kind, count in counts if count >= LEAST_COUNTS[kind])
        if worth:
            yield _plain(c.TakenUp(worth[:2], self._found.trend_days), "trending", share)

    def _first_audience(self, video: IndexedVideo, document: Understanding | None, share: float) -> Iterator[Reason]:
        newcomer = self._request.newcomers.get(video.video_id)
        if newcomer is None:
            return
        liked = self._label(
            video, document, lambda key: key.field in _ABOUT and bool(self._taste.support.get(key))
            and self._taste.labels.get(key, 0.0) > 0,
        )  # fmt: skip
        label = liked or self._label(video, document, lambda key: key.field in _ABOUT)
        claim = c.FirstAudience(newcomer.shown, label[0] if label else None, liked is not None)
        yield _about(claim, "unexplored", share, label)

    def _published(self, video: IndexedVideo, share: float, *, recent: bool = False) -> Iterator[Reason]:
        newcomer = self._request.newcomers.get(video.video_id)
        since = newcomer.since.timestamp() if newcomer is not None else None
        when = video.published_at if video.published_at is not None else since
        if when is None or (recent and self._request.now.timestamp() - when > 14 * 86_400):
            return
        day = datetime.fromtimestamp(when, tz=UTC).date().isoformat()
        yield _plain(c.PublishedOn(day, video.published_at is None), "fresh", share)

    def _fallback(self, video: IndexedVideo, scores: Mapping[str, SourceScore]) -> Reason:
        share = scores["fresh"].contribution if "fresh" in scores else 0.0
        document = self._found.documents.get(video.video_id)
        label = self._label(video, document, lambda key: key.field in _ABOUT)
        if label is not None:
            return _about(c.ForVariety(label[0]), "fresh", share, label)
        return next(self._published(video, share), _plain(c.ForVariety(None), "fresh", share))

    def _label(
        self, video: IndexedVideo, document: Understanding | None, wanted: Callable[[LabelKey], bool]
    ) -> tuple[c.Named, tuple[str, ...]] | None:
        """The rarest of the video's labels that is wanted and that its document holds."""
        fitting = sorted((key for key in video.labels if wanted(key)), key=lambda key: -self._request.rarity.of(key))
        return next((found for key in fitting if (found := self._named(key, video, document)) is not None), None)

    def _named(
        self, key: LabelKey, video: IndexedVideo, document: Understanding | None
    ) -> tuple[c.Named, tuple[str, ...]] | None:
        """A label with its names and evidence; None when the video's payload or its document does not hold it."""
        if key not in video.labels:
            return None
        if document is None:
            en, zh = label_names(key, self._request.taxonomy)
            return c.Named(key, Bilingual(en=en, zh=zh)), ()
        label = find_label(key, document)
        if label is None:
            return None
        return c.Named(key, Bilingual(en=label.label, zh=label.label_zh)), label.evidence

    def _holds(self, video: str, key: LabelKey) -> bool:
        document = self._found.documents.get(video)
        return document is None or find_label(key, document) is not None

    def _resting(
        self,
        claim: c.Claim,
        source: str,
        share: float,
        videos: Sequence[str],
        evidence: tuple[str, ...] = (),
        labels: tuple[LabelKey, ...] = (),
    ) -> Reason:
        events = tuple(self._behind.latest(one).id for one in videos)
        return Reason(source, _LATER, share, evidence, labels, tuple(videos), events, claim)

    def _title(self, video: str) -> Bilingual:
        indexed = self._request.catalogue.videos([video]).get(video)
        if indexed is not None and indexed.title:
            return Bilingual(en=shorten(indexed.title), zh=shorten(indexed.title))
        document = self._found.documents.get(video)
        if document is not None and document.summary is not None:
            return Bilingual(en=shorten(document.summary.en, 40), zh=shorten(document.summary.zh, 24))
        return Bilingual(en=f"video {video[:8]}", zh=f"视频 {video[:8]}")


def tempo_of(sound: Sound | None) -> c.Tempo | None:
    """What may be said of the music's tempo."""
    if sound is None or sound.tempo_bpm is None or sound.music_ratio < MUSICAL:
        return None
    if sound.tempo_bpm <= SLOW_BPM:
        return c.Tempo.SLOW
    return c.Tempo.FAST if sound.tempo_bpm >= FAST_BPM else None


def nearest_looks(request: SourceRequest, picks: Sequence[str]) -> dict[str, tuple[str, float]]:
    """Per pick, the video in the middle of an interest whose mean frame is nearest to one of its frames, and the
    cosine.
    """
    where = Filter(ids=[point_id(one) for one in picks])
    best: dict[str, tuple[str, float]] = {}
    for interest in request.taste.interests[:2]:
        if interest.looks is None:
            continue
        hits = request.index.query(
            Collection.VIDEOS, using="visual", vector=interest.looks, where=where, limit=len(picks), fields=()
        )
        for hit in hits:
            one = video_id(hit.id)
            if one not in best or hit.score > best[one][1]:
                best[one] = (interest.videos[0], hit.score)
    return best


_LATER = Bilingual(en="", zh="")
"""Stands for the sentence until the reason is chosen; only then is it worded."""


def _plain(claim: c.Claim, source: str, share: float) -> Reason:
    return Reason(source, _LATER, share, claim=claim)


def _about(claim: c.Claim, source: str, share: float, label: tuple[c.Named, tuple[str, ...]] | None) -> Reason:
    if label is None:
        return _plain(claim, source, share)
    named, evidence = label
    return Reason(source, _LATER, share, evidence, (named.key,), claim=claim)


def _frames(document: Understanding | None) -> tuple[str, ...]:
    lines = document.evidence if document else ()
    return tuple(line.id for line in lines if line.kind is EvidenceKind.FRAME and not line.is_manner)[:3]
