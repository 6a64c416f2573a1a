"""What services, or what stands in their place, may send: every framing, and nothing that is none."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.service.gateway.edges import Client, Edge, StartGateway
from tests.service.gateway.upstreams import ScriptedService

PATH = "/v1/car-links"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
POISON = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
async def script() -> AsyncIterator[ScriptedService]:
    async with ScriptedService() as service:
        yield service


@pytest.fixture
async def edge(start_gateway: StartGateway, script: ScriptedService, bearer: dict[str, str], visit: str) -> Edge:
    edge = await start_gateway(upstream_sto_url=script.url, deadlines={"read": 2.0, "command": 2.0})
    if visit == "regular":
        script.answers = [[OK]]
        async with Client(edge.url, headers=bearer) as client:
            assert await asked(client) == (200, b"ok")
        script.requests.clear()
    return edge


@pytest.fixture
async def client(edge: Edge, bearer: dict[str, str]) -> AsyncIterator[Client]:
    async with Client(edge.url, headers=bearer) as connected:
        yield connected


async def asked(client: Client, method: str = "GET") -> tuple[int, bytes]:
    answer = await client.request(method, PATH)
    return answer.status, answer.body


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([OK], (200, b"ok")),
        ([OK[index : index + 1] for index in range(len(OK))], (200, b"ok")),
        ([CHUNKED + b"2\r\nok\r\n0\r\n\r\n"], (200, b"ok")),
        ([CHUNKED + b"1\r\no\r\n", b"1\r\nk\r\n0\r\nT: x\r\n\r\n"], (200, b"ok")),
        ([b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK], (200, b"ok")),
        ([b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 102 Processing\r\n\r\n", OK], (200, b"ok")),
        ([b"HTTP/1.1 204 No Content\r\n\r\n"], (204, b"")),
        ([b"HTTP/1.1 304 Not Modified\r\nContent-Length: 999\r\n\r\n"], (304, b"")),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"], (200, b"")),
    ],
    ids=["length", "byte by byte", "chunked", "trailer", "hints", "continue", "204", "304 with a length", "empty"],
)
async def test_answer_is_read_and_its_connection_kept(
    script: ScriptedService, client: Client, pieces: list[bytes], expected: tuple[int, bytes]
) -> None:
    script.answers = [pieces, [OK]]
    assert await asked(client) == expected
    assert await asked(client) == (200, b"ok")
    assert len(script.connections) == 1


async def test_answer_to_head_has_no_body(script: ScriptedService, client: Client) -> None:
    script.answers = [[b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"], [OK]]
    assert await asked(client, "HEAD") == (200, b"")
    assert await asked(client) == (200, b"ok")
    assert len(script.connections) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n\r\nok",
    ],
    ids=["close", "1.0", "until the end"],
)
async def test_connection_that_ends_is_not_used_again(script: ScriptedService, client: Client, answer: bytes) -> None:
    script.answers = [[answer], [answer]]
    script.close_after = True
    assert await asked(client) == (200, b"ok")
    assert await asked(client) == (200, b"ok")
    assert len(script.connections) == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
        CHUNKED,
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX: y\rInjected: z\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        b"HTTP/1.1 999 Beyond\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
    ],
    ids=[
        "nothing",
        "half a head",
        "ssh",
        "no body",
        "no chunk",
        "lengths",
        "both",
        "bare cr",
        "upgrade",
        "status",
        "monster",
        "many",
    ],
)
async def test_answer_that_is_cut_or_malformed_is_a_502(script: ScriptedService, client: Client, answer: bytes) -> None:
    script.answers = [[answer], [answer]]
    script.close_after = True
    got = await client.post(PATH)
    assert (got.status, got.content_type) == (502, "application/problem+json")
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    "pieces",
    [
        [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"],
        [CHUNKED + b"9\r\nhalf"],
        [CHUNKED + b"4\r\nhalf\r\n", b"no chunk\r\n"],
    ],
    ids=["length", "chunk", "malformed chunk"],
)
async def test_half_an_answer_is_never_taken_for_a_whole_one(
    script: ScriptedService, client: Client, pieces: list[bytes]
) -> None:
    script.answers = [pieces]
    script.close_after = True
    try:
        assert (await client.post(PATH)).status == 502  # when its end was seen before its first piece went out
    except aiohttp.ClientPayloadError:
        assert len(script.requests) == 1


async def test_second_answer_to_one_request_reaches_nobody(script: ScriptedService, client: Client) -> None:
    script.answers = [[b"HTTP/1.1 204 No Content\r\n\r\n" + POISON], [OK]]
    assert await asked(client) == (204, b"")
    assert await asked(client) == (200, b"ok")
    assert len(script.connections) == 2


async def test_body_of_an_answer_to_head_reaches_nobody(script: ScriptedService, client: Client) -> None:
    script.answers = [[POISON], [POISON]]
    assert await asked(client, "HEAD") in {(200, b""), (502, b"")}
    script.answers = [[OK]]
    assert await asked(client) == (200, b"ok")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_answer_before_its_request_reaches_nobody(script: ScriptedService, client: Client, method: str) -> None:
    script.answers = [[OK], [OK]]
    assert await asked(client) == (200, b"ok")
    script.connections[0].write(POISON)
    await script.connections[0].drain()
    await client.get("/livez")  # the gateway's loop turns, and reads it
    assert await asked(client, method) == (200, b"ok")
    assert len(script.connections) == 2


async def test_connection_of_a_late_answer_is_closed(script: ScriptedService, client: Client) -> None:
    script.answers = [[], [OK]]
    assert (await asked(client))[0] == 504
    assert await asked(client) == (200, b"ok")
    assert len(script.connections) == 2


async def test_service_gets_no_header_that_nobody_sent(
    script: ScriptedService, edge: Edge, bearer: dict[str, str]
) -> None:
    script.answers = [[OK], [OK], [OK]]
    smuggled = b"GET / HTTP/1.1\r\n\r\n"
    for start, framing, body in (
        ("POST", f"Content-Length: {len(smuggled)}\r\n", smuggled),
        ("POST", "Content-Length: 0\r\n", b""),
        ("GET", "", b""),
    ):
        head = f"{start} {PATH}?y=%2f&z HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer['Authorization']}\r\n{framing}"
        assert (await edge.raw(f"{head}\r\n".encode() + body)).startswith(b"HTTP/1.1 200")
    sent = [request.partition(b"\r\n\r\n") for request in script.requests]
    lines = [head.decode().split("\r\n") for head, _, _ in sent]
    assert [(line[0], body) for line, (_, _, body) in zip(lines, sent, strict=True)] == [
        (f"POST {PATH}?y=%2f&z HTTP/1.1", smuggled),
        (f"POST {PATH}?y=%2f&z HTTP/1.1", b""),
        (f"GET {PATH}?y=%2f&z HTTP/1.1", b""),
    ]
    names = [sorted(field.partition(":")[0].lower() for field in line[1:]) for line in lines]
    ours = ["authorization", "content-length", "host", "traceparent", "x-request-id"]
    assert names == [ours, ours, [name for name in ours if name != "content-length"]]
