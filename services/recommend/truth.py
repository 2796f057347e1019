"""Whether a reason says what is so: every claim looked up again in the record, apart from the code that made it.

Ranking trusts the index; this trusts only the documents, the events, the edits and what the request said. It serves
tests and benchmarks, and whoever audits a feed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from services.library.record.events import Event, EventKind
from services.library.record.store import Record
from services.library.taxonomy import Taxonomy
from services.library.understanding import Understanding
from services.recommend import claims as c
from services.recommend.behind import JUST_NOW, MOST_NAMED, RECENT_DAYS
from services.recommend.context import Context, resolve_context, words_wished
from services.recommend.evidence import LIKES
from services.recommend.indexed import LabelKey
from services.recommend.interests import edited_labels
from services.recommend.newcomers import FIRST_AUDIENCE
from services.recommend.reasons import Reason, find_label, shorten
from services.recommend.reasons_of_video import tempo_of
from services.recommend.standing import TREND_DAYS
from services.recommend.taste import TAKEN_RATIO, is_positive
from services.recommend.wording import phrasings


@dataclass(frozen=True, slots=True)
class Told:
    """A reason, the video that it was given for, and the request: who asked, when, and what they said."""

    reason: Reason
    video: str
    user: str
    at: datetime
    context: Context = field(default_factory=Context)


def untruths(told: Told, record: Record, taxonomy: Taxonomy) -> list[str]:
    """What of a reason the record does not bear out, in words; empty for a true one."""
    claim, document = told.reason.claim, record.understanding(told.video)
    if claim is None:
        return ["The reason makes no claim that could be looked up."]
    if document is None:
        return [f"There is no understanding of {told.video}."]
    events = [event for event in record.events(told.user, limit=100_000) if event.at <= told.at]
    found = [*_sentence(told.reason), *_evidence(told.reason, document), *_rests_on(told, events)]
    found += _Checker(told, record, taxonomy, document, events).check(claim)
    return found


def _sentence(reason: Reason) -> Iterator[str]:
    assert reason.claim is not None
    if reason.text not in phrasings(reason.claim):
        yield f"“{reason.text.en}” is no wording of its claim."


def _evidence(reason: Reason, document: Understanding) -> Iterator[str]:
    lines = {line.id for line in document.evidence}
    for one in reason.evidence:
        if one not in lines:
            yield f"It cites {one}, which is no line of the document."
    for label in reason.labels:
        if find_label(label, document) is None:
            yield f"It names {label.field}:{label.value}, which the document does not hold."


def _rests_on(told: Told, events: Sequence[Event]) -> Iterator[str]:
    ids = {event.id: event for event in events}
    for one in told.reason.events:
        if one not in ids:
            yield f"It rests on event {one}, which is none of the viewer's."
    videos = {ids[one].video_id for one in told.reason.events if one in ids}
    for video in told.reason.interactions:
        if video not in videos:
            yield f"It rests on {video}, about which it names no event."


@dataclass(frozen=True, slots=True)
class _Checker:
    told: Told
    record: Record
    taxonomy: Taxonomy
    document: Understanding
    events: Sequence[Event]

    def check(self, claim: c.Claim) -> Iterator[str]:
        match claim:
            case c.Series():
                yield from self._series(claim)
            case c.Alike():
                yield from self._anchor(claim.anchor, claim.verb, claim.title.en)
                yield from self._kind(claim)
                if claim.label is not None:
                    yield from self._named(claim.label)
                    yield from self._held(claim.anchor, claim.label.key)
            case c.SharedTaste() | c.WentOn():
                yield from self._anchor(claim.anchor, claim.verb, claim.title.en)
                later = isinstance(claim, c.WentOn)
                if not self.record.somebody_took_to_both(
                    {self.told.video: [claim.anchor]},
                    but=self.told.user,
                    watched_ratio=TAKEN_RATIO,
                    later=later,
                    latest=None,
                ):
                    yield f"Nobody else took to both videos{', to this one later' if later else ''}."
            case c.Follows():
                if claim.creator != self.document.video.creator:
                    yield f"The video is not by {claim.creator}."
                if not any(one.kind is EventKind.FOLLOW and one.creator == claim.creator for one in self.events):
                    yield f"The viewer does not follow {claim.creator}."
            case c.AskedFor():
                yield from self._named(claim.label)
                yield from self._asked(claim)
            case c.NearWish():
                if claim.words != shorten(words_wished(self.told.context, self.taxonomy), 40):
                    yield "The words are not those of the request."
            case c.MoodAsked():
                yield from self._named(claim.mood)
                mood = resolve_context(self.told.context, self.taxonomy, self.told.at).mood
                if mood is None or mood.slug != claim.mood.key.value:
                    yield "The mood was not asked for."
            case c.SuitsOccasion():
                yield from self._suits(claim)
            case c.TakenUp():
                yield from self._taken_up(claim)
            case c.PublishedOn():
                yield from self._published(claim)
            case c.FirstAudience():
                video = self.record.video(self.told.video)
                if video is None or self.record.impression_counts([self.told.video])[self.told.video] > FIRST_AUDIENCE:
                    yield "The video is no newcomer any more."
                if claim.label is not None:
                    yield from self._named(claim.label)
                    if claim.cared_for and not any(self._holds(one, claim.label.key) for one in self._taken()):
                        yield "The viewer took to nothing of that."
            case c.Adventure():
                yield from self._named(claim.topic)
                if any(self._holds(one, claim.topic.key) for one in self._taken()):
                    yield "The viewer took to videos about that topic."
            case c.ForVariety():
                if claim.label is not None:
                    yield from self._named(claim.label)

    def _taken(self) -> dict[str, list[Event]]:
        found: dict[str, list[Event]] = {}
        for event in self.events:
            if event.video_id is not None and is_positive(event):
                found.setdefault(event.video_id, []).append(event)
        return found

    def _holds(self, video: str, label: LabelKey) -> bool:
        return find_label(label, self.record.understanding(video)) is not None

    def _held(self, video: str, label: LabelKey) -> Iterator[str]:
        if not self._holds(video, label):
            yield f"{video} does not hold {label.field}:{label.value}."

    def _named(self, named: c.Named) -> Iterator[str]:
        label = find_label(named.key, self.document)
        if label is None:
            yield f"The document does not hold {named.key.field}:{named.key.value}."
        elif (label.label, label.label_zh) != (named.name.en, named.name.zh):
            yield f"The document calls {named.key.value} “{label.label}”, not “{named.name.en}”."

    def _did(self, video: str, verb: c.Verb) -> Iterator[str]:
        events = self._taken().get(video, [])
        liked = any(event.kind in LIKES for event in events)
        played = any(event.kind is EventKind.PLAY for event in events)
        if not events or (verb is c.Verb.LIKED and not liked) or (verb is c.Verb.WATCHED and not played):
            yield f"It is not so that the viewer {verb.value} {video}."

    def _anchor(self, video: str, verb: c.Verb, title: str) -> Iterator[str]:
        yield from self._did(video, verb)
        document = self.record.understanding(video)
        titles = [document.video.title, document.summary.en if document.summary else None] if document else []
        known = [shorten(one, length) for one in titles if one for length in (60, 40)]
        if title not in (*known, f"video {video[:8]}"):
            yield f"{video} is not called “{title}”."

    def _kind(self, claim: c.Alike) -> Iterator[str]:
        videos = self.told.reason.interactions
        if len(set(videos)) != claim.more + 1 or claim.anchor not in videos or self.told.video in videos:
            yield f"It speaks of {claim.more + 1} videos and rests on {len(set(videos))}."
        for video in videos:
            yield from self._did(video, claim.verb)

    def _series(self, claim: c.Series) -> Iterator[str]:
        videos = self.told.reason.interactions
        if len(videos) != min(claim.count, MOST_NAMED) or len(set(videos)) != len(videos) or self.told.video in videos:
            yield f"It counts {claim.count} videos and rests on {len(set(videos))}."
        for named in (*claim.labels, *([claim.about] if claim.about is not None else [])):
            yield from self._named(named)
        span = JUST_NOW if claim.now else timedelta(days=RECENT_DAYS)
        if claim.count > len(videos):
            yield from self._so_many(claim, span if claim.recently or claim.now else None)
        for video in videos:
            yield from self._did(video, claim.verb)
            for named in claim.labels:
                yield from self._held(video, named.key)
            latest = max((event.at for event in self._taken().get(video, [])), default=None)
            if (claim.recently or claim.now) and (latest is None or self.told.at - latest > span):
                yield f"{video} was not that recent."

    def _so_many(self, claim: c.Series, span: timedelta | None) -> Iterator[str]:
        """More videos than are named."""
        there = [
            video
            for video, events in self._taken().items()
            if video != self.told.video
            and (span is None or self.told.at - max(event.at for event in events) <= span)
            and all(self._holds(video, named.key) for named in claim.labels)
        ]
        if len(there) < claim.count:
            yield f"It counts {claim.count} videos, and there are {len(there)}."

    def _asked(self, claim: c.AskedFor) -> Iterator[str]:
        if claim.edit is None:
            if claim.words != shorten(words_wished(self.told.context, self.taxonomy), 40):
                yield "The words are not those of the request."
            return
        edit = next((one for one in self.record.profile_edits(self.told.user) if one.id == claim.edit), None)
        if edit is None or claim.label.key not in edited_labels(edit):
            yield "The viewer made no such edit."
        elif edit.at > self.told.at or (edit.expires_at is not None and edit.expires_at <= self.told.at):
            yield "The edit was not in force."

    def _suits(self, claim: c.SuitsOccasion) -> Iterator[str]:
        resolved = resolve_context(self.told.context, self.taxonomy, self.told.at)
        occasion = resolved.occasion
        if occasion is None or occasion.slug != claim.occasion.key.value:
            yield "The occasion was neither asked for nor likely."
            return
        if claim.asked != (resolved.certainty == 1.0):
            yield "It was not asked for."
        if claim.labelled:
            yield from self._named(claim.occasion)
        elif claim.mood is None or claim.duration_s is None:
            yield "Nothing of the video suits the occasion."
        if claim.mood is not None:
            yield from self._named(claim.mood)
            if claim.mood.key.value not in occasion.hints.moods:
                yield "The mood does not suit the occasion."
        length = self.document.video.duration_s
        if claim.duration_s is not None and (length is None or abs(length - claim.duration_s) > 0.5):
            yield f"The video is not {claim.duration_s:.0f} s long."
        if claim.tempo is not None and tempo_of(self.document.sound) is not claim.tempo:
            yield f"The music is not {claim.tempo.value}."

    def _taken_up(self, claim: c.TakenUp) -> Iterator[str]:
        if claim.days > TREND_DAYS:
            yield "Trends do not look back that far."
        since = self.told.at - timedelta(days=claim.days, hours=1)
        counts: dict[EventKind, int] = {}
        for one in self.record.event_counts(since=since, kinds=[kind for kind, _ in claim.counts]):
            if one.video_id == self.told.video:
                counts[one.kind] = counts.get(one.kind, 0) + one.count
        for kind, count in claim.counts:
            if counts.get(kind, 0) < count:
                yield f"There were {counts.get(kind, 0)} {kind.value} events, not {count}."

    def _published(self, claim: c.PublishedOn) -> Iterator[str]:
        video, uploads = self.record.video(self.told.video), self.record.uploads(self.told.video)
        days = {when.astimezone(UTC).date().isoformat() for one in uploads if (when := one.submission.published_at)}
        known = {video.created_at.astimezone(UTC).date().isoformat()} if video is not None else set()
        if claim.day not in (known if claim.known_here else days):
            yield f"It was not on {claim.day}."
