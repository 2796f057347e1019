"""The vocabularies, the published schema, and whether the process is well."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from services.api.lookup import ServiceOf
from services.api.schemas import CheckView, Health, Readiness
from services.api.status import StatusAnswer, status_of
from services.api.version import version
from services.library.taxonomy import Taxonomy
from services.library.understanding import Understanding
from services.telemetry.probes import Probes

router = APIRouter()


@router.get("/v1/taxonomy", tags=["vocabulary"], summary="Topics, moods and occasions")
def taxonomy(service: ServiceOf) -> Taxonomy:
    """The closed vocabularies that annotations choose from, in English and Chinese."""
    return service.library.taxonomy()


@router.get("/v1/schema/understanding", tags=["vocabulary"], summary="JSON Schema of an understanding")
def schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of `/v1/videos/{id}/understanding` and of `reelwise analyze --json`."""
    return understanding_schema()


@router.get("/healthz", tags=["health"], summary="Is the process alive")
def healthz(service: ServiceOf) -> Health:
    """Answers as long as the process does."""
    return Health(version=version(), data_dir=str(service.library.settings.data_dir.resolve()))


@router.get("/readyz", tags=["health"], summary="Can requests be served", responses={503: {"model": Readiness}})
def readyz(service: ServiceOf, request: Request, response: Response) -> Readiness:
    """Asks record, blob store, index, broker, worker and the weights that embed queries; 503 when one is amiss.

    Each has REELWISE_READY_TIMEOUT_S seconds; an answer stands for a second.
    Where other processes do the work, `worker` says how it stands, and an API without workers still is ready.
    """
    probes = request.app.state.probes
    assert isinstance(probes, Probes)
    checks = {
        name: CheckView(
            ok=found.problem is None, problem=found.problem, remedy=found.remedy, seconds=round(found.seconds, 4)
        )
        for name, found in probes.findings().items()
    }
    needed = checks.keys() - ({"worker"} if service.dispatcher.elsewhere else set())
    ready = all(checks[name].ok for name in needed)
    if not ready:
        response.status_code = 503
    return Readiness(ready=ready, checks=checks)


@router.get("/v1/status", tags=["health"], summary="How the work goes")
def status(service: ServiceOf) -> StatusAnswer:
    """Queues, all workers, who works on what, the last hour's outcomes, what fails and why, disk and versions."""
    return status_of(service)


def understanding_schema() -> dict[str, Any]:
    """The published JSON Schema of `Understanding`, as it is written when a document is made."""
    written = Understanding.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:reelwise:understanding:1", **written}
