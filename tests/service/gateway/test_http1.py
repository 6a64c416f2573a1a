"""What services, or what stands in their place, may send: every framing, and nothing that is none."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest

from gateway.http1 import HIGH_WATER, BrokenOff, Connection
from gateway.pool import NotReached, Pool
from tests.service.gateway.upstreams import free_port

type Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]


class Scripted:
    """A server that answers each request with the next of these bytes, cut into these pieces."""

    def __init__(self) -> None:
        self.answers: list[list[bytes]] = []
        self.requests: list[bytes] = []
        self.connections = 0
        self.close_after = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while self.answers:
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
                self.requests.append(head + await reader.readexactly(int(length or b"0")))
                for piece in self.answers.pop(0):
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
                if self.close_after:
                    break
            else:
                await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def scripted() -> AsyncIterator[tuple[Scripted, Pool]]:
    script = Scripted()
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    pool = Pool(f"http://127.0.0.1:{port}", connect_timeout=1.0)
    async with server:
        yield script, pool
        pool.close()


async def ask(pool: Pool, method: bytes = b"GET", body: bytes = b"", *, within: float = 5.0) -> tuple[int, bytes]:
    deadline = asyncio.get_running_loop().time() + within
    connection, answer = await pool.send(method, b"/v1/x?y=1", [(b"accept", b"*/*")], body, deadline=deadline)
    try:
        read = b""
        while piece := await answer.read():
            read += piece
        return answer.status, read
    finally:
        pool.give_back(connection)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([OK], (200, b"ok")),
        ([OK[index : index + 1] for index in range(len(OK))], (200, b"ok")),
        ([CHUNKED + b"2\r\nok\r\n0\r\n\r\n"], (200, b"ok")),
        (
            [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n", b"1\r\nk\r\n0\r\nT: x\r\n\r\n"],
            (200, b"ok"),
        ),
        ([b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK], (200, b"ok")),
        ([b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 102 Processing\r\n\r\n", OK], (200, b"ok")),
        ([b"HTTP/1.1 204 No Content\r\n\r\n"], (204, b"")),
        ([b"HTTP/1.1 304 Not Modified\r\nContent-Length: 999\r\n\r\n"], (304, b"")),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"], (200, b"")),
    ],
    ids=["length", "byte by byte", "chunked", "trailer", "hints", "continue", "204", "304 with a length", "empty"],
)
async def test_answer_is_read_and_its_connection_kept(
    scripted: tuple[Scripted, Pool], pieces: list[bytes], expected: tuple[int, bytes]
) -> None:
    script, pool = scripted
    script.answers = [pieces, [OK]]
    assert await ask(pool) == expected
    assert await ask(pool) == (200, b"ok")
    assert script.connections == 1


async def test_answer_to_head_has_no_body(scripted: tuple[Scripted, Pool]) -> None:
    script, pool = scripted
    script.answers = [[b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"], [OK]]
    assert await ask(pool, b"HEAD") == (200, b"")
    assert await ask(pool) == (200, b"ok")
    assert script.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n\r\nok",
    ],
    ids=["close", "1.0", "until the end"],
)
async def test_connection_that_ends_is_not_used_again(scripted: tuple[Scripted, Pool], answer: bytes) -> None:
    script, pool = scripted
    script.answers = [[answer], [answer]]
    script.close_after = True
    assert await ask(pool) == (200, b"ok")
    assert await ask(pool) == (200, b"ok")
    assert script.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX: y\nInjected: z\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
    ids=["nothing", "half a head", "half", "half a chunk", "ssh", "lengths", "both", "bare lf", "upgrade", "monster"],
)
async def test_answer_that_is_cut_or_malformed_breaks_off(scripted: tuple[Scripted, Pool], answer: bytes) -> None:
    script, pool = scripted
    script.answers = [[answer]]
    script.close_after = True
    with pytest.raises(BrokenOff):
        await ask(pool)


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
async def test_second_answer_to_one_request_reaches_nobody(scripted: tuple[Scripted, Pool], method: bytes) -> None:
    script, pool = scripted
    script.answers = [[b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"], [OK]]
    with contextlib.suppress(BrokenOff):  # when both answers came at once
        assert await ask(pool, method) == (204, b"")
    assert await ask(pool) == (200, b"ok")
    assert script.connections == 2


async def test_silent_service_is_a_timeout_and_its_connection_is_closed(scripted: tuple[Scripted, Pool]) -> None:
    script, pool = scripted
    script.answers = [[], [OK]]
    with pytest.raises(TimeoutError):
        await ask(pool, within=0.1)
    assert await ask(pool) == (200, b"ok")
    assert script.connections == 2


async def test_nobody_there_is_told_apart_from_a_broken_answer() -> None:
    pool = Pool(f"http://127.0.0.1:{free_port()}", connect_timeout=1.0)
    with pytest.raises(NotReached):
        await ask(pool)


async def test_request_is_framed_by_its_length(scripted: tuple[Scripted, Pool]) -> None:
    script, pool = scripted
    script.answers = [[OK], [OK], [OK]]
    await ask(pool, b"POST", b"GET / HTTP/1.1\r\n\r\n")
    await ask(pool, b"POST")
    await ask(pool, b"GET")
    first, second, third = script.requests
    assert first.startswith(b"POST /v1/x?y=1 HTTP/1.1\r\nhost: 127.0.0.1:")
    assert first.endswith(b"accept: */*\r\ncontent-length: 18\r\n\r\nGET / HTTP/1.1\r\n\r\n")
    assert b"content-length: 0\r\n" in second
    assert b"content-length" not in third


async def test_service_waits_while_nobody_reads(scripted: tuple[Scripted, Pool]) -> None:
    script, pool = scripted
    size = 64 << 20
    script.answers = [[b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size, b"x" * size]]
    deadline = asyncio.get_running_loop().time() + 60
    connection, answer = await pool.send(b"GET", b"/", [], b"", deadline=deadline)
    largest = read = 0
    while piece := await answer.read():
        largest = max(largest, len(piece))
        read += len(piece)
        await asyncio.sleep(0)
    pool.give_back(connection)
    assert read == size
    assert largest < HIGH_WATER + (1 << 20)


async def test_word_on_an_idle_connection_ends_it(scripted: tuple[Scripted, Pool]) -> None:
    script, pool = scripted
    connection = Connection()
    ended = asyncio.Event()

    class Transport(asyncio.Transport):
        def abort(self) -> None:
            ended.set()

    connection.connection_made(Transport())
    connection.data_received(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
    assert ended.is_set()
    assert connection.closed
    script.answers = [[OK]]
    assert await ask(pool) == (200, b"ok")
