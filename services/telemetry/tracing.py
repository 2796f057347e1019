"""OpenTelemetry traces: from a request over the queue to the stages.

Off unless the standard variables ask for an exporter (`OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_TRACES_EXPORTER`, ...).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from services.library.errors import LibraryError

_W3C = TraceContextTextMapPropagator()
_EXPORTERS = ("otlp", "console", "none")
_PROTOCOL = "http/protobuf"


class TracingMisconfigured(LibraryError):
    """The OTEL_* variables ask for what is not installed or not supported here."""


def set_up_tracing(service: str, *, version: str) -> bool:
    """Export spans as the OTEL_* variables say; whether they ask for it.

    `service` is the name unless OTEL_SERVICE_NAME says another. Call it once a process, before the first span.
    Raises `TracingMisconfigured`.
    """
    exporter = wanted_exporter(os.environ)
    if exporter is None:
        return False
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider as Provider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
    except ImportError as error:
        raise _not_installed() from error
    made: SpanExporter
    if exporter == "console":
        made = ConsoleSpanExporter()
    else:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        except ImportError as error:
            raise _not_installed() from error
        made = OTLPSpanExporter()
    named = {"service.version": version}
    if not os.environ.get("OTEL_SERVICE_NAME"):
        named["service.name"] = service
    # Ended at exit by the SDK itself, so that the last spans get out.
    provider = Provider(resource=Resource.create(named))
    provider.add_span_processor(BatchSpanProcessor(made))
    trace.set_tracer_provider(provider)
    return True


def wanted_exporter(environment: Mapping[str, str]) -> str | None:
    """`otlp` or `console`, None where no variable asks for traces. Raises `TracingMisconfigured`."""
    named = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true" or named == "none":
        return None
    if named and named not in _EXPORTERS:
        raise TracingMisconfigured(f"OTEL_TRACES_EXPORTER={named} is not supported: use {', '.join(_EXPORTERS)}.")
    addressed = any(
        environment.get(name) for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    )
    if not named and not addressed:
        return None
    protocol = environment.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or environment.get("OTEL_EXPORTER_OTLP_PROTOCOL")
    if named != "console" and protocol not in (None, "", _PROTOCOL):
        raise TracingMisconfigured(
            f"OTEL_EXPORTER_OTLP_PROTOCOL={protocol} is not supported: set {_PROTOCOL} (collectors: port 4318)."
        )
    return named or "otlp"


def extracted(carrier: Mapping[str, str]) -> Context:
    """The remote parent that W3C headers name, or an empty context."""
    return _W3C.extract(carrier, context=Context())


def injected(span: Span) -> dict[str, str]:
    """W3C headers that make others children of the span; none where it is not recorded anywhere."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier, trace.set_span_in_context(span))
    return carrier


@contextmanager
def span(
    name: str,
    attributes: Mapping[str, str | int | float | bool],
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    parent: Context | None = None,
    provider: TracerProvider | None = None,
) -> Iterator[Span]:
    """A span around the block, below `parent` or the span around it. An error that leaves it is told by its type."""
    tracer = trace.get_tracer("reelwise", tracer_provider=provider)
    with tracer.start_as_current_span(
        name, context=parent, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as made:
        try:
            yield made
        except BaseException as error:
            # Its text may quote what strangers wrote; the log has it, redacted, with this span's ids.
            made.set_attribute("error.type", type(error).__qualname__)
            made.set_status(Status(StatusCode.ERROR))
            raise


def ids_of_current_span() -> dict[str, str]:
    """`trace_id` and `span_id` in hex, nothing outside of spans."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return {}
    return {"trace_id": trace.format_trace_id(context.trace_id), "span_id": trace.format_span_id(context.span_id)}


def _not_installed() -> TracingMisconfigured:
    return TracingMisconfigured(
        "The OTEL_* variables ask for traces, and OpenTelemetry's SDK is missing: pip install 'reelwise[otel]', or "
        "set OTEL_SDK_DISABLED=true."
    )
