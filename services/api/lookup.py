"""Ids as people type them: a unique beginning is enough."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Path, Request

from services.api.errors import AmbiguousVideoId, InvalidRequest, UnknownVideoId
from services.api.service import Service
from services.library.record.port import RecordPort
from services.library.record.types import Video

MIN_PREFIX = 6
"""Fewest hex digits of an id that are looked up."""

ID_DIGITS = 32
"""Hex digits of a whole id."""

_PREFIX = re.compile(rf"[0-9a-f]{{{MIN_PREFIX},{ID_DIGITS}}}")


def find_video(record: RecordPort, prefix: str) -> Video:
    """The one video whose id begins with `prefix`.

    Raises `InvalidRequest` (no beginning of an id), `UnknownVideoId` or `AmbiguousVideoId`.
    """
    prefix = prefix.strip().lower()
    if not _PREFIX.fullmatch(prefix):
        raise InvalidRequest(
            f"{prefix!r} is no video id.", remedy=f"Give {MIN_PREFIX} to 32 hex digits; /v1/videos lists the ids."
        )
    found = record.find(prefix)
    if not found:
        raise UnknownVideoId(f"There is no video {prefix!r}.", remedy="GET /v1/videos lists the videos there are.")
    if len(found) > 1:
        raise AmbiguousVideoId(f"{len(found)} videos begin with {prefix!r}.", remedy="Give more digits of the id.")
    return found[0]


def _service(request: Request) -> Service:
    service = request.app.state.service
    assert isinstance(service, Service)
    return service


ServiceOf = Annotated[Service, Depends(_service)]


def _named_video(
    service: ServiceOf,
    video_id: Annotated[str, Path(description="Id of a video, or a unique beginning of at least 6 digits.")],
) -> Video:
    return find_video(service.library.record, video_id)


NamedVideo = Annotated[Video, Depends(_named_video)]
