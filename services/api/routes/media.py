"""The bytes of a video and the pictures made of it, as browsers want them: in ranges, cached, and never as a page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from services.api.errors import error_responses
from services.api.lookup import NamedVideo, ServiceOf
from services.api.media_types import SNIFFED_BYTES, media_type
from services.api.ranges import ByteRange, Unsatisfiable, parse_range
from services.intake.errors import ServiceError
from services.library.blobs import BlobStore
from services.library.library import Library
from services.library.pictures import Pictures, pictures_of
from services.library.record.types import Video

router = APIRouter(prefix="/v1/videos", tags=["media"])

_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
"""A file of a stranger is played, never rendered or run."""

_PICTURE_CACHE = "private, max-age=300, must-revalidate"
_MEDIA_CACHE = "private, max-age=86400"


class NoPicture(ServiceError):
    """The video has no picture, or none yet."""

    code = "no_picture"
    status = 404


@router.api_route(
    "/{video_id}/media",
    methods=["GET", "HEAD"],
    summary="The file itself, in ranges",
    response_class=Response,
    responses={
        206: {"description": "The part that `Range` asks for."},
        416: {"description": "Behind the end."},
        **error_responses(404, 409, 422),
    },
)
def media(service: ServiceOf, video: NamedVideo, request: Request) -> Response:
    """The video's bytes as they were handed in, for players: `Range`, `If-Range`, `If-None-Match` and HEAD work.

    The content type is told from the first bytes, never from a name.
    """
    blobs = service.library.blobs
    size = blobs.size(video.blob_key)
    etag = f'"{video.sha256}"'
    name = f"{video.id[:12]}{PurePosixPath(video.blob_key).suffix}"
    headers = _SAFE | {
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Cache-Control": _MEDIA_CACHE,
        "Content-Disposition": f'inline; filename="{name}"',
    }
    if _known(request, etag):
        return Response(status_code=304, headers=headers)
    head = b"".join(blobs.read_range(video.blob_key, 0, min(size, SNIFFED_BYTES)))
    kind = media_type(head)
    asked = request.headers.get("if-range")
    try:
        part = parse_range(request.headers.get("range"), size) if asked in (None, etag) else None
    except Unsatisfiable:
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    if part is not None:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    wanted = part or ByteRange(0, size)
    headers["Content-Length"] = str(wanted.length)
    status = 200 if part is None else 206
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=kind)
    return StreamingResponse(
        _bytes(blobs, video.blob_key, wanted), status_code=status, headers=headers, media_type=kind
    )


@router.get("/{video_id}/pictures", summary="Which pictures there are", responses=error_responses(404, 409, 422))
def pictures(service: ServiceOf, video: NamedVideo) -> Pictures:
    """Sizes of the poster and the sprite, and when the sprite's frames are shown. Made by the lane prepare."""
    return _pictures(service.library, video) or Pictures()


@router.get(
    "/{video_id}/poster", summary="A poster (JPEG)", response_class=Response, responses=error_responses(404, 409, 422)
)
def poster(service: ServiceOf, video: NamedVideo, request: Request) -> Response:
    """The sharpest frame that is not dark, at most 640 pixels on its longer edge."""
    found = _pictures(service.library, video)
    return _picture(service.library, found.poster if found else None, video, request)


@router.get(
    "/{video_id}/sprite",
    summary="The kept frames in one picture (JPEG)",
    response_class=Response,
    responses=error_responses(404, 409, 422),
)
def sprite(service: ServiceOf, video: NamedVideo, request: Request) -> Response:
    """Tiles of the kept frames, row by row; `/pictures` says how large they are and when each is shown."""
    found = _pictures(service.library, video)
    return _picture(service.library, found.sprite if found else None, video, request)


def _pictures(library: Library, video: Video) -> Pictures | None:
    return pictures_of(library.record, [video.id]).get(video.id)


def _picture(library: Library, key: str | None, video: Video, request: Request) -> Response:
    if key is None:
        raise NoPicture(
            f"Video {video.id} has no picture.",
            remedy="It has sound only, or the lane prepare has not been through; POST its /retry if it is older.",
        )
    # The key names the stage's fingerprint: another picture has another key.
    etag = f'"{key.rsplit("-", 1)[-1].replace("/", "-")}"'
    headers = _SAFE | {"ETag": etag, "Cache-Control": _PICTURE_CACHE}
    if _known(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(library.blobs.get_bytes(key), headers=headers, media_type="image/jpeg")


def _known(request: Request, etag: str) -> bool:
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    return etag in known or "*" in known


def _bytes(blobs: BlobStore, key: str, part: ByteRange) -> Iterator[bytes]:
    yield from blobs.read_range(key, part.start, part.stop)
