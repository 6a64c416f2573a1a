"""One trace goes from the producer through the batch to the events that its handlers record."""

from collections.abc import Iterator, Sequence

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from chassis.consuming import Received, Subscriptions, apply_batch, raw_record
from chassis.consuming import batch as batch_module
from chassis.db import Database, Transaction
from tests.chassis.messaging import sample
from tests.chassis.messaging.sample import Noted, noted

SAMPLED = [f"00-{number:032x}-{number:016x}-01" for number in (1, 2)]
UNSAMPLED = f"00-{3:032x}-{3:016x}-00"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler=ParentBased(TraceIdRatioBased(0)))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(batch_module, "_tracer", provider.get_tracer("test"))
    yield exporter
    provider.shutdown()


async def test_recorded_events_continue_the_trace_of_their_cause(
    database: Database, spans: InMemorySpanExporter
) -> None:
    subscriptions = Subscriptions("sample")

    @subscriptions.effect(Noted)
    async def answer(tx: Transaction, batch: Sequence[Received[Noted]]) -> None:
        for received in batch:
            tx.record(noted(), cause=received)

    parents = [*SAMPLED, UNSAMPLED, None]
    records = [raw_record(noted(), offset=n, traceparent=parent) for n, parent in enumerate(parents)]
    await apply_batch(database, subscriptions, records)
    rows = await sample.rows_of(database, "SELECT headers FROM outbox ORDER BY id")
    traceparents = [row.headers.get("traceparent") for row in rows]
    assert [traceparent and traceparent.split("-")[1] for traceparent in traceparents] == [
        parent and parent.split("-")[1] for parent in parents
    ]
    assert traceparents[0] != SAMPLED[0]
    assert traceparents[2] == UNSAMPLED
    finished = {span.context.span_id for span in spans.get_finished_spans() if span.context}
    assert {int(traceparent.split("-")[2], 16) for traceparent in traceparents[:2]} <= finished


async def test_the_current_span_of_a_single_event_is_in_its_trace(
    database: Database, spans: InMemorySpanExporter
) -> None:
    subscriptions = Subscriptions("sample")

    @subscriptions.effect(Noted)
    async def answer(tx: Transaction, _batch: Sequence[Received[Noted]]) -> None:
        tx.record(noted())

    await apply_batch(database, subscriptions, [raw_record(noted(), traceparent=SAMPLED[0])])
    [row] = await sample.rows_of(database, "SELECT headers FROM outbox")
    assert row.headers["traceparent"].split("-")[1] == SAMPLED[0].split("-")[1]
    assert spans.get_finished_spans()


async def test_a_batch_without_sampled_events_begins_no_span(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()  # would sample whatever is begun
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(batch_module, "_tracer", provider.get_tracer("test"))
    records = [raw_record(noted(), offset=n, traceparent=parent) for n, parent in enumerate([UNSAMPLED, None])]
    assert (await apply_batch(database, sample.subscriptions(), records)).applied == 2
    assert exporter.get_finished_spans() == ()
    provider.shutdown()


@pytest.mark.parametrize("header", ["", "00-zz", "ff" * 30, f"00-{0:032x}-{0:016x}-01"])
async def test_a_broken_trace_header_costs_the_trace_only(database: Database, header: str) -> None:
    record = raw_record(noted(), traceparent=header)
    assert (await apply_batch(database, sample.subscriptions(), [record])).applied == 1
