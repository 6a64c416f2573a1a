import asyncio
import re
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import APIRouter
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from chassis.auth import LocalKeys
from chassis.db import Database
from chassis.http import Caller, create_app
from chassis.settings import ServiceSettings
from tests.chassis.http.people import KID, Person

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SAMPLED = f"00-{TRACE_ID}-b7ad6b7169203331-01"
UNSAMPLED = f"00-{TRACE_ID}-b7ad6b7169203331-00"


@pytest.fixture
def exported() -> Iterator[InMemorySpanExporter]:
    """The spans of one test; a tracer provider can be set once per process only, so it is shared."""
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        trace.set_tracer_provider(TracerProvider())
    provider = trace.get_tracer_provider()
    assert isinstance(provider, TracerProvider)
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield exporter
    exporter.shutdown()


def _spans(exported: InMemorySpanExporter) -> list[ReadableSpan]:
    return [span for span in exported.get_finished_spans() if span.kind is trace.SpanKind.SERVER]


@pytest.mark.usefixtures("exported")
class TestTraceId:
    async def test_trace_of_the_caller_goes_on(self, client: httpx.AsyncClient, exported: InMemorySpanExporter) -> None:
        answer = await client.get("/v1/things", headers={"traceparent": SAMPLED})
        assert answer.headers["X-Trace-Id"] == answer.json()["trace_id"] == TRACE_ID
        (span,) = _spans(exported)
        assert span.name == "GET /v1/things"
        assert span.context.trace_id == int(TRACE_ID, 16)
        assert span.parent is not None
        assert span.parent.span_id == int("b7ad6b7169203331", 16)
        assert dict(span.attributes or {}) == {"http.response.status_code": 401, "http.route": "/v1/things"}

    async def test_callers_choice_not_to_sample_is_kept(
        self, client: httpx.AsyncClient, exported: InMemorySpanExporter
    ) -> None:
        answer = await client.get("/v1/things", headers={"traceparent": UNSAMPLED})
        assert answer.headers["X-Trace-Id"] == TRACE_ID
        assert _spans(exported) == []

    @pytest.mark.parametrize("traceparent", [None, "", "garbage", f"00-{'0' * 32}-b7ad6b7169203331-01", "ff-a-b-c"])
    async def test_trace_begins_here_otherwise(self, client: httpx.AsyncClient, traceparent: str | None) -> None:
        headers = {} if traceparent is None else {"traceparent": traceparent}
        answers = [await client.get("/v1/things", headers=headers) for _ in range(2)]
        ids = {answer.headers["X-Trace-Id"] for answer in answers}
        assert len(ids) == 2
        assert all(re.fullmatch("[0-9a-f]{32}", trace_id) and int(trace_id, 16) for trace_id in ids)

    async def test_requests_at_once_keep_their_traces_apart(self, client: httpx.AsyncClient, person: Person) -> None:
        wanted = [f"{number:032x}" for number in range(1, 21)]

        async def send(trace_id: str) -> str:
            headers = {**person.acting(), "traceparent": f"00-{trace_id}-b7ad6b7169203331-00"}
            answer = await client.post("/v1/things", json={"name": "forbidden"}, headers=headers)
            return str(answer.json()["trace_id"])

        assert await asyncio.gather(*map(send, wanted)) == wanted


async def test_request_id_is_echoed_when_it_is_harmless(client: httpx.AsyncClient) -> None:
    echoed = await client.get("/v1/things", headers={"X-Request-ID": "req-1"})
    assert echoed.headers["X-Request-ID"] == "req-1"
    for harmful in (b"a" * 129, b"two words", b"\xff"):
        ignored = await client.get("/v1/things", headers=[(b"X-Request-ID", harmful)])
        assert "X-Request-ID" not in ignored.headers


async def test_access_log_tells_the_route_and_nothing_that_was_sent(client: httpx.AsyncClient, person: Person) -> None:
    with capture_logs() as lines:
        await client.get("/v1/things?limit=5&cursor=sent-in-query", headers=person.headers)
        await client.get("/v1/things/sent-in-path", headers=person.headers)
        await client.post("/v1/things", json={"name": ["sent-in-body"]}, headers=person.acting("sent-as-key"))
        await client.get("/sent-to-nowhere")
    requests = [(line["method"], line["route"], line["status"]) for line in lines if line["event"] == "request"]
    assert requests == [
        ("GET", "/v1/things", 400),
        ("GET", "/v1/things/{thing_id}", 404),
        ("POST", "/v1/things", 422),
        ("GET", "(none)", 404),
    ]
    assert "sent" not in str(lines)
    assert person.token not in str(lines)


async def test_log_tells_of_good_answers_at_debug_only_unless_their_trace_is_sampled(
    client: httpx.AsyncClient, person: Person, exported: InMemorySpanExporter
) -> None:
    with capture_logs() as lines:
        for traceparent, path in ((UNSAMPLED, "/v1/things"), (SAMPLED, "/v1/things"), (UNSAMPLED, "/v1/nothing")):
            await client.get(path, headers=person.headers | {"traceparent": traceparent})
    told = [(line["log_level"], line["status"]) for line in lines if line["event"] == "request"]
    assert told == [("debug", 200), ("info", 200), ("info", 404)]
    assert [span.name for span in _spans(exported)] == ["GET /v1/things"]


async def test_probes_are_served_and_not_logged(client: httpx.AsyncClient) -> None:
    with capture_logs() as lines:
        assert (await client.get("/livez")).json() == {"alive": True}
        assert (await client.get("/readyz")).json() == {"ready": True, "unready": {}}
        metrics = await client.get("/metrics")
    assert lines == []
    assert "carpass_http_request_seconds" in metrics.text


async def test_latency_is_counted_by_route_and_status_never_by_path(client: httpx.AsyncClient, person: Person) -> None:
    labels = {"service": "things", "method": "GET", "route": "/v1/things/{thing_id}", "status": "404"}

    def counted() -> float:
        return REGISTRY.get_sample_value("carpass_http_request_seconds_count", labels) or 0.0

    before = counted()
    await client.get("/v1/things/one", headers=person.headers)
    await client.get("/v1/things/two", headers=person.headers)
    assert counted() == before + 2
    invented = await client.request("INVENTED", "/v1/things")
    assert invented.status_code == 405
    assert "INVENTED" not in (await client.get("/metrics")).text


async def test_route_of_a_nested_router_is_told_with_its_whole_prefix(
    settings: ServiceSettings, database: Database, signing_key: Ed25519PrivateKey, person: Person
) -> None:
    inner, outer = APIRouter(prefix="/parts"), APIRouter(prefix="/v1/things")

    @inner.get("/{part_id}")
    async def get_part(part_id: int, caller: Caller) -> tuple[int, UUID]:
        return part_id, caller.user_id

    outer.include_router(inner)
    keys = LocalKeys({KID: signing_key.public_key()})
    app = create_app("things", settings, routers=[outer], database=database, keys=keys)
    transport = httpx.ASGITransport(app=app)
    with capture_logs() as lines:
        async with httpx.AsyncClient(transport=transport, base_url="http://things") as client:
            answer = await client.get("/v1/things/parts/7", headers=person.headers)
    assert answer.json() == [7, str(person.user_id)]
    assert [line["route"] for line in lines if line["event"] == "request"] == ["/v1/things/parts/{part_id}"]
    assert app.openapi()["paths"]["/v1/things/parts/{part_id}"]["get"]["operationId"] == "get_part"
