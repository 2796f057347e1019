"""Figures and exports of editors' decisions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime

from services.api.errors import InvalidRequest, error_responses
from services.api.lookup import ServiceOf
from services.api.review_desk_schemas import (
    AcceptanceRow,
    AgreementAnswer,
    AgreementRow,
    CalibrationAnswer,
    ExportedDecision,
    ReportCard,
)
from services.review import agreement, calibrated, exported, report_card

router = APIRouter(prefix="/v1/review", tags=["review"])

Since = Annotated[AwareDatetime | None, Query(description="Only videos decided about since then.")]


@router.get("/agreement", summary="Do editors agree")
def show_agreement(service: ServiceOf, since: Since = None) -> AgreementAnswer:
    """Blind pairs of verdicts per field and label, with Cohen's kappa and Krippendorff's alpha."""
    return AgreementAnswer(rows=tuple(map(AgreementRow.of, agreement(service.library.record, since=since))))


@router.get("/report-card", summary="How often models are right")
def show_report_card(service: ServiceOf, since: Since = None) -> ReportCard:
    """Acceptance by field, label, model and prompt version, month by month."""
    return ReportCard(rows=tuple(map(AcceptanceRow.of, report_card(service.library.record, since=since))))


@router.get(
    "/export",
    summary="Export decisions",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-ndjson": {}}, "description": "One `ExportedDecision` a line."}},
)
def export(service: ServiceOf, since: Since = None) -> StreamingResponse:
    """The whole log as JSON lines, for evaluation or fine-tuning, with cited lines, model and prompt."""

    def lines() -> Iterator[str]:
        for decision, live in exported(service.library.record, since=since):
            yield ExportedDecision(**dict(decision), live=live).model_dump_json() + "\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson")


@router.get("/calibration", summary="Curves fitted to editors' verdicts", responses=error_responses(422))
def show_calibration(service: ServiceOf) -> CalibrationAnswer:
    """From a signal's score to the share that editors accepted."""
    try:
        found = calibrated(service.library.record)
    except ValueError as error:
        raise InvalidRequest(str(error), remedy="Accept and reject some labels first.") from error
    return CalibrationAnswer(calibration=found.curves, verdicts=found.verdicts, left_out=found.left_out)
