"""All roles in one process, on real Kafka: an event goes around, and its trace with it."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from chassis.kafka import KafkaConnection
from chassis.topics import ensure_topics
from contracts.registry import Topic
from tests.chassis.http.people import Person
from tests.chassis.http.running import running
from tests.support.eventually import eventually


class Collector:
    """Receives spans as an OpenTelemetry collector does."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.url = ""

    async def receive(self, request: web.Request) -> web.Response:
        sent = ExportTraceServiceRequest.FromString(await request.read())
        self.spans += [
            span for resource in sent.resource_spans for scope in resource.scope_spans for span in scope.spans
        ]
        return web.Response(content_type="application/x-protobuf")


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    collector = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", collector.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    collector.url = f"http://{host}:{port}/v1/traces"
    yield collector
    await runner.cleanup()


async def test_command_its_event_and_its_consumer_are_one_trace(
    environment: dict[str, str], kafka_bootstrap: str, collector: Collector, person: Person, tmp_path: Path
) -> None:
    topic = f"test.things.{uuid4().hex}"
    described = Topic(topic, key="thing_id", producer="owners", consumers=(), events=())
    await ensure_topics(KafkaConnection(kafka_bootstrap), partitions=1, topics=[described])
    environment |= {
        "CARPASS_KAFKA_BOOTSTRAP": kafka_bootstrap,
        "CARPASS_TRACE_SAMPLE_RATIO": "1",
        "CARPASS_OTLP_ENDPOINT": collector.url,
        "THINGS_TOPIC": topic,
    }
    async with running(environment, tmp_path, "all") as everything, everything.client() as client:
        thing_id = uuid4()
        published = await client.post(f"/v1/things/{thing_id}/publication", headers=person.acting())
        assert published.status_code == 204
        # Refused by the read model until the event has come back: the command itself waits for it.
        approved = await client.post(f"/v1/things/{thing_id}/approval", headers=person.acting())
        assert approved.status_code == 204
        assert await everything.terminated() == 0
    assert everything.errors == []

    def by_kind() -> dict[int, set[str]]:
        trace_id = bytes.fromhex(published.headers["X-Trace-Id"])
        traced = [span for span in collector.spans if span.trace_id == trace_id]
        return {kind: {span.name for span in traced if span.kind == kind} for kind in {span.kind for span in traced}}

    def complete() -> None:
        kinds = by_kind()
        assert kinds[Span.SPAN_KIND_SERVER] == {"POST /v1/things/{thing_id}/publication"}
        assert "process test.thing.published.v1" in kinds[Span.SPAN_KIND_CONSUMER]

    await eventually(complete)
