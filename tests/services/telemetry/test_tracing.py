"""The standard variables turn traces on; what they ask for in vain is told."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading

import pytest

from services.telemetry.tracing import TracingMisconfigured, span, wanted_exporter


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, None),
        ({"OTEL_SERVICE_NAME": "x"}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, "otlp"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, None),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, None),
    ],
)
def test_traces_are_off_unless_a_variable_asks_for_them(environment, wanted) -> None:
    assert wanted_exporter(environment) == wanted


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "zipkin"),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "http/protobuf"),
    ],
)
def test_what_is_not_supported_is_refused(environment, named) -> None:
    with pytest.raises(TracingMisconfigured, match=named):
        wanted_exporter(environment)


def test_a_process_sends_its_spans_to_the_collector_that_the_variables_name() -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    got: list[tuple[str, bytes]] = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        code = (
            "from services.telemetry.tracing import set_up_tracing, span\n"
            "assert set_up_tracing('reelwise-test', version='1')\n"
            "with span('lane prepare', {'video.id': 'abc'}): pass\n"
        )
        address = f"http://127.0.0.1:{server.server_port}"
        environment = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": address, "OTEL_EXPORTER_OTLP_COMPRESSION": "none"}
        subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=120)
        server.shutdown()
    assert [path for path, _ in got] == ["/v1/traces"]
    assert b"lane prepare" in got[0][1]
    assert b"reelwise-test" in got[0][1]


def test_an_error_is_told_by_its_type_and_not_by_its_words(spans) -> None:
    with pytest.raises(ValueError, match="private"), span("work", {}):
        raise ValueError("private words")
    (made,) = spans
    assert made.attributes["error.type"] == "ValueError"
    assert made.status.is_ok is False
    assert "private" not in made.to_json()
