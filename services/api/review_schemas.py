"""What the review routes take and answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, StringConstraints
from pydantic import Field as PydanticField

from services.api.schemas import Body
from services.library.overlay import Action, Decision, Field, Item, Words
from services.library.record.queue import Progress, Queued
from services.library.record.types import Video
from services.library.understanding import Bilingual, Understanding, VideoState
from services.review import RUNS_AGAIN, Draft, Redescribed, why_queued

ClientKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{8,64}$")]


class DecisionBody(Body):
    """One decision of an editor.

    `target`: the casefolded English tag; the slug of a topic, mood or occasion; the category of a safety label;
    empty for `summary` and `why`; the evidence id of a line of `speech` or `screen`. `after` is the new item for
    `edit` and `add` (a label, a safety label, `{"en", "zh"}` or `{"text"}`). For `undo` give `undoes` instead, the
    id of an entry of the history.
    """

    key: ClientKey = PydanticField(description="The client's own id of the decision; sent twice, it is saved once.")
    field: Field | None = None
    target: str = PydanticField("", max_length=500)
    action: Action
    after: Words | None = None
    comment: str | None = PydanticField(None, max_length=2_000)
    version: int | None = PydanticField(
        None, ge=0, description="The item's `version` that was seen; 409 if it moved on. Null: not checked."
    )
    undoes: int | None = None

    def draft(self) -> Draft:
        """The same as the review takes it."""
        return Draft(
            key=self.key,
            field=self.field,
            target=self.target,
            action=self.action,
            after=self.after,
            comment=self.comment,
            version=self.version,
            undoes=self.undoes,
        )


class DecisionsBody(Body):
    """Decisions about one video, saved all or none, in this order."""

    decisions: tuple[DecisionBody, ...] = PydanticField(min_length=1, max_length=200)


class QueueItem(BaseModel):
    """A video in the queue. `why` says in words, most urgent first, what the numbers in `signals` mean."""

    video_id: str
    title: str | None
    language: str | None
    creator: str | None
    topics: tuple[str, ...]
    models: tuple[str, ...]
    duration_s: float | None
    state: str
    score: float
    signals: dict[str, float]
    why: tuple[Bilingual, ...]
    reach: int
    wanted: int
    finished: int
    claimed_by: tuple[str, ...]
    finished_by: tuple[str, ...]
    created_at: AwareDatetime

    @classmethod
    def of(cls, queued: Queued) -> QueueItem:
        """The public side."""
        values = {name: getattr(queued, name) for name in cls.model_fields if name != "why"}
        return cls(**values, why=why_queued(queued.signals, reach=queued.reach))


class QueuePage(BaseModel):
    """A page of the queue; `total` counts all that pass the filter."""

    items: tuple[QueueItem, ...]
    total: int
    limit: int
    offset: int


class ProgressAnswer(BaseModel):
    """How much is left, and what the caller did. Days are UTC."""

    open: int
    done: int
    disputed: int
    mine_today: int
    mine: int
    mine_claimed: int

    @classmethod
    def of(cls, progress: Progress) -> ProgressAnswer:
        """The public side."""
        return cls(**{name: getattr(progress, name) for name in cls.model_fields})


class RedescribeView(BaseModel):
    """`changes` counts the corrected lines that the video is not described with yet, or no longer to be described
    with; `runs` are the stages that would run again.
    """

    changes: int
    runs: tuple[str, ...] = RUNS_AGAIN


class CorrectionView(BaseModel):
    """A corrected line that the video is described with; `corrected` is empty where it was taken away.

    `applied` is false where the newest run of the models does not give the line: the correction is kept for a run
    that does. `account` asked for the description, at `at`.
    """

    field: Field
    machine: str
    corrected: str
    start: float | None
    end: float | None
    account: str
    at: AwareDatetime
    applied: bool


class RedescribeAnswer(BaseModel):
    """`queued`: the video is described again, with `corrections`; `runs` are the stages that run again, none where
    nothing was corrected or taken back since the last time. `state` is the video's.
    """

    video_id: str
    state: VideoState
    queued: bool
    runs: tuple[str, ...]
    corrections: tuple[CorrectionView, ...]

    @classmethod
    def of(cls, video: Video, done: Redescribed) -> RedescribeAnswer:
        """The public side."""
        corrections = tuple(
            CorrectionView(**one.correction.model_dump(), applied=one.applied) for one in done.corrections
        )
        queued = done.changes > 0
        return cls(
            video_id=video.id,
            state=video.state,
            queued=queued,
            runs=RUNS_AGAIN if queued else (),
            corrections=corrections,
        )


class ReviewView(BaseModel):
    """Everything an editor needs of one video.

    `document` is what readers see (in a blind review: with the caller's own decisions only), `items` its parts with
    the machine's words beside the editor's, `history` the log. `published`: the index holds it already. `redescribe`
    is null in a blind review.
    """

    document: Understanding
    items: tuple[Item, ...]
    history: tuple[Decision, ...]
    reviewed: bool
    blind: bool
    revision: int
    published: bool
    redescribe: RedescribeView | None
    queue: QueueItem | None


class DecisionsAnswer(BaseModel):
    """What was written now (a key that was sent before is not written again), and the video as it stands."""

    saved: tuple[Decision, ...]
    view: ReviewView


class HistoryAnswer(BaseModel):
    """The log of a video, oldest first."""

    decisions: tuple[Decision, ...]


class NextAnswer(BaseModel):
    """The claimed video, null when nothing that fits is open."""

    item: QueueItem | None


class ClaimAnswer(BaseModel):
    """A claim and when it is released if nothing is decided. `blind`: others' decisions are not shown."""

    video_id: str
    blind: bool
    lease_s: float


class DoneAnswer(BaseModel):
    """Whether the video needs no further editor, and whether a third one was asked for."""

    done: bool
    disputed: bool


class RefreshAnswer(BaseModel):
    """How many videos moved in the queue."""

    changed: int
