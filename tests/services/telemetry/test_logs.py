"""Every line of a serving process has one format, says what it is about, and holds no secret."""

from __future__ import annotations

import logging

import pytest
from pydantic import BaseModel, ValidationError

from services.telemetry.logs import bound
from services.telemetry.tracing import span


def test_a_json_line_says_what_it_is_about(lines) -> None:
    with bound(video_id="abc", lane="describe"), bound(stage="describe"):
        logging.getLogger("workers.lanes").info("begun: %d", 3)
    logging.getLogger("workers.lanes").warning("later")
    first, second = lines()
    assert first["event"] == "begun: 3"
    assert (first["level"], first["logger"]) == ("info", "workers.lanes")
    assert (first["video_id"], first["lane"], first["stage"]) == ("abc", "describe", "describe")
    assert first["timestamp"].endswith("Z")
    assert {"video_id", "lane", "stage", "trace_id"}.isdisjoint(second)


@pytest.mark.parametrize("name", ["services.api.errors", "uvicorn.error", "celery.worker.consumer", "models.batching"])
def test_lines_of_the_server_and_of_the_queue_come_out_alike(lines, name) -> None:
    logging.getLogger(name).info("hello")
    (line,) = lines()
    assert (line["logger"], line["event"]) == (name, "hello")


def test_other_libraries_are_heard_from_warnings_on(lines) -> None:
    logging.getLogger("httpx").info("HTTP Request: GET http://x/?q=secret")
    logging.getLogger("uvicorn.access").info("GET /v1/users/amy/profile")
    logging.getLogger("httpx").warning("something")
    assert [line["event"] for line in lines()] == ["something"]


def test_the_level_is_a_setting(log_to) -> None:
    stream = log_to(log_level="error")
    logging.getLogger("workers.lanes").warning("not shown")
    logging.getLogger("workers.lanes").error("shown")
    assert "shown" in stream.getvalue()
    assert "not shown" not in stream.getvalue()


def test_text_is_for_people_and_has_the_same_fields(log_to) -> None:
    stream = log_to(log_format="text")
    with bound(video_id="abc"):
        logging.getLogger("workers.standalone").info("process %d serves prepare", 7)
    (line,) = stream.getvalue().splitlines()
    assert "process 7 serves prepare" in line
    assert "video_id=abc" in line
    assert "\x1b" not in line


def test_a_line_in_a_span_names_it(lines, spans) -> None:
    with span("outer", {}):
        logging.getLogger("services").info("inside")
    (line,), (made,) = lines(), spans
    assert int(line["trace_id"], 16) == made.context.trace_id
    assert int(line["span_id"], 16) == made.context.span_id


class _Upload(BaseModel):
    title: int


@pytest.mark.parametrize(
    "secret",
    [
        "Authorization: Bearer {}",
        "key rw_{} was refused",
        "cannot reach postgresql://reelwise:{}@db/reelwise",
        "GET https://bucket/a.mp4?X-Amz-Signature={}&x=1",
        "password={}",
    ],
)
def test_credentials_are_hidden(lines, secret) -> None:
    logging.getLogger("services").error(secret.format("s3cr3tvalue"))
    (line,) = lines()
    assert "s3cr3tvalue" not in str(line)
    assert "[hidden]" in line["event"]


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_a_traceback_quotes_neither_inputs_nor_variables(log_to, log_format) -> None:
    stream = log_to(log_format=log_format)
    private = "My holiday in Rome"
    try:
        _Upload(title=private)  # type: ignore[arg-type]
    except ValidationError:
        logging.getLogger("workers.lanes").exception("lane failed")
    assert "Traceback" in stream.getvalue()
    assert "ValidationError" in stream.getvalue()
    assert private not in stream.getvalue()
