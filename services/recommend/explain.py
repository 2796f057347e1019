"""Why a video is recommended: sentences that name only what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from services.library.record.port import RecordPort
from services.library.taxonomy import Taxonomy
from services.library.understanding import Bilingual, EvidenceKind, Understanding
from services.recommend.alike import ALIKE_IN_LOOKS, ALIKE_IN_MEANING
from services.recommend.context import ResolvedContext
from services.recommend.indexed import IndexedVideo, LabelKey, label_names
from services.recommend.profile import Anchor, Profile, Rarity
from services.recommend.reasons import Reason, find_label, shorten
from services.recommend.scores import SourceScore
from services.recommend.sources import Near

MAX_REASONS = 3

_ALIKE = {"meaning": ALIKE_IN_MEANING, "looks": ALIKE_IN_LOOKS}


@dataclass(frozen=True, slots=True)
class Explainer:
    """Everything that a reason may rest on in one request. `near` is by source, then by point id."""

    record: RecordPort
    taxonomy: Taxonomy
    rarity: Rarity
    profile: Profile
    context: ResolvedContext
    near: Mapping[str, Mapping[str, Near]]
    published: Mapping[str, float]

    def reasons(self, video: IndexedVideo, scores: Mapping[str, SourceScore]) -> tuple[Reason, ...]:
        """One to three reasons, the largest contribution first.

        A video that is merely the nearest is not called alike. A label is named only if the video's payload holds it,
        a shared one only if the other video's holds it too,
        and an interaction only if it happened.
        """
        understanding = self.record.understanding(video.video_id)
        found: list[Reason] = []
        for source in ("meaning", "looks"):
            near = self.near.get(source, {}).get(video.point_id)
            if near is None or not _contributes(scores, source):
                continue
            if near.cosine >= _ALIKE[source] or (source == "meaning" and _shared(video, near.anchor.video)):
                found.append(self._near(source, near.anchor, video, understanding, scores[source].contribution))
        if _contributes(scores, "labels"):
            found += self._interest(video, understanding, scores["labels"].contribution)
        if _contributes(scores, "fit"):
            found += self._fit(video, understanding, scores["fit"].contribution)
        found.sort(key=lambda reason: -reason.contribution)
        distinct = _distinct(found)[:MAX_REASONS]
        if distinct:
            return distinct
        fresh = scores["fresh"].contribution if "fresh" in scores else 0.0
        return (self._fresh(video, understanding, fresh),)

    def _near(
        self,
        source: str,
        anchor: Anchor,
        video: IndexedVideo,
        understanding: Understanding | None,
        contribution: float,
    ) -> Reason:
        title = self._title(anchor.video)
        en = f"Because you {'liked' if anchor.liked else 'watched'} “{title.en}”"
        zh = f"因为你{'喜欢' if anchor.liked else '看过'}《{title.zh}》"
        interactions = (anchor.video.video_id,)
        if source == "looks":
            frames = _frames(understanding)
            return Reason(
                source,
                Bilingual(en=f"{en}: the pictures are alike.", zh=f"{zh}：画面相似。"),
                contribution,
                evidence=frames,
                interactions=interactions,
            )
        shared = _shared(video, anchor.video)
        if not shared:
            text = Bilingual(en=f"{en}: close in content.", zh=f"{zh}：内容相近。")
            return Reason(source, text, contribution, interactions=interactions)
        label = max(shared, key=self.rarity.of)
        names, evidence = self._names(label, understanding)
        text = Bilingual(en=f"{en}: both are about {names.en}.", zh=f"{zh}：都与“{names.zh}”有关。")
        return Reason(source, text, contribution, evidence, labels=(label,), interactions=interactions)

    def _interest(self, video: IndexedVideo, understanding: Understanding | None, contribution: float) -> list[Reason]:
        carried = [
            label for label in video.labels if self.profile.labels.get(label, 0.0) > 0 and label in self.profile.support
        ]
        if not carried:
            return []
        label = max(carried, key=lambda known: self.profile.labels[known])
        behind = self.profile.support[label]
        names, evidence = self._names(label, understanding)
        en = f"You took to {len(behind)} other videos marked “{names.en}”."
        zh = f"你看过或喜欢过 {len(behind)} 个“{names.zh}”视频。"
        anchor = next((one for one in self.profile.anchors if (one.video.video_id,) == tuple(behind)), None)
        if anchor is not None:
            title = self._title(anchor.video)
            en = f"Because you {'liked' if anchor.liked else 'watched'} “{title.en}”: both are about {names.en}."
            zh = f"因为你{'喜欢' if anchor.liked else '看过'}《{title.zh}》：都与“{names.zh}”有关。"
        elif len(behind) == 1:
            en, zh = f"You took to another video marked “{names.en}”.", f"你看过或喜欢过一个“{names.zh}”视频。"
        return [Reason("labels", Bilingual(en=en, zh=zh), contribution, evidence, (label,), behind)]

    def _fit(self, video: IndexedVideo, understanding: Understanding | None, contribution: float) -> list[Reason]:
        reasons = []
        mood, occasion = self.context.mood, self.context.occasion
        if mood is not None and mood.slug in video.values("moods"):
            label = LabelKey("moods", mood.slug)
            _, evidence = self._names(label, understanding)
            text = Bilingual(en=f"Its mood is {mood.en}, as you asked.", zh=f"情绪是你想要的“{mood.zh}”。")
            reasons.append(Reason("fit", text, contribution, evidence, (label,)))
        if occasion is not None and occasion.slug in video.values("occasions"):
            label = LabelKey("occasions", occasion.slug)
            _, evidence = self._names(label, understanding)
            asked = self.context.certainty == 1.0
            text = Bilingual(
                en=f"Suits {occasion.en}{', as you asked' if asked else ' at this hour'}.",
                zh=f"{'适合你说的' if asked else '适合这个时间：'}“{occasion.zh}”。",
            )
            reasons.append(Reason("fit", text, contribution, evidence, (label,)))
        return reasons

    def _fresh(self, video: IndexedVideo, understanding: Understanding | None, contribution: float) -> Reason:
        when = self.published.get(video.point_id)
        day = datetime.fromtimestamp(when, tz=UTC).date().isoformat() if when is not None else None
        if day is not None and video.published_at is not None:
            return Reason("fresh", Bilingual(en=f"Published on {day}.", zh=f"发布于 {day}。"), contribution)
        about = next((label for label in video.labels if label.field in ("topics", "tags")), None)
        if about is not None:
            names, evidence = self._names(about, understanding)
            text = Bilingual(en=f"For variety: it is about {names.en}.", zh=f"换换口味：内容与“{names.zh}”有关。")
            return Reason("fresh", text, contribution, evidence, (about,))
        if day is not None:
            return Reason("fresh", Bilingual(en=f"New here since {day}.", zh=f"{day} 新加入。"), contribution)
        return Reason("fresh", Bilingual(en="For variety.", zh="换换口味。"), contribution)

    def _names(self, key: LabelKey, understanding: Understanding | None) -> tuple[Bilingual, tuple[str, ...]]:
        label = find_label(key, understanding)
        if label is not None:
            return Bilingual(en=label.label, zh=label.label_zh), label.evidence
        en, zh = label_names(key, self.taxonomy)
        return Bilingual(en=en, zh=zh), ()

    def _title(self, video: IndexedVideo) -> Bilingual:
        if video.title:
            return Bilingual(en=shorten(video.title), zh=shorten(video.title))
        understanding = self.record.understanding(video.video_id)
        if understanding is not None and understanding.summary is not None:
            return Bilingual(en=shorten(understanding.summary.en, 40), zh=shorten(understanding.summary.zh, 24))
        return Bilingual(en=f"video {video.video_id[:8]}", zh=f"视频 {video.video_id[:8]}")


def _shared(video: IndexedVideo, other: IndexedVideo) -> list[LabelKey]:
    return [label for label in video.labels if label in other.labels and label.field in ("tags", "topics")]


def _contributes(scores: Mapping[str, SourceScore], source: str) -> bool:
    return source in scores and scores[source].contribution > 0


def _frames(understanding: Understanding | None) -> tuple[str, ...]:
    lines = understanding.evidence if understanding else ()
    return tuple(line.id for line in lines if line.kind is EvidenceKind.FRAME and not line.is_manner)[:3]


def _distinct(reasons: list[Reason]) -> tuple[Reason, ...]:
    """Drop a reason that names only labels which an earlier one named already."""
    kept: list[Reason] = []
    named: set[LabelKey] = set()
    for reason in reasons:
        if reason.labels and set(reason.labels) <= named:
            continue
        named.update(reason.labels)
        kept.append(reason)
    return tuple(kept)
