"""W3C trace context as the one header that travels in outbox rows and Kafka records."""

from __future__ import annotations

import re
from typing import Final

from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

_ODD: Final = frozenset("13579bdf")  # the lowest bit of the flags
_TRACEPARENT: Final = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


def traceparent_of(span: trace.Span) -> str | None:
    """The header that makes the span a parent; None when there is no trace."""
    context = span.get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def current_traceparent() -> str | None:
    """The header of the current span; None outside a trace."""
    return traceparent_of(trace.get_current_span())


def is_sampled(traceparent: str | None) -> bool:
    """Whether the header asks for spans; cheap, for the many that do not."""
    return traceparent is not None and traceparent[-1:] in _ODD


def remote_parent(traceparent: str | None) -> trace.Span | None:
    """The span that a header names; None for a missing or malformed one."""
    found = _TRACEPARENT.fullmatch(traceparent or "")
    if found is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in found.groups())
    context = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))
    return NonRecordingSpan(context) if context.is_valid else None
