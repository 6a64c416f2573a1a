"""Traces and logs. One trace runs from an HTTP request through outbox and Kafka to every consumer."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind

from chassis.logs import configure_logging
from chassis.settings import ServiceSettings
from chassis.traces import current_traceparent, remote_parent, traceparent_of

_EXPORT_TIMEOUT_SECONDS = 5
_SHUTDOWN_SECONDS = 2

__all__ = [
    "current_trace_id",
    "current_traceparent",
    "request_trace",
    "server_span",
    "setup_telemetry",
    "shutdown_telemetry",
    "span_from",
]

_NO_TRACE_ID = "0" * 32


class _Roots:
    """Decides which traces that begin here are sampled. The SDK would do it too, at five times the cost for a "no"."""

    sampled = 1.0

    def samples(self) -> bool:
        """Whether the trace that begins now is sampled."""
        return random.random() < self.sampled  # noqa: S311 - no secret

    def unsampled(self) -> Span | None:
        """A span with a new trace id and nothing behind it; None when the trace is to be sampled."""
        if self.samples():
            return None
        return NonRecordingSpan(SpanContext(random.getrandbits(128), random.getrandbits(64), is_remote=False))


_tracer = trace.get_tracer("chassis")
_roots = _Roots()


def setup_telemetry(service: str, role: str, settings: ServiceSettings) -> None:
    """Once per process, before the first span or log line."""
    configure_logging(service, role, settings.log_level)
    _roots.sampled = settings.trace_sample_ratio
    provider = TracerProvider(
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
    parent = remote_parent(traceparent)
    unsampled = _unsampled(parent)
    if unsampled is not None:
        with trace.use_span(unsampled):
            yield unsampled
        return
    with _tracer.start_as_current_span(name, context=_inside(parent), kind=kind) as span:
        yield span


def server_span(traceparent: str | None, name: str) -> Span:
    """The span of one HTTP request, begun. Whoever begins it makes it the current one and ends it.

    Without the context managers that cost more than the span itself.
    """
    parent = remote_parent(traceparent)
    unsampled = _unsampled(parent)
    return unsampled or _tracer.start_span(name, _inside(parent), SpanKind.SERVER, record_exception=False)


def request_trace(traceparent: str | None, name: str) -> tuple[str | None, Span | None]:
    """The traceparent of one HTTP request, and its span, begun; None for one that nobody will see.

    Cheaper than `server_span` by the objects that stand for an unseen span.
    """
    parent = remote_parent(traceparent) if traceparent else None
    if parent is None:
        if not _roots.samples():
            ids = f"{random.getrandbits(192):048x}"
            return f"00-{ids[:32]}-{ids[32:]}-00", None
    elif not parent.get_span_context().trace_flags.sampled:
        return traceparent, None
    span = _tracer.start_span(name, _inside(parent), SpanKind.SERVER, record_exception=False)
    return traceparent_of(span), span


def _unsampled(parent: Span | None) -> Span | None:
    """What stands for a span that nobody will see: the parent itself, or the bare beginning of a trace."""
    if parent is not None:
        return None if parent.get_span_context().trace_flags.sampled else parent
    return _roots.unsampled()


def _inside(parent: Span | None) -> Context:
    return Context() if parent is None else trace.set_span_in_context(parent, Context())
