"""Tokens, bodies and bytes that somebody hostile would send."""

import asyncio
import io
import time
from functools import partial

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.service.gateway.edges import Client, Edge, StartGateway, claims, generated_key, token
from tests.service.gateway.upstreams import Services, echo
from tests.support.eventually import eventually

LIMIT = 1 << 20


def public_pem(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def hostile_tokens(key: Ed25519PrivateKey) -> dict[str, str]:
    by_the_right_key = token(key)
    head, body, signature = by_the_right_key.split(".")
    secret = public_pem(key).replace(b"-----", b"")  # PyJWT itself refuses to sign with a PEM
    return {
        "none": jwt.encode(claims(), "", algorithm="none", headers={"kid": "test-key", "typ": "at+jwt"}),
        "hmac with the public key": token(secret, alg="HS256"),
        "another key": token(generated_key()),
        "unknown kid": token(key, kid="other"),
        "no kid": jwt.encode(claims(), key, algorithm="EdDSA", headers={"typ": "at+jwt"}),
        "kid as a path": token(key, kid="../../dev/null"),
        "wrong type": token(key, typ="JWT"),
        "wrong audience": token(key, changed={"aud": "other"}),
        "wrong issuer": token(key, changed={"iss": "other"}),
        "expired": token(key, changed={"exp": int(time.time()) - 60}),
        "no subject": token(key, changed={"sub": ""}),
        "subject is no id": token(key, changed={"sub": "admin"}),
        "cut signature": f"{head}.{body}.",
        "changed signature": f"{head}.{body}.{signature[:-4]}AAAA",
        "not a token": "x.y.z",
        "empty": "",
        "huge": "a" * 20_000,
    }


@pytest.mark.parametrize("name", hostile_tokens(generated_key()))
async def test_hostile_token_is_a_401(client: Client, services: Services, key: Ed25519PrivateKey, name: str) -> None:
    answer = await client.get("/v1/me", headers={"Authorization": f"Bearer {hostile_tokens(key)[name]}"})
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.content_type == "application/problem+json"
    assert services["owners"].seen == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "path", ["/v1/me", "/v1/cars", "/v1/auth/logout", "/v1/work-orders", "/v1/moderation/verifications", "/v1/audit"]
)
async def test_nothing_but_the_public_list_is_open(client: Client, services: Services, method: str, path: str) -> None:
    assert (await client.request(method, path)).status == 401
    assert [seen for service in services.values() for seen in service.seen] == []


async def test_public_list_is_open(client: Client) -> None:
    assert (await client.get("/.well-known/jwks.json")).status == 200
    for path in ("/v1/auth/telegram", "/v1/auth/refresh", "/v1/auth/bot", "/v1/telegram/webhook"):
        assert (await client.post(path, json={})).status == 200
        assert (await client.get(path)).status == 401


async def test_credential_of_another_kind_is_passed_on_to_who_checks_it(client: Client, services: Services) -> None:
    secret = {"X-Telegram-Bot-Api-Secret-Token": "s3cret"}
    await client.post("/v1/telegram/webhook", json={}, headers=secret)
    (seen,) = services["notifier"].seen
    assert seen.headers["X-Telegram-Bot-Api-Secret-Token"] == "s3cret"


async def test_body_at_the_limit_passes(client: Client, services: Services, bearer: dict[str, str]) -> None:
    assert (await client.post("/v1/cars", data=b"x" * LIMIT, headers=bearer)).status == 200
    assert len(services["owners"].seen[0].body) == LIMIT


async def test_file_to_import_may_have_ten_megabytes_and_no_byte_more(
    client: Client, services: Services, bearer: dict[str, str]
) -> None:
    for path in ("/v1/imports/preview", "/v1/imports"):
        assert (await client.post(path, data=io.BytesIO(b"x" * 10_000_000), headers=bearer)).status == 200
        refused = await client.post(path, data=io.BytesIO(b"x" * 10_000_001), headers=bearer)
        assert refused.status == 413
        assert "10000000 bytes" in refused.json()["detail"]
        assert "car.json" in refused.json()["detail"]
    assert [len(seen.body) for seen in services["owners"].seen] == [10_000_000, 10_000_000]


async def test_body_over_the_limit_is_a_413_and_reaches_nobody(
    client: Client, services: Services, bearer: dict[str, str]
) -> None:
    async def chunked() -> object:
        for _ in range(LIMIT // 65_536 + 1):
            yield b"x" * 65_536

    for body in (io.BytesIO(b"x" * (LIMIT + 1)), chunked()):
        answer = await client.post("/v1/cars", data=body, headers=bearer)
        assert answer.status == 413
        assert answer.content_type == "application/problem+json"
    assert services["owners"].seen == []


async def test_endless_body_is_cut(gateway: Edge, bearer: dict[str, str]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    head = (
        f"POST /v1/cars HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nAuthorization: {bearer['Authorization']}"
    )
    writer.write(head.encode() + b"\r\n\r\n")

    async def send_for_ever() -> None:
        while True:
            writer.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
            await writer.drain()

    sending = asyncio.create_task(send_for_ever())
    status = await asyncio.wait_for(reader.readline(), 60)
    with pytest.raises(ConnectionError):
        await asyncio.wait_for(sending, 60)
    writer.close()
    assert b"413" in status


async def test_announced_monster_is_refused_before_it_is_sent(gateway: Edge, bearer: dict[str, str]) -> None:
    head = (
        f"POST /v1/cars HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\nExpect: 100-continue\r\n"
        f"Authorization: {bearer['Authorization']}\r\n\r\n"
    )
    answer = await gateway.raw(head.encode(), until_closed=True)
    assert answer.startswith(b"HTTP/1.1 413")


async def test_client_that_does_not_send_its_body_is_a_408(
    start_gateway: StartGateway, services: Services, bearer: dict[str, str]
) -> None:
    edge = await start_gateway(client_body_timeout=0.2)
    head = (
        f"POST /v1/cars HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nAuthorization: {bearer['Authorization']}\r\n\r\n"
    )
    answer = await edge.raw(head.encode(), b"12345", until_closed=True)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"application/problem+json" in answer
    assert services["owners"].seen == []


async def test_client_that_does_not_finish_its_headers_is_a_408(start_gateway: StartGateway) -> None:
    edge = await start_gateway(client_header_timeout=0.2)
    answer = await edge.raw(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ", until_closed=True)
    assert answer.startswith(b"HTTP/1.1 408")
    assert await edge.raw(b"", until_closed=True) == b""


async def test_second_request_on_a_connection_has_the_same_time(start_gateway: StartGateway) -> None:
    edge = await start_gateway(client_header_timeout=0.2)
    answer = await edge.raw(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /livez HTTP/1.1\r\nHo", until_closed=True)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 408" in answer


async def test_client_that_does_not_take_its_answer_is_dropped(
    start_gateway: StartGateway, services: Services, bearer: dict[str, str]
) -> None:
    async def much(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"x" * (32 << 20))

    services["trust"].behaviour = much
    edge = await start_gateway(client_write_timeout=0.2, upstream_concurrency=1)
    _, writer = await asyncio.open_connection("127.0.0.1", edge.port, limit=1024)
    writer.write(f"GET /v1/audit HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer['Authorization']}\r\n\r\n".encode())
    await writer.drain()
    async with Client(edge.url) as client:
        await eventually(lambda: len(services["trust"].seen) == 1)
        services["trust"].behaviour = echo
        await eventually(partial(has_a_place, client, bearer), within=60)
    writer.close()


async def has_a_place(client: Client, bearer: dict[str, str]) -> bool:
    return (await client.get("/v1/audit", headers=bearer)).status == 200


@pytest.mark.parametrize("ended", [b"", b"\r\n\r\n"])
async def test_headers_over_the_limit_are_a_431(gateway: Edge, ended: bytes) -> None:
    fields = b"".join(b"X-%d: %b\r\n" % (number, b"v" * 1000) for number in range(40))
    answer = await gateway.raw(b"GET /livez HTTP/1.1\r\nHost: x\r\n" + fields + b"X: y" + ended, until_closed=True)
    assert answer.startswith(b"HTTP/1.1 431")
    assert b"application/problem+json" in answer


SMUGGLED = b"GET /v1/moderation/verifications HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4",
        b"Content-Length: 4\r\nContent-Length: 5",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding : chunked",
        b"Content-Length: +4",
        b"Content-Length: 0x4",
        b"Content-Length: -1",
        b"X: y\nTransfer-Encoding: chunked",
        b"X: y\rTransfer-Encoding: chunked",
    ],
)
async def test_request_that_could_be_read_in_two_ways_reaches_nobody(
    gateway: Edge, services: Services, bearer: dict[str, str], framing: bytes
) -> None:
    authorization = f"Authorization: {bearer['Authorization']}\r\n".encode()
    request = b"POST /v1/cars HTTP/1.1\r\nHost: x\r\n" + authorization + framing + b"\r\n\r\n0\r\n\r\n" + SMUGGLED
    answer = await gateway.raw(request, until_closed=True)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"application/problem+json" in answer
    assert answer.count(b"HTTP/1.1") == 1
    assert [seen for service in services.values() for seen in service.seen] == []


async def test_body_that_looks_like_a_request_stays_a_body(
    client: Client, services: Services, bearer: dict[str, str]
) -> None:
    assert (await client.post("/v1/cars", data=SMUGGLED, headers=bearer)).status == 200
    (seen,) = services["owners"].seen
    assert seen.body == SMUGGLED
    assert services["sto"].seen == []


async def test_get_with_a_body_is_refused(gateway: Edge, services: Services, bearer: dict[str, str]) -> None:
    head = f"GET /v1/cars HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer['Authorization']}\r\nContent-Length: 54\r\n\r\n"
    answer = await gateway.raw(head.encode() + SMUGGLED, until_closed=True)
    assert answer.startswith(b"HTTP/1.1 400")
    assert services["owners"].seen == []
    assert services["sto"].seen == []


async def test_upgrade_is_not_passed_on(gateway: Edge, services: Services, bearer: dict[str, str]) -> None:
    head = (
        f"GET /v1/cars HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer['Authorization']}\r\n"
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n"
    )
    answer = await gateway.raw(head.encode())
    assert b"101" not in answer.split(b"\r\n")[0]
    assert "Upgrade" not in {name for seen in services["owners"].seen for name in seen.headers}


@pytest.mark.parametrize("target", [b"/v1/cars?" + b"q" * 9000, b"/v1/cars/" + b"7" * 3000])
async def test_endless_address_is_a_414(gateway: Edge, target: bytes) -> None:
    answer = await gateway.raw(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 414")


async def test_only_so_much_is_buffered_for_everybody_together(
    start_gateway: StartGateway, bearer: dict[str, str]
) -> None:
    edge = await start_gateway(max_buffered_bytes=LIMIT)
    head = f"POST /v1/cars HTTP/1.1\r\nHost: x\r\nContent-Length: {LIMIT}\r\n"
    head += f"Authorization: {bearer['Authorization']}\r\n\r\n"
    _, writer = await asyncio.open_connection("127.0.0.1", edge.port)
    writer.write(head.encode() + b"x")
    await writer.drain()
    async with Client(edge.url) as client:
        statuses = []
        async with asyncio.timeout(60):
            while 503 not in statuses:
                statuses.append((await client.post("/v1/cars", data=b"{}", headers=bearer)).status)
        assert (await client.get("/v1/cars", headers=bearer)).status == 200
    writer.close()
