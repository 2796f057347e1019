"""What the reasons of one answer rest on: what ranking found, and labels as the documents name them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from services.library.understanding import Bilingual, EvidenceKind, Understanding
from services.recommend.anchors import Anchors
from services.recommend.behind import Behind
from services.recommend.claims import Claim, Named
from services.recommend.indexed import IndexedVideo, LabelKey, label_names
from services.recommend.reasons import Reason, find_label, shorten
from services.recommend.sources.base import SourceRequest

ABOUT = ("topics", "tags")
"""Labels that say what a video is about."""

Held = tuple[Named, tuple[str, ...]]
"""A label that a video's document holds, and the lines that it cites."""

LATER = Bilingual(en="", zh="")
"""Stands for the sentence until the reason is chosen; only then is it worded."""


@dataclass(frozen=True, slots=True)
class Found:
    """What ranking found for one answer, as far as reasons may rest on it.

    `documents` are the understandings of the picks and of the videos behind interests; `found_by` has, per source, the
    videos that it found itself; `looks`, per pick, the video behind an interest whose mean frame is nearest to it, and
    that cosine; `shared` looks up the viewer's videos that somebody else took to as well, `went_on` those after which
    somebody else took to a pick.
    """

    request: SourceRequest
    documents: Mapping[str, Understanding]
    found_by: Mapping[str, AbstractSet[str]]
    looks: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    shared: Anchors | None = None
    went_on: Anchors | None = None
    trend_days: int = 3


class Facts:
    """Looks up what reasons say. One answer's reasons share it."""

    def __init__(self, found: Found) -> None:
        self.found = found
        self.request = found.request
        self.taste = found.request.taste
        self.behind = Behind(found.request.taste, found.request.now)

    def document(self, video: IndexedVideo) -> Understanding | None:
        """A pick's understanding."""
        return self.found.documents.get(video.video_id)

    def label(
        self, video: IndexedVideo, document: Understanding | None, wanted: Callable[[LabelKey], bool]
    ) -> Held | None:
        """The rarest of the video's labels that is wanted and that its document holds."""
        fitting = sorted((key for key in video.labels if wanted(key)), key=lambda key: -self.request.rarity.of(key))
        return next((found for key in fitting if (found := self.named(key, video, document)) is not None), None)

    def named(self, key: LabelKey, video: IndexedVideo, document: Understanding | None) -> Held | None:
        """A label with its names and evidence; None when the video's payload or its document does not hold it."""
        if key not in video.labels:
            return None
        if document is None:
            en, zh = label_names(key, self.request.taxonomy)
            return Named(key, Bilingual(en=en, zh=zh)), ()
        label = find_label(key, document)
        if label is None:
            return None
        return Named(key, Bilingual(en=label.label, zh=label.label_zh)), label.evidence

    def holds(self, video: str, key: LabelKey) -> bool:
        """Whether a video's document holds a label, as far as the document is known."""
        document = self.found.documents.get(video)
        return document is None or find_label(key, document) is not None

    def resting(
        self,
        claim: Claim,
        source: str,
        share: float,
        videos: Sequence[str],
        evidence: tuple[str, ...] = (),
        labels: tuple[LabelKey, ...] = (),
    ) -> Reason:
        """A reason that rests on what the viewer did with these videos."""
        events = tuple(self.behind.latest(one).id for one in videos)
        return Reason(source, LATER, share, evidence, labels, tuple(videos), events, claim)

    def title(self, video: str) -> Bilingual:
        """What a video is called, or else what it is about."""
        indexed = self.request.catalogue.videos([video]).get(video)
        if indexed is not None and indexed.title:
            return Bilingual(en=shorten(indexed.title), zh=shorten(indexed.title))
        document = self.found.documents.get(video)
        if document is not None and document.summary is not None:
            return Bilingual(en=shorten(document.summary.en, 40), zh=shorten(document.summary.zh, 24))
        return Bilingual(en=f"video {video[:8]}", zh=f"视频 {video[:8]}")


def plain(claim: Claim, source: str, share: float) -> Reason:
    """A reason that rests on nothing that could be cited."""
    return Reason(source, LATER, share, claim=claim)


def about(claim: Claim, source: str, share: float, label: Held | None) -> Reason:
    """A reason about a label, which cites what the label cites."""
    if label is None:
        return plain(claim, source, share)
    named, evidence = label
    return Reason(source, LATER, share, evidence, (named.key,), claim=claim)


def frames(document: Understanding | None) -> tuple[str, ...]:
    """Lines about the first frames."""
    lines = document.evidence if document else ()
    return tuple(line.id for line in lines if line.kind is EvidenceKind.FRAME and not line.is_manner)[:3]
