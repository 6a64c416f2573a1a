"""Traces and logs. One trace runs from an HTTP request through outbox and Kafka to every consumer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind

from chassis.logs import configure_logging
from chassis.settings import ServiceSettings
from chassis.traces import current_traceparent, remote_parent

_EXPORT_TIMEOUT_SECONDS = 5
_SHUTDOWN_SECONDS = 2

__all__ = [
    "current_trace_id",
    "current_traceparent",
    "server_span",
    "setup_telemetry",
    "shutdown_telemetry",
    "span_from",
]

_tracer = trace.get_tracer("chassis")
_NO_TRACE_ID = "0" * 32


def setup_telemetry(service: str, role: str, settings: ServiceSettings) -> None:
    """Once per process, before the first span or log line."""
    configure_logging(service, role, settings.log_level)
    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(settings.trace_sample_ratio)),
        resource=Resource.create({"service.name": service, "carpass.role": role}),
        shutdown_on_exit=False,
    )
    if settings.otlp_endpoint:
        exporter = OTLPSpanExporter(endpoint=settings.otlp_endpoint, timeout=_EXPORT_TIMEOUT_SECONDS)
        provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)


def shutdown_telemetry() -> None:
    """Sends what is left of the spans; a collector that is away delays the end by a few seconds at most."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        # The SDK waits up to half a minute in here, deadline or not.
        ending = threading.Thread(target=provider.shutdown, name="telemetry-shutdown", daemon=True)
        ending.start()
        ending.join(_SHUTDOWN_SECONDS)


def current_trace_id() -> str:
    """The trace id as hex; all zeros outside any trace."""
    span = trace.get_current_span().get_span_context()
    return f"{span.trace_id:032x}" if span.is_valid else _NO_TRACE_ID


@contextmanager
def span_from(traceparent: str | None, name: str, *, kind: SpanKind = SpanKind.CONSUMER) -> Iterator[Span]:
    """A span that continues the trace in `traceparent`, or starts a new one; log lines inside carry its trace id."""
    with _tracer.start_as_current_span(name, context=_parent(traceparent), kind=kind) as span:
        yield span


def server_span(traceparent: str | None, name: str) -> Span:
    """The span of one HTTP request, begun. Whoever begins it makes it the current one and ends it.

    Without the context managers that cost more than the span itself.
    """
    return _tracer.start_span(name, _parent(traceparent), SpanKind.SERVER, record_exception=False)


def _parent(traceparent: str | None) -> Context:
    span = remote_parent(traceparent)
    return Context() if span is None else trace.set_span_in_context(span, Context())
