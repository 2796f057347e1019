"""What the profile's routes take and answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from services.api.schemas import Body, Text
from services.library.record.events import EditKind, Event, EventKind, ProfileEdit
from services.library.taxonomy import Taxonomy
from services.library.understanding import Bilingual
from services.recommend.indexed import LabelKey, label_names
from services.recommend.profile import Interest, InterestVector, SessionIntent
from services.recommend.profile_edits import MAX_EDITS
from services.recommend.wishes import MAX_WISH_CHARACTERS

EditedField = Literal["topics", "tags", "moods", "occasions", "creators", "languages"]
Value = Annotated[Text, Field(max_length=200)]


class EditBody(Body):
    """One correction: more of an interest (`boost`), none of it (`mute`), or forget what led to it (`remove`)."""

    action: Literal["boost", "mute", "remove"]
    field: EditedField
    value: Value = Field(description="A slug or name of the taxonomy, a tag, a creator or a language.")
    weight: float | None = Field(None, gt=0, le=100, description="Of a boost, in likes; default 2.")
    expires_at: AwareDatetime | None = Field(None, description="Until when it counts; default: for good.")

    @model_validator(mode="after")
    def _weight_of_a_boost(self) -> Self:
        if self.weight is not None and self.action != "boost":
            raise ValueError("only a boost has a weight")
        return self


class EditsBody(Body):
    """Corrections of a profile, all or none."""

    edits: tuple[EditBody, ...] = Field(min_length=1, max_length=100)


class WishBody(Body):
    """What a viewer says they want, in Chinese or English, and for how long it counts."""

    text: Annotated[Text, Field(max_length=MAX_WISH_CHARACTERS, examples=["我最近喜欢运动类视频"])]
    days: float = Field(30.0, gt=0, le=3650, description="For how many days it counts.")


class OnboardingBody(Body):
    """What a viewer chose at the start, by slug or name; an empty body takes earlier choices back."""

    topics: tuple[Value, ...] = Field((), max_length=MAX_EDITS)
    moods: tuple[Value, ...] = Field((), max_length=100)
    occasions: tuple[Value, ...] = Field((), max_length=100)
    tags: tuple[Value, ...] = Field((), max_length=100)
    creators: tuple[Value, ...] = Field((), max_length=100)
    languages: tuple[Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}$")], ...] = Field((), max_length=20)


class EditView(BaseModel):
    """A stored edit. `text` is the wish that it came from; `active` is false once it has expired."""

    id: str
    kind: EditKind
    field: str
    value: str
    weight: float
    at: AwareDatetime
    expires_at: AwareDatetime | None
    active: bool
    text: str | None

    @classmethod
    def of(cls, edit: ProfileEdit, now: AwareDatetime) -> EditView:
        """The public side of an edit."""
        return cls(
            id=edit.id,
            kind=edit.kind,
            field=edit.field,
            value=edit.value,
            weight=edit.weight,
            at=edit.at,
            expires_at=edit.expires_at,
            active=edit.expires_at is None or edit.expires_at > now,
            text=edit.text,
        )


class EditsAnswer(BaseModel):
    """The edits that were stored."""

    edits: tuple[EditView, ...]


class CauseView(BaseModel):
    """An event behind an interest."""

    id: str
    kind: EventKind
    at: AwareDatetime
    video_id: str | None
    creator: str | None
    query: str | None
    watch_ratio: float | None

    @classmethod
    def of(cls, event: Event) -> CauseView:
        """The public side of an event."""
        return cls(
            id=event.id,
            kind=event.kind,
            at=event.at,
            video_id=event.video_id,
            creator=event.creator,
            query=event.query,
            watch_ratio=event.watch_ratio,
        )


class InterestView(BaseModel):
    """Interest in one label, in [-1, 1], and what made it. `moments` are shares of the evidence by local time."""

    field: str
    value: str
    name: Bilingual
    score: float
    positive: float
    negative: float
    muted: bool
    moments: dict[str, float]
    event_count: int
    events: tuple[CauseView, ...]
    edits: tuple[str, ...]

    @classmethod
    def of(cls, interest: Interest, events: Mapping[str, Event], taxonomy: Taxonomy) -> InterestView:
        """The public side of an interest."""
        en, zh = label_names(interest.label, taxonomy)
        whole = sum(interest.moments.values()) or 1.0
        return cls(
            field=interest.label.field,
            value=interest.label.value,
            name=Bilingual(en=en, zh=zh),
            score=round(interest.score, 4),
            positive=round(interest.positive, 4),
            negative=round(interest.negative, 4),
            muted=interest.muted,
            moments={moment.name: round(share / whole, 3) for moment, share in sorted(interest.moments.items())},
            event_count=interest.event_count,
            events=tuple(CauseView.of(events[one]) for one in interest.events if one in events),
            edits=interest.edits,
        )


class VectorView(BaseModel):
    """One interest vector: its share of the evidence, the video that stands for it, and all that it was made of."""

    weight: float
    medoid: str
    title: str | None
    videos: tuple[str, ...]
    events: tuple[str, ...]

    @classmethod
    def of(cls, vector: InterestVector, titles: Mapping[str, str | None]) -> VectorView:
        """The public side of a vector; the numbers themselves say nothing to a person."""
        return cls(
            weight=round(vector.weight, 4),
            medoid=vector.medoid,
            title=titles.get(vector.medoid),
            videos=vector.videos,
            events=vector.events,
        )


class SessionView(BaseModel):
    """What the viewer is after right now."""

    since: AwareDatetime
    events: tuple[str, ...]
    videos: tuple[str, ...]
    labels: dict[str, float]

    @classmethod
    def of(cls, session: SessionIntent) -> SessionView:
        """The public side of a session; labels as `field:value`."""
        return cls(
            since=session.since,
            events=session.events,
            videos=session.videos,
            labels={_written(label): round(score, 4) for label, score in session.labels.items()},
        )


class ProfileAnswer(BaseModel):
    """What is known of a viewer, made anew from the latest events at every request; `note` says when it is nothing."""

    user: str
    events_considered: int
    note: str | None
    interests: tuple[InterestView, ...]
    interests_left_out: int
    vectors: tuple[VectorView, ...]
    session: SessionView | None
    edits: tuple[EditView, ...]


class ErasedAnswer(BaseModel):
    """How much was erased."""

    events: int
    impression_batches: int
    edits: int


def _written(label: LabelKey) -> str:
    return f"{label.field}:{label.value}"
