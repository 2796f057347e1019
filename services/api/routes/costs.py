"""What was spent on understanding videos."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from services.api.costs import CostLine, CostsAnswer, Prices, Stored
from services.api.errors import InvalidRequest, error_responses
from services.api.lookup import ServiceOf
from services.library.record.types import CostKey

router = APIRouter(tags=["costs"])

DAYS = 30
"""How many days are summed where nobody says from when."""


@router.get("/v1/costs", summary="What was spent", responses=error_responses(422))
def costs(
    service: ServiceOf,
    by: Annotated[CostKey, Query(description="What to sum by.")] = CostKey.DAY,
    first: Annotated[
        date | None, Query(alias="from", description=f"First day, UTC (default: {DAYS} days before `to`).")
    ] = None,
    last: Annotated[date | None, Query(alias="to", description="Last day, UTC, included (default: today).")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most lines.")] = 1000,
) -> CostsAnswer:
    """GPU and CPU seconds, tokens, bytes read and their price, summed by day, stage, model or video.

    A result that is used again costs nothing again. Runs that failed are counted as well.
    """
    until = last or datetime.now(UTC).date()
    since = first or until - timedelta(days=DAYS - 1)
    if since > until:
        raise InvalidRequest(f"from {since} is later than to {until}.", remedy="Give the earlier day as `from`.")
    record, prices = service.library.record, Prices.of(service.library.settings)
    sums = record.costs(by, first=since, last=until, limit=limit + 1)
    return CostsAnswer(
        first=since,
        last=until,
        by=by,
        lines=tuple(CostLine.of(spent, prices) for spent in sums[:limit]),
        more=len(sums) > limit,
        total=CostLine.of(record.total_cost(first=since, last=until), prices),
        stored=Stored.of(record.stored_bytes(), prices),
        prices=prices,
    )


@router.get("/metrics", tags=["health"], summary="Metrics for Prometheus", response_class=Response)
def metrics(request: Request) -> Response:
    """Counters in Prometheus' text format: runs, seconds, tokens and bytes by stage and model."""
    registry = request.app.state.metrics
    assert isinstance(registry, CollectorRegistry)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
