import pytest

from chassis import telemetry
from chassis.telemetry import server_span
from chassis.traces import traceparent_of

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
