"""The proxy between real sockets, in each of its modes."""

import asyncio
import contextlib
import fcntl
import socket
import struct
import termios
from collections.abc import AsyncIterator, Iterator
from typing import Self

import pytest

from cli.faults.proxy import TcpProxy
from tests.support.eventually import eventually

HOST = "127.0.0.1"


class EchoServer:
    """Answers every chunk with itself, and remembers how its connections ended."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.open = 0
        self.resets = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, HOST)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server
        self._server.close()
        for writer in self._writers:
            writer.close()
        await self._server.wait_closed()

    @property
    def address(self) -> tuple[str, int]:
        assert self._server
        host, port = self._server.sockets[0].getsockname()
        return host, port

    def reset(self) -> None:
        for writer in self._writers:
            linger_not(writer)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self.open += 1
        try:
            while data := await reader.read(65536):
                self.heard += data
                writer.write(data)
                await writer.drain()
            writer.write(b"bye")
        except ConnectionResetError:
            self.resets += 1
        finally:
            self.open -= 1
            self._writers.discard(writer)
            writer.close()
            with contextlib.suppress(ConnectionResetError):
                await writer.wait_closed()


def linger_not(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.fixture
async def server() -> AsyncIterator[EchoServer]:
    async with EchoServer() as entered:
        yield entered


@pytest.fixture
def proxy(server: EchoServer) -> Iterator[TcpProxy]:
    made = TcpProxy(server.address)
    made.start()
    yield made
    made.stop()


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    @contextlib.asynccontextmanager
    async def of(cls, proxy: TcpProxy) -> AsyncIterator["Client"]:
        made = cls(*await asyncio.open_connection(HOST, proxy.port))
        try:
            yield made
        finally:
            made.writer.close()
            with contextlib.suppress(ConnectionError):
                await made.writer.wait_closed()

    async def exchange(self, data: bytes) -> bytes:
        self.writer.write(data)
        return await self.hear(len(data))

    async def hear(self, length: int) -> bytes:
        async with asyncio.timeout(60):
            return await self.reader.readexactly(length)

    async def delivered(self) -> None:
        """Waits until the proxy's socket has everything, as the kernel sees it."""
        own = self.writer.get_extra_info("socket").fileno()

        def unacknowledged() -> int:
            (count,) = struct.unpack("i", fcntl.ioctl(own, termios.TIOCOUTQ, b"\0" * 4))
            return int(count)

        await eventually(lambda: unacknowledged() == 0)


async def test_bytes_pass_both_ways_in_their_order(server: EchoServer, proxy: TcpProxy) -> None:
    data = bytes(range(256)) * 40_000  # more than all the buffers on the way take at once
    async with Client.of(proxy) as client:
        client.writer.write(data)
        assert await client.hear(len(data)) == data
    assert bytes(server.heard) == data


async def test_a_reader_that_does_not_read_is_waited_for(server: EchoServer, proxy: TcpProxy) -> None:
    data = b"x" * 30_000_000
    async with Client.of(proxy) as client:
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]
        client.writer.write(data)
        await eventually(lambda: len(server.heard) > 1_000_000)
        assert len(server.heard) < len(data)
        client.reader._transport.resume_reading()  # type: ignore[attr-defined]
        assert await client.hear(len(data)) == data


async def test_the_end_of_one_direction_is_passed_on_and_the_other_goes_on(proxy: TcpProxy) -> None:
    async with Client.of(proxy) as client:
        client.writer.write(b"last words")
        client.writer.write_eof()
        assert await asyncio.wait_for(client.reader.read(), 60) == b"last wordsbye"


async def test_a_client_that_leaves_is_heard_of_by_the_server(server: EchoServer, proxy: TcpProxy) -> None:
    async with Client.of(proxy) as client:
        await client.exchange(b"a")
        assert server.open == 1
    await eventually(lambda: server.open == 0)
    assert server.resets == 0


async def test_a_reset_by_one_end_is_a_reset_for_the_other(server: EchoServer, proxy: TcpProxy) -> None:
    async with Client.of(proxy) as client:
        await client.exchange(b"a")
        server.reset()
        with pytest.raises(ConnectionResetError):
            await client.hear(1)


async def test_reset_strikes_every_open_connection_and_no_later_one(server: EchoServer, proxy: TcpProxy) -> None:
    async with Client.of(proxy) as one, Client.of(proxy) as other:
        await one.exchange(b"a")
        await other.exchange(b"b")
        assert proxy.reset() == 2
        for struck in (one, other):
            with pytest.raises(ConnectionResetError):
                await struck.hear(1)
        await eventually(lambda: server.resets == 2)
        assert proxy.reset() == 0
        async with Client.of(proxy) as later:
            assert await later.exchange(b"c") == b"c"


async def test_a_blackhole_accepts_and_holds_and_delivers_in_the_end(server: EchoServer, proxy: TcpProxy) -> None:
    async with Client.of(proxy) as old:
        await old.exchange(b"before")
        proxy.blackhole()
        old.writer.write(b" during")
        async with Client.of(proxy) as new:
            new.writer.write(b" too")
            await old.delivered()
            await new.delivered()
            for _ in range(10):
                assert proxy.waiting_bytes <= len(b" during too")  # its loop had occasions to pass them on
            assert bytes(server.heard) == b"before"
            proxy.pass_through()
            assert await old.hear(7) == b" during"
            assert await new.hear(4) == b" too"


async def test_an_end_inside_a_blackhole_is_heard_of_behind_what_was_held(server: EchoServer, proxy: TcpProxy) -> None:
    async with Client.of(proxy) as client:
        await client.exchange(b"before")
        proxy.blackhole()
        client.writer.write(b", after")
        await client.delivered()
    assert server.open == 1
    proxy.pass_through()
    await eventually(lambda: server.open == 0)
    assert bytes(server.heard) == b"before, after"


async def test_delayed_bytes_come_later_in_their_order(server: EchoServer, proxy: TcpProxy) -> None:
    async with Client.of(proxy) as client:
        await client.exchange(b"before")
        proxy.delay(60)
        for number, letter in enumerate((b"1", b"2", b"3"), 1):
            client.writer.write(letter)
            await eventually(lambda expected=number: proxy.waiting_bytes == expected)  # type: ignore[misc]
        assert bytes(server.heard) == b"before"
        proxy.delay(0.05)
        assert await client.hear(3) == b"123"
        assert await client.exchange(b"4") == b"4"


async def test_no_more_waits_for_its_delay_than_a_window(proxy: TcpProxy) -> None:
    async with Client.of(proxy) as client:
        await client.exchange(b"before")
        proxy.delay(60)
        data = b"x" * 30_000_000
        client.writer.write(data)
        await eventually(lambda: proxy.waiting_bytes > 1_000_000)
        assert proxy.waiting_bytes < 2_000_000
        proxy.pass_through()
        assert await client.hear(len(data)) == data


async def test_refused_connections_do_not_exist_and_open_ones_are_reset(proxy: TcpProxy) -> None:
    async with Client.of(proxy) as client:
        await client.exchange(b"a")
        proxy.refuse()
        with pytest.raises(ConnectionResetError):
            await client.hear(1)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(HOST, proxy.port)
    proxy.pass_through()
    async with Client.of(proxy) as again:
        assert await again.exchange(b"b") == b"b"


async def test_a_server_that_is_away_shows_as_a_reset(server: EchoServer, proxy: TcpProxy) -> None:
    await server.__aexit__()
    with pytest.raises(ConnectionResetError):
        async with Client.of(proxy) as client:
            await client.hear(1)


async def test_stopping_ends_connections_thread_and_port(proxy: TcpProxy) -> None:
    async with Client.of(proxy) as client:
        await client.exchange(b"a")
        proxy.stop()
        with pytest.raises(ConnectionResetError):
            await client.hear(1)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(HOST, proxy.port)
    with pytest.raises(RuntimeError, match="does not run"):
        proxy.reset()
    proxy.stop()
    proxy.start()
    async with Client.of(proxy) as again:
        assert await again.exchange(b"b") == b"b"
