"""How hits and picks are written as JSON; both languages of every reason are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, Field

from services.library.understanding import Bilingual
from services.recommend import MomentHit, SearchHit
from services.recommend.reasons import Reason
from services.recommend.scores import SourceScore


class ScoreView(BaseModel):
    """`raw` is the source's own score, `normalised` the same in this request, `contribution` its part of `score`."""

    raw: float
    normalised: float
    contribution: float


class ReasonView(BaseModel):
    """A sentence, the source whose score it explains, and what it rests on.

    `evidence` are ids of the item's understanding, `labels` stored labels as `field:value`, `interactions` ids of
    videos that the viewer acted on, `events` ids of the events by which they did.
    """

    source: str = Field(examples=["meaning"])
    text: Bilingual
    contribution: float
    evidence: tuple[str, ...]
    labels: tuple[str, ...]
    interactions: tuple[str, ...]
    events: tuple[str, ...] = ()

    @classmethod
    def of(cls, reason: Reason) -> ReasonView:
        """The public side of a reason."""
        return cls(
            source=reason.source,
            text=reason.text,
            contribution=reason.contribution,
            evidence=reason.evidence,
            labels=tuple(f"{label.field}:{label.value}" for label in reason.labels),
            interactions=reason.interactions,
            events=reason.events,
        )


class VideoHitView(BaseModel):
    """A found video."""

    video_id: str
    title: str | None
    score: float
    duration_s: float | None
    language: str | None
    sources: dict[str, ScoreView]
    reasons: tuple[ReasonView, ...]


class VideoAnswer(BaseModel):
    """Videos, best first."""

    query: str
    videos: tuple[VideoHitView, ...]

    @classmethod
    def of(cls, query: str, hits: Sequence[SearchHit]) -> VideoAnswer:
        """The public side of a search's hits."""
        return cls(
            query=query,
            videos=tuple(
                VideoHitView(
                    video_id=hit.video_id,
                    title=hit.title,
                    score=hit.score,
                    duration_s=hit.duration_s,
                    language=hit.language,
                    sources=score_views(hit.sources),
                    reasons=reason_views(hit.reasons),
                )
                for hit in hits
            ),
        )


class MomentHitView(BaseModel):
    """A found stretch of a video; times in seconds from its start."""

    video_id: str
    title: str | None
    start: float
    end: float
    kind: str | None
    text: str
    score: float
    sources: dict[str, ScoreView]
    reasons: tuple[ReasonView, ...]


class MomentAnswer(BaseModel):
    """Moments, best first."""

    query: str
    moments: tuple[MomentHitView, ...]

    @classmethod
    def of(cls, query: str, hits: Sequence[MomentHit]) -> MomentAnswer:
        """The public side of a search's moments."""
        return cls(
            query=query,
            moments=tuple(
                MomentHitView(
                    video_id=hit.video_id,
                    title=hit.title,
                    start=hit.start,
                    end=hit.end,
                    kind=hit.kind,
                    text=hit.text,
                    score=hit.score,
                    sources=score_views(hit.sources),
                    reasons=reason_views(hit.reasons),
                )
                for hit in hits
            ),
        )


def score_views(sources: Mapping[str, SourceScore]) -> dict[str, ScoreView]:
    """Scores by source."""
    return {
        name: ScoreView(raw=score.raw, normalised=score.normalised, contribution=score.contribution)
        for name, score in sources.items()
    }


def reason_views(reasons: Sequence[Reason]) -> tuple[ReasonView, ...]:
    """Reasons in their order."""
    return tuple(ReasonView.of(reason) for reason in reasons)
