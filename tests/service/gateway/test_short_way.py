"""Requests and answers that come whole pass without a task of their own, and the client sees no difference."""

import asyncio

import pytest
from aiohttp import web
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tests.service.gateway.edges import Client, Edge, StartGateway
from tests.service.gateway.upstreams import Services, echo, hang
from tests.support.eventually import eventually


@pytest.fixture
def visit() -> str:
    return "regular"


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch, client: Client) -> list[object]:
    """Every request that goes the general way, now that the client is a regular."""
    assert client
    begun: list[object] = []
    start = HttpToolsProtocol._start_asgi_task

    def counted(self: HttpToolsProtocol, cycle: object, app: object) -> None:
        begun.append(cycle)
        start(self, cycle, app)  # type: ignore[arg-type] # as it was called

    monkeypatch.setattr(HttpToolsProtocol, "_start_asgi_task", counted)
    return begun


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_regular_request_needs_no_task(
    client: Client, begun: list[object], bearer: dict[str, str], method: str
) -> None:
    body = None if method == "GET" else b'{"x": 1}'
    answer = await client.request(method, "/v1/cars/7", data=body, headers=bearer)
    assert (answer.status, answer.body) == (200, body or b"")
    assert begun == []


async def test_both_ways_give_the_same_answer(
    client: Client, begun: list[object], services: Services, bearer: dict[str, str]
) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=201, body=b"{}", headers={"ETag": '"7"', "Vary": "Accept", "X-Powered-By": "x"})

    services["owners"].behaviour = answer
    short = await client.post("/v1/cars", headers=bearer)
    assert begun == []
    general = await client.post("/v1/cars", headers={**bearer, "Expect": "100-continue"})
    assert len(begun) == 1
    own = {"x-trace-id", "x-request-id", "date"}
    assert (short.status, short.body) == (general.status, general.body)
    assert {name.lower() for name in short.headers} == {name.lower() for name in general.headers}
    for name, value in short.headers.items():
        assert name.lower() in own or general.headers[name] == value
    first, second = services["owners"].seen
    assert first.headers.keys() == second.headers.keys()


async def test_requests_sent_together_are_answered_in_order(
    gateway: Edge, client: Client, bearer: dict[str, str]
) -> None:
    assert client
    head = f"Host: x\r\nAuthorization: {bearer['Authorization']}\r\n"
    requests = [
        f"POST /v1/me HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}" for body in ("one", "two", "three")
    ]
    last = f"GET /v1/me HTTP/1.1\r\n{head}Connection: close\r\n\r\n"
    answered = await gateway.raw("".join([*requests, last]).encode(), until_closed=True)
    assert answered.count(b"HTTP/1.1 200 OK") == 4
    assert answered.index(b"one") < answered.index(b"two") < answered.index(b"three")


async def test_client_that_leaves_costs_no_place(
    start_gateway: StartGateway, services: Services, bearer: dict[str, str]
) -> None:
    edge = await start_gateway(upstream_concurrency=1)
    may_answer = asyncio.Event()

    async def slow(_request: web.Request) -> web.StreamResponse:
        await may_answer.wait()
        return web.Response(text="late")

    services["owners"].behaviour = slow
    async with Client(edge.url, headers=bearer) as client:
        asked = asyncio.create_task(client.get("/v1/me"))
        await eventually(lambda: len(services["owners"].seen) == 1)
        asked.cancel()
        await asyncio.wait({asked})
        may_answer.set()

        async def served_again() -> None:
            assert (await client.get("/v1/me")).body == b"late"

        await eventually(served_again, within=60)


async def test_known_token_is_verified_anew_after_a_while(
    client: Client, begun: list[object], bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await client.get("/v1/me", headers=bearer)).status == 200
    assert begun == []
    monkeypatch.setattr("chassis.auth.time.time", lambda: 1e11)
    assert (await client.get("/v1/me", headers=bearer)).status == 200
    assert len(begun) == 1


async def test_service_without_a_kept_connection_is_reached_the_general_way(
    start_gateway: StartGateway, begun: list[object], services: Services, bearer: dict[str, str]
) -> None:
    edge = await start_gateway(deadlines={"read": 2, "command": 2})
    async with Client(edge.url, headers=bearer) as client:
        services["owners"].behaviour = hang
        begun.clear()
        assert (await client.get("/v1/me")).status == 504  # handed over, and the one kept connection is closed
        services["owners"].behaviour = echo
        assert (await client.get("/v1/me")).status == 200
        assert len(begun) == 2
        assert (await client.get("/v1/me")).status == 200
        assert len(begun) == 2
