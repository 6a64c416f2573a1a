import asyncio
import gzip
import hashlib
import os

import pytest
from aiohttp import web

from tests.service.gateway.edges import Client, Edge, StartGateway
from tests.service.gateway.upstreams import Services

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_request_arrives_as_it_was_sent(client: Client, services: Services, bearer: dict[str, str]) -> None:
    body = b'{"name": "\xd0\x9b\xd0\xb0\xd0\xb4\xd0\xb0",  "x":1e5}'
    headers = {**bearer, "Content-Type": "application/json", "Idempotency-Key": "k-1"}
    answer = await client.post("/v1/cars?a=1&b=%2F%2e&c=", data=body, headers=headers)
    assert answer.status == 200
    (seen,) = services["owners"].seen
    assert (seen.method, seen.target, seen.body) == ("POST", "/v1/cars?a=1&b=%2F%2e&c=", body)
    assert seen.headers["Idempotency-Key"] == "k-1"
    assert seen.headers["Authorization"] == bearer["Authorization"]


async def test_header_arrives_byte_for_byte_or_not_at_all(
    gateway: Edge, services: Services, bearer: dict[str, str]
) -> None:
    head = f"POST /v1/cars HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer['Authorization']}\r\nIdempotency-Key: "
    assert (await gateway.raw(head.encode() + "ключ\r\n\r\n".encode())).startswith(b"HTTP/1.1 200")
    refused = await gateway.raw(head.encode() + b"\xeb\xfe\xf7\r\n\r\n")
    assert refused.startswith(b"HTTP/1.1 400")
    assert b"urn:carpass:problem:bad-header" in refused
    (seen,) = services["owners"].seen
    assert seen.headers["Idempotency-Key"] == "ключ"


async def test_answer_arrives_as_it_was_given(client: Client, services: Services, bearer: dict[str, str]) -> None:
    zipped = gzip.compress(b'{"ok":true}')

    async def answer(_request: web.Request) -> web.StreamResponse:
        headers = {"ETag": '"7"', "Location": "/v1/cars/7", "Content-Encoding": "gzip", "Cache-Control": "no-cache"}
        return web.Response(status=201, body=zipped, headers=headers, content_type="application/json")

    services["owners"].behaviour = answer
    got = await client.post("/v1/cars", headers=bearer)
    assert (got.status, got.body) == (201, zipped)
    assert got.headers["ETag"] == '"7"'
    assert got.headers["Location"] == "/v1/cars/7"
    assert got.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("status", [204, 301, 304, 404, 409, 422, 500, 503])
async def test_status_of_the_service_is_kept(
    client: Client, services: Services, bearer: dict[str, str], status: int
) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": "/elsewhere"} if status == 301 else None)

    services["trust"].behaviour = answer
    got = await client.get("/v1/audit", headers=bearer)
    assert got.status == status
    assert len(services["trust"].seen) == 1


async def test_each_path_goes_to_its_own_service(client: Client, services: Services, bearer: dict[str, str]) -> None:
    paths = {
        "owners": "/v1/cars/7",
        "trust": "/v1/cars/7/score",
        "sto": "/v1/car-links",
        "workorders": "/v1/work-orders/7/approval",
        "notifier": "/v1/notifications",
    }
    for path in paths.values():
        assert (await client.get(path, headers=bearer)).status == 200
    assert {name: [seen.target for seen in service.seen] for name, service in services.items()} == {
        name: [path] for name, path in paths.items()
    }


async def test_nothing_else_of_a_service_can_be_reached(
    gateway: Edge, services: Services, bearer: dict[str, str]
) -> None:
    authorization = f"Authorization: {bearer['Authorization']}\r\n".encode()
    for target in (
        b"/metrics",
        b"/v1/cars/../../metrics",
        b"/v1/cars/%2e%2e/%2e%2e/metrics",
        b"/v1/cars/..%2f..%2fmetrics",
        b"//metrics",
        b"/v1/cars//7",
        b"/v1/cars/7%2fscore",
        b"/v1/cars/7\\..\\..\\metrics",
    ):
        answer = await gateway.raw(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n" + authorization + b"\r\n")
        assert answer.split(b" ")[1] in {b"404", b"400"}, target
        assert b"application/problem+json" in answer
    assert [seen for service in services.values() for seen in service.seen] == []


async def test_client_cannot_speak_for_somebody_else(
    client: Client, services: Services, bearer: dict[str, str]
) -> None:
    forged = {
        "X-User-Id": "admin",
        "X-Forwarded-For": "10.0.0.1",
        "Forwarded": "for=10.0.0.1",
        "Cookie": "session=1",
        "X-Original-URL": "/v1/moderation/verifications",
        "Connection": "keep-alive, Authorization",
    }
    assert (await client.get("/v1/me", headers={**bearer, **forged})).status == 200
    (seen,) = services["owners"].seen
    assert not set(forged) - {"Connection"} & {name.title() for name in seen.headers}
    assert seen.headers["Authorization"] == bearer["Authorization"]
    assert seen.headers["Host"] == services["owners"].url.removeprefix("http://")


async def test_one_trace_runs_through(client: Client, services: Services, bearer: dict[str, str]) -> None:
    answer = await client.get("/v1/me", headers={**bearer, "traceparent": TRACEPARENT, "X-Request-ID": "support-17"})
    (seen,) = services["owners"].seen
    trace_id = TRACEPARENT.split("-")[1]
    assert seen.headers["traceparent"].split("-")[1] == trace_id
    assert seen.headers["traceparent"].split("-")[2] != TRACEPARENT.split("-")[2]
    assert answer.headers["X-Trace-Id"] == trace_id
    assert answer.headers["X-Request-ID"] == seen.headers["X-Request-ID"] == "support-17"


async def test_request_without_ids_gets_some(client: Client, services: Services, bearer: dict[str, str]) -> None:
    answer = await client.get("/v1/me", headers=bearer)
    (seen,) = services["owners"].seen
    assert answer.headers["X-Request-ID"] == seen.headers["X-Request-ID"]
    assert answer.headers["X-Trace-Id"] == seen.headers["traceparent"].split("-")[1]


async def test_every_answer_carries_the_security_headers(client: Client, bearer: dict[str, str]) -> None:
    for path, headers in (("/v1/me", bearer), ("/v1/me", {}), ("/nowhere", {}), ("/livez", {})):
        answer = await client.get(path, headers=headers)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Server" not in answer.headers


async def test_big_answer_streams_while_it_is_made(client: Client, services: Services, bearer: dict[str, str]) -> None:
    piece = os.urandom(1 << 20)
    first_was_read = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse()
        await stream.prepare(request)
        await stream.write(piece)
        await asyncio.wait_for(first_was_read.wait(), 60)  # a gateway that collects the answer first never gets on
        for _ in range(31):
            await stream.write(piece)
        return stream

    services["trust"].behaviour = answer
    digest = hashlib.sha256()
    size = 0
    async with client.open("GET", "/v1/cars/7/timeline", headers=bearer) as got:
        async for chunk in got.content.iter_any():
            digest.update(chunk)
            size += len(chunk)
            if size >= len(piece):
                first_was_read.set()
    assert size == 32 << 20
    assert digest.digest() == hashlib.sha256(piece * 32).digest()


async def test_service_waits_while_its_client_does_not_read(
    client: Client, services: Services, bearer: dict[str, str]
) -> None:
    waits = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse()
        await stream.prepare(request)
        for _ in range(64):
            writing = asyncio.ensure_future(stream.write(b"x" * (1 << 20)))
            await asyncio.wait({writing}, timeout=0.3)
            if not writing.done():
                waits.set()
            await writing
        return stream

    services["trust"].behaviour = answer
    async with client.open("GET", "/v1/audit", headers=bearer) as got:
        await asyncio.wait_for(waits.wait(), 60)  # a gateway that takes in what nobody reads never makes it wait
        assert sum([len(chunk) async for chunk in got.content.iter_any()]) == 64 << 20


async def test_head_has_the_headers_and_no_body(client: Client, services: Services, bearer: dict[str, str]) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"12345")

    services["owners"].behaviour = answer
    got = await client.request("HEAD", "/v1/me", headers=bearer)
    assert (got.status, got.headers["Content-Length"], got.body) == (200, "5", b"")


async def test_listed_origin_may_call_from_a_browser(start_gateway: StartGateway, bearer: dict[str, str]) -> None:
    edge = await start_gateway(cors_origins=("https://app.example",))
    preflight = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    async with Client(edge.url) as client:
        asked = await client.request("OPTIONS", "/v1/cars", headers=preflight)
        assert asked.status == 204
        assert asked.headers["Access-Control-Allow-Origin"] == "https://app.example"
        assert "Idempotency-Key" in asked.headers["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Credentials" not in asked.headers
        called = await client.get("/v1/cars", headers={**bearer, "Origin": "https://app.example"})
        assert called.headers["Access-Control-Allow-Origin"] == "https://app.example"
        refused = await client.request("OPTIONS", "/v1/cars", headers={**preflight, "Origin": "https://evil.example"})
        assert refused.status == 403
        assert "Access-Control-Allow-Origin" not in refused.headers


async def test_method_that_nobody_has_is_refused(client: Client, services: Services) -> None:
    for method in ("OPTIONS", "TRACE", "PROPFIND"):
        answer = await client.request(method, "/v1/cars")
        assert answer.status == 405
        assert answer.content_type == "application/problem+json"
    assert services["owners"].seen == []
