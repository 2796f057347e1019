"""What the routes about rules, bulk actions, views, reports, figures and the taxonomy take and answer."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from services.api.review_schemas import ClientKey
from services.api.schemas import Body, Text
from services.library.calibration import Calibration
from services.library.overlay import Action, Decision
from services.library.overlay import Field as ReviewField
from services.library.record.desk import Bulk
from services.library.record.queue_filter import QueueFilter
from services.library.record.rules import LabelRule
from services.library.taxonomy.edits import Describe, Edit, Merge, Move
from services.library.understanding import Label
from services.review import Acceptance, Agreement, BulkDone, BulkRequest, TaxonomyChange


class FilterBody(Body):
    """A filter of the queue; what is null lets everything through."""

    state: Literal["open", "done"] | None = "open"
    language: str | None = None
    topic: str | None = None
    creator: str | None = None
    model: str | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    signal: str | None = Field(None, pattern=r"^[a-z]{2,20}$")

    def where(self) -> QueueFilter:
        """The same as the record takes it."""
        return QueueFilter(**self.model_dump())


class ReportBody(Body):
    """What is wrong with the video, in words."""

    reason: Text = Field(max_length=2_000)


class ReportAnswer(BaseModel):
    """How many reports of the video are open."""

    open: int


class ReportView(BaseModel):
    """An open report."""

    account: str
    reason: str
    at: AwareDatetime


class ReportsAnswer(BaseModel):
    """The open reports of a video, oldest first."""

    reports: tuple[ReportView, ...]


class SavedView(BaseModel):
    """A filter under a name of the caller's own."""

    name: str
    filters: FilterBody


class SavedViews(BaseModel):
    """The caller's saved views, by name."""

    views: tuple[SavedView, ...]


class RuleBody(Body):
    """Suppress a label everywhere, or rename a tag everywhere (`en`, and `zh` if it has another Chinese name)."""

    field: ReviewField
    key: Text = Field(max_length=200, description="The casefolded tag, or the slug.")
    action: Literal["suppress", "rename"]
    en: str | None = Field(None, max_length=200)
    zh: str | None = Field(None, max_length=200)


class RuleView(BaseModel):
    """A rule that holds."""

    id: int
    field: ReviewField
    key: str
    action: str
    to_key: str | None
    to_en: str | None
    to_zh: str | None
    account: str
    at: AwareDatetime

    @classmethod
    def of(cls, rule: LabelRule) -> RuleView:
        """The public side."""
        return cls(**{name: getattr(rule, name) for name in cls.model_fields})


class RuleAnswer(BaseModel):
    """A rule, and how many videos it touched."""

    rule: RuleView
    videos: int


class RulesAnswer(BaseModel):
    """The rules that hold, oldest first."""

    rules: tuple[RuleView, ...]


class BulkPreviewBody(Body):
    """Accept, reject or edit one label on every video that the filter lets through."""

    field: ReviewField
    target: str = Field(min_length=1, max_length=500)
    action: Action
    where: FilterBody = FilterBody()
    after: Label | None = None
    comment: str | None = Field(None, max_length=2_000)

    def request(self) -> BulkRequest:
        """The same as the review takes it."""
        return BulkRequest(self.field, self.target, self.action, self.where.where(), self.after, self.comment)


class BulkBody(BulkPreviewBody):
    """The same, to be done. Sending `key` again goes on where a lost connection left off."""

    key: ClientKey


class BulkPreview(BaseModel):
    """How many videos would change, and the most urgent of them."""

    count: int
    sample: tuple[str, ...]


class BulkView(BaseModel):
    """A bulk action."""

    id: int
    account: str
    request: dict[str, Any]
    decisions: int
    at: AwareDatetime
    undone_at: AwareDatetime | None
    undone_by: str | None

    @classmethod
    def of(cls, bulk: Bulk) -> BulkView:
        """The public side."""
        return cls(**{name: getattr(bulk, name) for name in cls.model_fields})


class BulkAnswer(BaseModel):
    """A bulk action that was done or undone; `refused` are videos that no longer carried the label."""

    bulk: BulkView
    published: int
    refused: tuple[str, ...]

    @classmethod
    def of(cls, done: BulkDone) -> BulkAnswer:
        """The public side."""
        return cls(bulk=BulkView.of(done.bulk), published=done.published, refused=done.refused)


class BulksAnswer(BaseModel):
    """Bulk actions, newest first."""

    bulks: tuple[BulkView, ...]


class AgreementRow(BaseModel):
    """Blind pairs of verdicts on a field (`label` null) or one of its labels. `kappa` is Cohen's, `alpha`
    Krippendorff's; null where all verdicts are the same.
    """

    field: str
    label: str | None
    items: int
    agreed: int
    kappa: float | None
    alpha: float | None

    @classmethod
    def of(cls, row: Agreement) -> AgreementRow:
        """The public side."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class AgreementAnswer(BaseModel):
    """Per field, then per label."""

    rows: tuple[AgreementRow, ...]


class AcceptanceRow(BaseModel):
    """Verdicts of a month (`period`) on what a field, label, model or prompt version (`by`, `name`) said."""

    by: str
    name: str
    period: str
    accepted: int
    rejected: int
    edited: int
    rate: float

    @classmethod
    def of(cls, row: Acceptance) -> AcceptanceRow:
        """The public side."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class ReportCard(BaseModel):
    """How often editors let stand what the models said."""

    rows: tuple[AcceptanceRow, ...]


class ExportedDecision(Decision):
    """A line of the export. `live`: nobody took it back."""

    live: bool


class CalibrationAnswer(BaseModel):
    """Curves for REELWISE_CALIBRATION; `left_out` verdicts are about models that were replaced since."""

    calibration: Calibration
    verdicts: int
    left_out: int


class TaxonomyPreviewBody(Body):
    """Edits, applied in order on top of the newest version."""

    edits: tuple[Edit, ...] = Field(min_length=1, max_length=500)


class TaxonomyBody(TaxonomyPreviewBody):
    """Edits to publish. `base` is the version they were made on; 409 when a newer one was published meanwhile."""

    base: int = Field(ge=0)
    note: str = Field("", max_length=2_000)


class EffectView(BaseModel):
    """What an edit does: `videos` carry the label now; `needs_annotate` says what only a new run would change."""

    edit: Describe | Merge | Move = Field(discriminator="op")
    videos: int
    at_once: str
    needs_annotate: str | None


class TaxonomyAnswer(BaseModel):
    """A version that was published, or would be."""

    version: int
    effects: tuple[EffectView, ...]
    videos: int

    @classmethod
    def of(cls, change: TaxonomyChange) -> TaxonomyAnswer:
        """The public side."""
        effects = tuple(
            EffectView(edit=one.edit, videos=one.videos, at_once=one.at_once, needs_annotate=one.needs_annotate)
            for one in change.effects
        )
        return cls(version=change.version, effects=effects, videos=change.videos)


class TaxonomyVersionView(BaseModel):
    """A published version; `edits` are all since the taxonomy that ships."""

    version: int
    edits: tuple[dict[str, Any], ...]
    note: str
    account: str
    at: AwareDatetime


class TaxonomyVersions(BaseModel):
    """Newest first; `current` 0 is the taxonomy that ships."""

    current: int
    versions: tuple[TaxonomyVersionView, ...]
