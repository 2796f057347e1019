"""Reports, saved views, rules for labels, bulk actions, taxonomy."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.api.caller import CallerOf
from services.api.errors import error_responses
from services.api.lookup import NamedVideo, ServiceOf
from services.api.review_desk_schemas import (
    BulkAnswer,
    BulkBody,
    BulkPreview,
    BulkPreviewBody,
    BulksAnswer,
    BulkView,
    FilterBody,
    ReportAnswer,
    ReportBody,
    ReportsAnswer,
    ReportView,
    RuleAnswer,
    RuleBody,
    RulesAnswer,
    RuleView,
    SavedView,
    SavedViews,
    TaxonomyAnswer,
    TaxonomyBody,
    TaxonomyPreviewBody,
    TaxonomyVersions,
    TaxonomyVersionView,
)
from services.review import (
    end_rule,
    preview_bulk,
    preview_taxonomy,
    publish_taxonomy,
    rename,
    run_bulk,
    suppress,
    undo_bulk,
)

router = APIRouter(prefix="/v1", tags=["review"])

_ViewName = Annotated[str, Path(min_length=1, max_length=100)]


@router.post("/videos/{video_id}/reports", status_code=201, summary="Report a video", responses=error_responses(404))
def report(service: ServiceOf, caller: CallerOf, video: NamedVideo, body: ReportBody) -> ReportAnswer:
    """Say that something is wrong with a video; it moves to the top of the editors' queue."""
    return ReportAnswer(open=service.library.record.report(video.id, caller.name, body.reason))


@router.get("/review/videos/{video_id}/reports", summary="Open reports", responses=error_responses(404))
def show_reports(service: ServiceOf, video: NamedVideo) -> ReportsAnswer:
    """Who reported the video, and why; finishing a review closes them."""
    found = service.library.record.reports(video.id)
    return ReportsAnswer(reports=tuple(ReportView(account=who, reason=why, at=at) for who, why, at in found))


@router.get("/review/views", summary="My saved views")
def list_views(service: ServiceOf, caller: CallerOf) -> SavedViews:
    """The caller's filters by name."""
    found = service.library.record.saved_views(caller.name)
    return SavedViews(views=tuple(SavedView(name=name, filters=FilterBody(**filters)) for name, filters in found))


@router.put("/review/views/{name}", status_code=204, summary="Save a view")
def save_view(service: ServiceOf, caller: CallerOf, name: _ViewName, body: FilterBody) -> Response:
    """Keep a filter under a name; the same name replaces it."""
    service.library.record.save_view(caller.name, name, body.model_dump(mode="json"))
    return Response(status_code=204)


@router.delete("/review/views/{name}", status_code=204, summary="Forget a view")
def delete_view(service: ServiceOf, caller: CallerOf, name: _ViewName) -> Response:
    """Forget a saved view."""
    service.library.record.delete_view(caller.name, name)
    return Response(status_code=204)


@router.get("/review/label-rules", summary="Rules for labels")
def list_rules(service: ServiceOf) -> RulesAnswer:
    """Labels that are suppressed or renamed on every video."""
    return RulesAnswer(rules=tuple(RuleView.of(rule) for rule in service.library.record.label_rules()))


@router.post(
    "/review/label-rules", status_code=201, summary="Suppress or rename a label", responses=error_responses(409, 422)
)
def add_rule(service: ServiceOf, caller: CallerOf, body: RuleBody) -> RuleAnswer:
    """Takes effect at once, in documents, payloads, search and reasons; no model runs."""
    if body.action == "suppress":
        rule, videos = suppress(service.library, body.field, body.key, caller.name)
    else:
        names = (body.en or "", body.zh or "")
        rule, videos = rename(service.library, body.field, body.key, names, caller.name)
    return RuleAnswer(rule=RuleView.of(rule), videos=videos)


@router.delete("/review/label-rules/{rule_id}", summary="End a rule", responses=error_responses(404))
def delete_rule(service: ServiceOf, caller: CallerOf, rule_id: int) -> RuleAnswer:
    """Undo a rule: labels come back under their own names."""
    rule, videos = end_rule(service.library, rule_id, caller.name)
    return RuleAnswer(rule=RuleView.of(rule), videos=videos)


@router.post("/review/bulk/preview", summary="What a bulk action would touch", responses=error_responses(422))
def preview(service: ServiceOf, body: BulkPreviewBody) -> BulkPreview:
    """Counts and samples; nothing changes."""
    found = preview_bulk(service.library, body.request())
    return BulkPreview(count=found.count, sample=found.sample)


@router.post("/review/bulk", status_code=201, summary="Decide in bulk", responses=error_responses(422))
def bulk(service: ServiceOf, caller: CallerOf, body: BulkBody) -> BulkAnswer:
    """One decision a video, all of them undone by one request."""
    most = service.library.settings.bulk_most
    return BulkAnswer.of(run_bulk(service.library, body.request(), caller.name, body.key, most))


@router.get("/review/bulk", summary="Bulk actions")
def list_bulk(service: ServiceOf) -> BulksAnswer:
    """The latest fifty, newest first."""
    return BulksAnswer(bulks=tuple(BulkView.of(one) for one in service.library.record.bulks()))


@router.post("/review/bulk/{bulk_id}/undo", summary="Undo a bulk action", responses=error_responses(404))
def undo(service: ServiceOf, caller: CallerOf, bulk_id: int) -> BulkAnswer:
    """Take every decision of it back; what was decided later stands."""
    return BulkAnswer.of(undo_bulk(service.library, bulk_id, caller.name))


@router.get("/review/taxonomy", summary="Versions of the taxonomy")
def list_versions(service: ServiceOf) -> TaxonomyVersions:
    """What was published, by whom. `GET /v1/taxonomy` has the newest version in full."""
    record = service.library.record
    found = tuple(
        TaxonomyVersionView(version=one.version, edits=tuple(map(dict, one.edits)), note=one.note,
                            account=one.account, at=one.at)
        for one in record.taxonomy_versions()
    )  # fmt: skip
    return TaxonomyVersions(current=record.taxonomy_edits()[0], versions=found)


@router.post("/review/taxonomy/preview", summary="What edits would change", responses=error_responses(422))
def preview_edits(service: ServiceOf, body: TaxonomyPreviewBody) -> TaxonomyAnswer:
    """Per edit: how many videos, what at once, and what would need the videos to be annotated again."""
    return TaxonomyAnswer.of(preview_taxonomy(service.library, body.edits))


@router.post(
    "/review/taxonomy",
    status_code=201,
    summary="Publish a version of the taxonomy",
    responses=error_responses(409, 422),
)
def publish_edits(service: ServiceOf, caller: CallerOf, body: TaxonomyBody) -> TaxonomyAnswer:
    """Names and merges take effect at once, in labels and payloads; no model runs."""
    change = publish_taxonomy(service.library, body.edits, base=body.base, note=body.note, account=caller.name)
    return TaxonomyAnswer.of(change)
