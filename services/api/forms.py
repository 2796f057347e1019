"""A submission's body, which is JSON or a form with files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from services.api.errors import InvalidRequest, UnsupportedContent, describe_validation
from services.api.idempotency import fingerprint_of
from services.api.lookup import ServiceOf
from services.api.schemas import SubmissionBody, SubmissionFields
from services.intake import NamedStream, admit, check_room
from services.intake.errors import StorageFull
from services.intake.spool import chunks, disk_full
from services.library.record.types import Priority

MAX_SUBTITLES = 20
"""Most subtitle files of one upload."""

_LISTS = frozenset({"hashtags"})


@dataclass(frozen=True, slots=True)
class FormSubmission:
    """An uploaded file with its fields and subtitle files."""

    file: NamedStream
    fields: SubmissionFields
    subtitles: tuple[NamedStream, ...]

    def fingerprint(self) -> str:
        """What tells this request from another with the same idempotency key: fields, names and bytes."""
        files = [f"{file.name} {_sha256(file.stream)}" for file in (self.file, *self.subtitles)]
        return fingerprint_of("form", self.fields.model_dump_json(), *files)


def _sha256(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    for piece in chunks(stream):
        digest.update(piece)
    stream.seek(0)
    return digest.hexdigest()


def room_for_the_body(request: Request, service: ServiceOf) -> None:
    """Refuse a submission before its body is read, where there is no room for it.

    Raises `BacklogFull` and `StorageFull`.
    """
    if "idempotency-key" not in request.headers:  # what was done already is answered, room or not
        admit(service.library, uploader=None, priority=Priority.FRESH)
    announced = request.headers.get("content-length", "")
    check_room(service.library, int(announced) if announced.isdecimal() else 0)


async def parse_submission(request: Request) -> SubmissionBody | FormSubmission:
    """The body as one of the two kinds.

    Raises `InvalidRequest` for a malformed body, `UnsupportedContent` for any other content type, and `StorageFull`.
    """
    content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if content_type == "application/json":
        try:
            return SubmissionBody.model_validate(json.loads(await request.body()))
        except ValidationError as error:
            raise _invalid(error) from error
        except ValueError as error:
            raise InvalidRequest(f"The body is no JSON: {error}.", remedy="Send a JSON object.") from error
    if content_type == "multipart/form-data":
        try:
            form = await request.form(max_files=MAX_SUBTITLES + 1, max_fields=200)
        except HTTPException as error:
            raise InvalidRequest(
                f"The form cannot be read: {error.detail}.", remedy="Send a multipart form."
            ) from error
        except OSError as error:
            if not disk_full(error):
                raise
            raise StorageFull(
                "The disk for temporary files is full.", remedy="Free some, or set TMPDIR to a larger disk."
            ) from error
        return _from_form(form)
    raise UnsupportedContent(
        f"The content type {content_type or '(none)'!r} is not understood.",
        remedy="Send application/json with a path or url, or multipart/form-data with a file.",
    )


def _from_form(form: FormData) -> FormSubmission:
    fields: dict[str, Any] = {}
    for key in form:
        values = form.getlist(key)
        if key in ("file", "subtitles"):
            continue
        if not all(isinstance(value, str) for value in values):
            raise InvalidRequest(f"{key} is a file.", remedy="Files go into `file` and `subtitles`.")
        if key in _LISTS:
            fields[key] = [part for value in values for part in str(value).replace(",", " ").split()]
        elif len(values) > 1:
            raise InvalidRequest(f"{key} is given {len(values)} times.", remedy="Give it once.")
        elif values[0] != "":
            fields[key] = values[0]
    files = _files(form.getlist("file"), "file")
    if len(files) != 1:
        raise InvalidRequest(f"The form has {len(files)} files in `file`.", remedy="Send exactly one video.")
    return FormSubmission(
        files[0], _validated(SubmissionFields, fields), tuple(_files(form.getlist("subtitles"), "subtitles"))
    )


def _files(values: Sequence[object], field: str) -> list[NamedStream]:
    files = []
    for value in values:
        if not isinstance(value, UploadFile):
            raise InvalidRequest(f"{field} is text, not a file.", remedy="Attach the file itself.")
        files.append(NamedStream(value.filename or field, value.file))
    return files


def _validated(model: type[SubmissionFields], fields: Mapping[str, Any]) -> SubmissionFields:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise _invalid(error) from error


def _invalid(error: ValidationError) -> InvalidRequest:
    return InvalidRequest(describe_validation(error.errors()), remedy="See /docs for what is expected.")


def request_body_schema() -> dict[str, Any]:
    """OpenAPI's description of both kinds of body; their field schemas are written out in place."""
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": inline_schema(SubmissionBody),
                    "examples": {
                        "path": {
                            "summary": "A file on the server",
                            "value": {"path": "/videos/cat.mp4", "title": "会开门的猫", "hashtags": ["猫", "萌宠"]},
                        },
                        "url": {
                            "summary": "A file elsewhere",
                            "value": {
                                "url": "https://cdn.example.com/v/1.mp4",
                                "creator": "amy",
                                "language_hint": "en",
                            },
                        },
                    },
                },
                "multipart/form-data": {"schema": _form_schema()},
            },
        }
    }


def _form_schema() -> dict[str, Any]:
    schema = inline_schema(SubmissionFields)
    binary = {"type": "string", "format": "binary"}
    files = {
        "file": {**binary, "description": "The video."},
        "subtitles": {
            "type": "array",
            "items": binary,
            "description": "Subtitle files: srt, vtt, ass, ssa, sbv, ttml.",
        },
    }
    return {**schema, "properties": files | schema["properties"], "required": ["file"]}


def inline_schema(model: type[BaseModel]) -> dict[str, Any]:
    """A model's JSON Schema, to be written out in place."""
    schema = model.model_json_schema()
    assert "$defs" not in schema, "OpenAPI would not find the definitions of an inlined schema"
    return schema
