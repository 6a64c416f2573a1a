"""What a client gets while a service hangs, breaks, is away or comes back."""

import asyncio
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import web

from gateway.settings import Deadlines
from tests.service.gateway.edges import Answer, Client, StartGateway
from tests.service.gateway.upstreams import Services, break_off_once, hang
from tests.support.eventually import eventually

QUICK = {"deadlines": {"read": 0.3, "command": 0.3}}


def problem(answer: Answer) -> tuple[int, str]:
    assert answer.content_type == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status
    assert body["trace_id"] == answer.headers["X-Trace-Id"]
    return answer.status, body["type"].removeprefix("urn:carpass:problem:")


async def test_hung_service_costs_its_own_routes_a_504(
    start_gateway: StartGateway, services: Services, bearer: dict[str, str]
) -> None:
    edge = await start_gateway(**QUICK)
    services["trust"].behaviour = hang
    async with Client(edge.url) as client:
        for answer in await asyncio.gather(*(client.get("/v1/cars/7/score", headers=bearer) for _ in range(5))):
            assert problem(answer) == (504, "gateway-timeout")
    await services["trust"].go_away()  # what it has not read yet when we give up would be seen by the next test


async def test_hung_service_costs_the_others_nothing(
    client: Client, services: Services, bearer: dict[str, str]
) -> None:
    may_answer = asyncio.Event()

    async def hang_for_now(_request: web.Request) -> web.StreamResponse:
        await may_answer.wait()
        return web.Response()

    services["trust"].behaviour = hang_for_now
    hung = [asyncio.create_task(client.get("/v1/cars/7/score", headers=bearer)) for _ in range(5)]
    await eventually(lambda: len(services["trust"].seen) == 5)
    for path in ("/v1/cars/7", "/v1/work-orders", "/v1/service-centers"):
        assert (await client.get(path, headers=bearer)).status == 200
    assert not any(task.done() for task in hung)
    may_answer.set()  # or they would fail in the middle of another test, on the gateway that it shares
    assert {answer.status for answer in await asyncio.gather(*hung)} == {200}


async def test_import_and_export_may_take_longer_than_other_answers(
    start_gateway: StartGateway, services: Services, bearer: dict[str, str]
) -> None:
    edge = await start_gateway(**QUICK)
    services["owners"].behaviour = hang
    async with Client(edge.url) as client:
        long = [
            asyncio.create_task(client.post("/v1/imports", data=b"x", headers=bearer)),
            asyncio.create_task(client.get("/v1/cars/7/export", headers=bearer)),
        ]
        assert problem(await client.get("/v1/cars/7", headers=bearer)) == (504, "gateway-timeout")
        assert not any(task.done() for task in long)
        for task in long:
            task.cancel()
        await asyncio.wait(long)


def test_default_deadline_of_a_read_is_within_three_seconds() -> None:
    assert Deadlines().read <= 3
    assert Deadlines().command > 2  # a command may wait 2 s for a read model


async def test_answer_that_stops_half_way_is_seen_to_be_cut(
    start_gateway: StartGateway, services: Services, bearer: dict[str, str]
) -> None:
    async def stall(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse()
        await stream.prepare(request)
        await stream.write(b"half")
        return await hang(request)

    edge = await start_gateway(deadlines={"read": 2, "command": 2})
    services["owners"].behaviour = stall
    async with Client(edge.url) as client, client.open("GET", "/v1/me", headers=bearer) as answer:
        assert answer.status == 200
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


async def test_head_without_its_body_is_still_a_504(
    start_gateway: StartGateway, services: Services, bearer: dict[str, str]
) -> None:
    async def stall(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse()
        await stream.prepare(request)
        return await hang(request)

    edge = await start_gateway(**QUICK)
    services["owners"].behaviour = stall
    async with Client(edge.url) as client:
        assert problem(await client.get("/v1/me", headers=bearer)) == (504, "gateway-timeout")


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
async def test_refused_connection_is_tried_again_with_any_method(
    client: Client, services: Services, bearer: dict[str, str], method: str
) -> None:
    await services["owners"].go_away()
    asked = asyncio.create_task(client.request(method, "/v1/me", headers=bearer))
    done, _ = await asyncio.wait({asked}, timeout=0.5)
    assert not done
    await services["owners"].come_back()
    assert (await asked).status == 200
    assert len(services["owners"].seen) == 1


async def test_service_that_stays_away_is_told_as_a_503(
    start_gateway: StartGateway, services: Services, bearer: dict[str, str]
) -> None:
    edge = await start_gateway(connect_patience=0.2)
    await services["sto"].go_away()
    async with Client(edge.url) as client:
        answer = await client.post("/v1/car-links", headers=bearer, json={})
        assert problem(answer) == (503, "unavailable")
        assert int(answer.headers["Retry-After"]) >= 1
        assert (await client.get("/v1/me", headers=bearer)).status == 200


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
async def test_repeatable_request_survives_a_broken_connection(
    client: Client, services: Services, bearer: dict[str, str], method: str
) -> None:
    services["workorders"].behaviour = break_off_once()
    keyed = {} if method == "GET" else {"Idempotency-Key": str(uuid4())}
    answer = await client.request(method, "/v1/work-orders", headers={**bearer, **keyed})
    assert answer.status == 200
    first, second = services["workorders"].seen
    assert first == second


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
async def test_command_without_a_key_is_never_sent_twice(
    client: Client, services: Services, bearer: dict[str, str], method: str
) -> None:
    assert (await client.get("/v1/work-orders", headers=bearer)).status == 200  # so that a kept connection is used
    services["workorders"].behaviour = break_off_once()
    answer = await client.request(method, "/v1/work-orders", headers=bearer)
    assert problem(answer) == (502, "bad-gateway")
    assert [seen.method for seen in services["workorders"].seen] == ["GET", method]


async def test_request_is_repeated_once_only(client: Client, services: Services, bearer: dict[str, str]) -> None:
    services["workorders"].behaviour = break_off_once(break_off_once(break_off_once()))
    answer = await client.get("/v1/work-orders", headers=bearer)
    assert problem(answer) == (502, "bad-gateway")
    assert len(services["workorders"].seen) == 2


async def test_answer_that_is_no_http_is_a_502(start_gateway: StartGateway, bearer: dict[str, str]) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"SSH-2.0-OpenSSH_9.9\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        edge = await start_gateway(upstream_sto_url=f"http://127.0.0.1:{port}")
        async with Client(edge.url) as client:
            assert problem(await client.get("/v1/car-links", headers=bearer)) == (502, "bad-gateway")


async def test_service_with_all_places_taken_answers_503_at_once(
    start_gateway: StartGateway, services: Services, bearer: dict[str, str]
) -> None:
    edge = await start_gateway(upstream_concurrency=2, deadlines={"read": 3, "command": 3})
    services["trust"].behaviour = hang
    async with Client(edge.url) as client:
        hung = [asyncio.create_task(client.get("/v1/audit", headers=bearer)) for _ in range(2)]
        await eventually(lambda: len(services["trust"].seen) == 2)
        answer = await client.get("/v1/audit", headers=bearer)
        assert problem(answer) == (503, "unavailable")
        assert "Retry-After" in answer.headers
        assert len(services["trust"].seen) == 2
        assert [answer.status for answer in await asyncio.gather(*hung)] == [504, 504]
        services["trust"].behaviour = break_off_once()
        assert (await client.get("/v1/audit", headers=bearer)).status == 200


async def test_service_that_only_fails_is_left_alone_and_taken_back(
    start_gateway: StartGateway, services: Services, bearer: dict[str, str]
) -> None:
    edge = await start_gateway(breaker_failures=2, breaker_pause=3, **QUICK)
    services["trust"].behaviour = hang
    async with Client(edge.url) as client:
        for _ in range(2):
            assert (await client.get("/v1/audit", headers=bearer)).status == 504
        assert problem(await client.get("/v1/audit", headers=bearer)) == (503, "unavailable")
        assert len(services["trust"].seen) == 2

        async def taken_back() -> None:
            assert (await client.get("/v1/audit", headers=bearer)).status == 200

        services["trust"].behaviour = break_off_once()
        await eventually(taken_back, within=60)


async def test_readiness_names_who_is_away_and_serves_the_rest(start_gateway: StartGateway, services: Services) -> None:
    edge = await start_gateway()
    await services["trust"].go_away()
    async with Client(edge.url) as client:
        answer = await client.get("/readyz")
        body = answer.json()
        assert (answer.status, body["ready"]) == (200, True)
        assert body["away"] == {"trust": "cannot be reached"}


async def test_without_any_service_the_gateway_is_not_ready(start_gateway: StartGateway, services: Services) -> None:
    edge = await start_gateway()
    for service in services.values():
        await service.go_away()
    async with Client(edge.url) as client:
        answer = await client.get("/readyz")
        assert answer.status == 503
        assert "upstreams" in answer.json()["unready"]


async def test_stopping_gateway_finishes_what_it_has_begun(
    start_gateway: StartGateway, services: Services, bearer: dict[str, str]
) -> None:
    may_answer = asyncio.Event()

    async def slow(_request: web.Request) -> web.StreamResponse:
        await may_answer.wait()
        return web.Response(text="done")

    edge = await start_gateway()
    services["owners"].behaviour = slow
    async with Client(edge.url) as client:
        asked = asyncio.create_task(client.get("/v1/me", headers=bearer))
        await eventually(lambda: len(services["owners"].seen) == 1)
        edge.stop()
        may_answer.set()
        answer = await asked
        assert (answer.status, answer.body) == (200, b"done")
        await asyncio.wait_for(edge.running, 60)
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.get("/livez")
