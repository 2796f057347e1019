"""The vocabularies, the published schema, and whether the process is well."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from services.api.lookup import ServiceOf
from services.api.schemas import Health, Readiness
from services.api.version import version
from services.library.errors import LibraryError
from services.library.index.port import Collection
from services.library.taxonomy import Taxonomy
from services.library.understanding import Understanding

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
def readyz(service: ServiceOf, response: Response) -> Readiness:
    """Tries the record and the index, and asks whether work is being done; 503 when one of them is not there.

    Where other processes do the work, `worker` says how it stands, and an API without workers still is ready.
    """
    checks: dict[str, str] = {}
    try:
        service.library.record.counts()
        checks["record"] = "ok"
    except LibraryError as error:
        checks["record"] = str(error)
    try:
        service.library.index.count(Collection.VIDEOS)
        checks["index"] = "ok"
    except LibraryError as error:
        checks["index"] = str(error)
    try:
        checks["worker"] = "ok" if service.dispatcher.ready() else "not running: queued videos wait"
    except LibraryError as error:
        checks["worker"] = str(error)
    needed = {"record", "index"} if service.dispatcher.elsewhere else checks.keys()
    ready = all(checks[name] == "ok" for name in needed)
    if not ready:
        response.status_code = 503
    return Readiness(ready=ready, checks=checks)


def understanding_schema() -> dict[str, Any]:
    """The published JSON Schema of `Understanding`, as it is written when a document is made."""
    written = Understanding.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:reelwise:understanding:1", **written}
