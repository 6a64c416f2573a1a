import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import cast

import pytest

from gateway.transport import EagerWriter, HeadWithBody

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Recorder(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.ended: str | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def close(self) -> None:
        self.ended = "closed"

    def abort(self) -> None:
        self.ended = "aborted"


@pytest.fixture
async def held() -> tuple[Recorder, HeadWithBody]:
    recorder = Recorder()
    return recorder, HeadWithBody(recorder, asyncio.get_running_loop())


async def test_head_leaves_with_its_body(held: tuple[Recorder, HeadWithBody]) -> None:
    recorder, transport = held
    transport.write(HEAD)
    transport.write(b"body")
    transport.write(b"more")
    assert recorder.written == [HEAD + b"body", b"more"]


async def test_head_without_a_body_leaves_in_this_turn_of_the_loop(held: tuple[Recorder, HeadWithBody]) -> None:
    recorder, transport = held
    transport.write(HEAD)
    assert recorder.written == []
    await asyncio.sleep(0)
    assert recorder.written == [HEAD]


async def test_head_is_sent_before_the_connection_closes(held: tuple[Recorder, HeadWithBody]) -> None:
    recorder, transport = held
    transport.write(HEAD)
    transport.close()
    assert (recorder.written, recorder.ended) == ([HEAD], "closed")


async def test_aborted_connection_sends_nothing_more(held: tuple[Recorder, HeadWithBody]) -> None:
    recorder, transport = held
    transport.write(HEAD)
    transport.abort()
    await asyncio.sleep(0)
    assert (recorder.written, recorder.ended) == ([], "aborted")


@pytest.fixture
async def connected() -> AsyncIterator[tuple[asyncio.Transport, asyncio.StreamReader]]:
    """A transport of a server, and the reader at the other end, which takes nothing in by itself."""
    accepted: asyncio.Future[asyncio.Transport] = asyncio.get_running_loop().create_future()

    class Accepting(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            accepted.set_result(cast("asyncio.Transport", transport))

    server = await asyncio.get_running_loop().create_server(Accepting, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        yield await accepted, reader
        (await accepted).abort()
        writer.close()


async def test_bytes_keep_their_order_when_they_no_longer_fit(
    connected: tuple[asyncio.Transport, asyncio.StreamReader],
) -> None:
    transport, reader = connected
    writer = EagerWriter(transport)
    pieces = [bytes([number]) * 1_000_003 for number in range(12)]
    for piece in pieces:
        writer.write(piece)
    assert writer._descriptor is None  # something did not fit
    transport.write_eof()
    assert await asyncio.wait_for(reader.read(), 60) == b"".join(pieces)


async def test_nothing_is_written_to_a_connection_that_ends(
    connected: tuple[asyncio.Transport, asyncio.StreamReader],
) -> None:
    transport, reader = connected
    writer = EagerWriter(transport)
    transport.abort()
    writer.write(b"to whoever has this descriptor next")
    with suppress(ConnectionResetError):
        assert await asyncio.wait_for(reader.read(), 60) == b""
