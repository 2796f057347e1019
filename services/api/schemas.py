"""What the API takes and answers. The understanding of a video is its own document, `Understanding`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.api.idempotency import fingerprint_of
from services.intake import Metadata
from services.library.record.types import Lane, Priority, Upload, Video
from services.library.understanding import CopyMatch, DuplicateOf, VideoState

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Body(BaseModel):
    """Base of what callers send: an unknown field is an error, so that a typing slip is not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SubmissionFields(Body):
    """What is known about a video besides its bytes; all of it helps to describe and find it."""

    title: Annotated[Text, Field(max_length=500)] | None = None
    description: Annotated[Text, Field(max_length=10_000)] | None = None
    hashtags: tuple[Annotated[Text, Field(max_length=100)], ...] = Field((), max_length=100)
    creator: Annotated[Text, Field(max_length=200)] | None = None
    language_hint: str | None = Field(
        None, pattern=r"^[a-z]{2,3}$", description="ISO 639-1 code of the speech, e.g. zh."
    )
    published_at: AwareDatetime | None = None
    uploader: Annotated[Text, Field(max_length=200)] | None = Field(
        None, description="Whose turn the work takes; default: the account that hands it in."
    )
    priority: Literal["fresh", "backfill"] = Field("fresh", description="`backfill` (an archive) runs behind `fresh`.")

    def metadata(self, account: str) -> Metadata:
        """The same as the door takes it, for the account that hands it in."""
        return Metadata(
            title=self.title,
            description=self.description,
            hashtags=tuple(tag.lstrip("#") for tag in self.hashtags if tag.strip("#")),
            creator=self.creator,
            language_hint=self.language_hint,
            published_at=self.published_at,
            uploader=self.uploader or account,
            priority=Priority(self.priority),
        )


class SubmissionBody(SubmissionFields):
    """A video to take in: `path` below an allowed root, or `url` of an allowed host; exactly one of them."""

    path: Path | None = Field(None, description="File on the server, below one of REELWISE_ALLOWED_ROOTS.")
    url: str | None = Field(None, max_length=4_000, description="http(s) URL of one of REELWISE_ALLOWED_HOSTS.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.path is None) == (self.url is None):
            raise ValueError("give exactly one of `path` and `url`")
        return self

    def fingerprint(self) -> str:
        """What tells this request from another with the same idempotency key."""
        return fingerprint_of("path or url", self.model_dump_json())


class Links(BaseModel):
    """Where to go on from here."""

    model_config = ConfigDict(populate_by_name=True)

    self_: str = Field(alias="self")
    understanding: str

    @classmethod
    def of(cls, video_id: str) -> Links:
        """The links of a video."""
        here = f"/v1/videos/{video_id}"
        return cls(self_=here, understanding=f"{here}/understanding")


class SubmissionAnswer(BaseModel):
    """The video that the upload became. `created` is false when the same bytes were known already."""

    id: str
    state: VideoState
    created: bool
    links: Links


class RetriedAnswer(BaseModel):
    """How many were sent again."""

    retried: int


class ProgressView(BaseModel):
    """The stage that runs now; `fraction` in [0, 1] where it is known."""

    stage: str
    fraction: float | None


class UploadView(BaseModel):
    """One arrival of the video and what came with it."""

    source: str
    title: str | None
    description: str | None
    hashtags: tuple[str, ...]
    creator: str | None
    language_hint: str | None
    published_at: AwareDatetime | None
    uploader: str
    subtitles: int = Field(description="Number of subtitle files that came along.")
    created_at: AwareDatetime

    @classmethod
    def of(cls, upload: Upload) -> UploadView:
        """The public side of a stored upload."""
        said = upload.submission
        return cls(
            source=said.source,
            title=said.title,
            description=said.description,
            hashtags=said.hashtags,
            creator=said.creator,
            language_hint=said.language_hint,
            published_at=said.published_at,
            uploader=said.uploader,
            subtitles=len(said.sidecars),
            created_at=upload.created_at,
        )


class VideoView(BaseModel):
    """Where a video is on its way. `lane` is the lane that runs or is next, null in a final state."""

    id: str
    state: VideoState
    reason: str | None = Field(description="Why it failed or was rejected, in words.")
    lane: Lane | None
    attempts: int
    uploader: str = Field(description="Whose turn the work takes.")
    priority: Priority
    size_bytes: int
    created_at: AwareDatetime
    updated_at: AwareDatetime
    title: str | None
    source: str
    links: Links

    @classmethod
    def of(cls, video: Video, uploads: list[Upload]) -> VideoView:
        """The public side of a video; its title and source are those of the newest upload that has one."""
        titles = [upload.submission.title for upload in uploads if upload.submission.title]
        return cls(
            id=video.id,
            state=video.state,
            reason=video.reason,
            lane=video.lane,
            attempts=video.attempts,
            uploader=video.uploader,
            priority=video.priority,
            size_bytes=video.size_bytes,
            created_at=video.created_at,
            updated_at=video.updated_at,
            title=titles[-1] if titles else None,
            source=uploads[-1].submission.source if uploads else "unknown",
            links=Links.of(video.id),
        )


class VideoDetail(VideoView):
    """A video with everything that arrived for it, and how far the work is."""

    progress: ProgressView | None
    uploads: tuple[UploadView, ...]


class CopyView(BaseModel):
    """A later upload that is a copy, and how it agrees with the video asked about."""

    video_id: str
    match: CopyMatch


class DuplicatesAnswer(BaseModel):
    """What a video is a copy of (null for none), and the videos that are copies of it, earliest first."""

    video_id: str
    duplicate_of: DuplicateOf | None
    copies: tuple[CopyView, ...]


class VideoPage(BaseModel):
    """A page of videos, and how many videos there are in each state."""

    videos: tuple[VideoView, ...]
    counts: dict[VideoState, int]
    limit: int
    offset: int


class Health(BaseModel):
    """The process answers. `data_dir` tells one Reelwise on this machine from another."""

    status: Literal["ok"] = "ok"
    version: str
    data_dir: str


class CheckView(BaseModel):
    """One part: what is wrong with it and what to do, both null when all is well; seconds until it said so."""

    ok: bool
    problem: str | None
    remedy: str | None
    seconds: float


class Readiness(BaseModel):
    """Whether the parts that requests need are there; `checks` says which are not."""

    ready: bool
    checks: dict[str, CheckView]
