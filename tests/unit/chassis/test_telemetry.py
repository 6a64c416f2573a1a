import pytest

from chassis import telemetry
from chassis.telemetry import request_trace, server_span
from chassis.traces import remote_parent, traceparent_of

TRACE = "0af7651916cd43dd8448eb211c80319c"


def test_trace_that_is_not_sampled_goes_on_under_its_id_without_a_span_of_its_own() -> None:
    traceparent = f"00-{TRACE}-b7ad6b7169203331-00"
    span = server_span(traceparent, "GET")
    assert not span.is_recording()
    assert traceparent_of(span) == traceparent


@pytest.mark.parametrize("traceparent", [None, "", "00-none", f"00-{'0' * 32}-b7ad6b7169203331-01"])
def test_trace_that_begins_unsampled_has_an_id_that_its_events_carry(
    monkeypatch: pytest.MonkeyPatch, traceparent: str | None
) -> None:
    monkeypatch.setattr(telemetry._roots, "sampled", 0.0)
    spans = [server_span(traceparent, "GET") for _ in range(2)]
    assert not any(span.is_recording() for span in spans)
    carried = [traceparent_of(span) or "" for span in spans]
    assert all(each.endswith("-00") for each in carried)
    assert len({each.split("-")[1] for each in carried}) == 2


def test_requests_trace_that_is_not_sampled_goes_on_as_it_came() -> None:
    traceparent = f"00-{TRACE}-b7ad6b7169203331-00"
    assert request_trace(traceparent, "GET") == (traceparent, None)


@pytest.mark.parametrize("traceparent", [None, "", "00-none", f"00-{'0' * 32}-b7ad6b7169203331-01"])
def test_nobody_makes_a_requests_trace_sampled_by_a_header_that_is_none(
    monkeypatch: pytest.MonkeyPatch, traceparent: str | None
) -> None:
    monkeypatch.setattr(telemetry._roots, "sampled", 0.0)
    begun = [request_trace(traceparent, "GET") for _ in range(2)]
    assert [span for _, span in begun] == [None, None]
    assert len({remote_trace_id(carried) for carried, _ in begun}) == 2


def remote_trace_id(traceparent: str | None) -> int:
    parent = remote_parent(traceparent)
    assert parent is not None
    assert not parent.get_span_context().trace_flags.sampled
    return parent.get_span_context().trace_id
