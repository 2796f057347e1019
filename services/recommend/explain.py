"""Why a video is recommended: claims that the record bears out, the largest contribution first, each worded once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.recommend.causes import OF_THE_VIDEO
from services.recommend.facts import Facts, Found
from services.recommend.indexed import IndexedVideo, LabelKey
from services.recommend.reasons import Reason
from services.recommend.reasons_of_taste import TasteReasons
from services.recommend.reasons_of_video import VideoReasons
from services.recommend.scores import SourceScore
from services.recommend.wording import phrasings

MAX_REASONS = 3
LEAST_SHARE = 0.1
"""A source that carried less than this share of an item's score is no reason for it."""


def carrying(scores: Mapping[str, SourceScore]) -> dict[str, float]:
    """What those sources added that carried enough of an item's score to be a reason for it."""
    least = LEAST_SHARE * sum(score.contribution for score in scores.values() if score.contribution > 0)
    return {name: score.contribution for name, score in scores.items() if 0 < score.contribution >= least}


@dataclass(frozen=True, slots=True)
class _Made:
    """All that could be said of a pick, best first; `carrying` is what each source that carries it added."""

    video: IndexedVideo
    scores: Mapping[str, SourceScore]
    carrying: Mapping[str, float]
    reasons: list[Reason]

    def standing(self, reason: Reason) -> tuple[bool, float]:
        """Where the viewer carries more of the score than the video's own newness and counts do, they come first."""
        own = sum(share for name, share in self.carrying.items() if name in OF_THE_VIDEO)
        viewer_first = sum(self.carrying.values()) - own >= own
        return viewer_first and reason.source in OF_THE_VIDEO, -reason.contribution

    def would_lead(self, source: str) -> bool:
        """Whether a reason of this source would come first."""
        return source in self.carrying and (
            not self.reasons or self.standing(self.reasons[0]) >= (False, -self.carrying[source])
        )

    def add(self, *reasons: Reason) -> None:
        """Put reasons in their places."""
        self.reasons.extend(reasons)
        self.reasons.sort(key=self.standing)


class Explainer:
    """Reasons for one answer. Keeps what was said already, so that no two items say the same sentence."""

    def __init__(self, found: Found) -> None:
        facts = Facts(found)
        self._facts, self._taste, self._video = facts, TasteReasons(facts), VideoReasons(facts)
        self._said: set[str] = set()

    def reasons(self, picks: Sequence[tuple[IndexedVideo, Mapping[str, SourceScore]]]) -> list[tuple[Reason, ...]]:
        """One to three reasons for each pick, the largest contribution first."""
        made = []
        for video, scores in picks:
            made.append(_Made(video, scores, carrying(scores), []))
            made[-1].add(*self._all(video, made[-1].carrying))
        found = self._facts.found
        trained = (
            ("collaborative", found.shared, self._taste.shared),
            ("sequence", found.went_on, self._taste.next_up),
        )
        for name, anchors, word in trained:
            # The record is asked who else took to a pick, which takes long, only where the answer would lead.
            leading = {pick.video.video_id: pick for pick in made if pick.would_lead(name)}
            for one, anchor in (anchors.of(leading) if anchors is not None else {}).items():
                leading[one].add(word(anchor, leading[one].carrying[name]))
        return [self._chosen(pick) for pick in made]

    def _chosen(self, pick: _Made) -> tuple[Reason, ...]:
        made = pick.reasons
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
        fallback = self._video.variety(pick.video, pick.scores)
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
        document = self._facts.document(video)
        if "wish" in carrying:
            yield from self._taste.wish(video, document, carrying["wish"])
        if "unexplored" in carrying or video.video_id in self._facts.found.found_by.get("unexplored", ()):
            yield from self._video.first_audience(video, document, carrying.get("unexplored", 0.0))
        if "meaning" in carrying or "labels" in carrying:
            yield from self._taste.interest(video, document, carrying)
        if "looks" in carrying:
            yield from self._taste.looks(video, document, carrying["looks"])
        if "fit" in carrying:
            yield from self._video.fit(video, document, carrying["fit"])
        if "adventurous" in carrying:
            yield from self._taste.adventure(video, document, carrying["adventurous"])
        if "trending" in carrying:
            yield from self._video.trending(video, carrying["trending"])
        if "fresh" in carrying:
            yield from self._video.published(video, carrying["fresh"], recent=True)
