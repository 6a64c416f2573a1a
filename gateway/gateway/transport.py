"""What lies between a connection from outside and its socket."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import Any


def descriptor(transport: asyncio.BaseTransport) -> int | None:
    """What `write_now` may write to; None where the bytes are not those of the socket, as with TLS."""
    if transport.get_extra_info("ssl_object") is not None:
        return None
    socket = transport.get_extra_info("socket")
    return None if socket is None else int(socket.fileno())


def write_now(transport: asyncio.WriteTransport, to: int | None, data: bytes) -> None:
    """As the transport's `write`, but at once: uvloop would write after another turn through epoll.

    Only where nothing waits to be written, so that the order stays; what does not fit is left to the transport, and so
    is an error.
    """
    if to is not None and not transport.is_closing() and not transport.get_write_buffer_size():
        sent = 0
        with suppress(OSError):
            sent = os.write(to, data)
        if sent == len(data):
            return
        data = data[sent:]
    transport.write(data)


class HeadWithBody(asyncio.Transport):
    """Holds an answer's head back for its body, so that both leave in one system call instead of two."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._descriptor = descriptor(transport)
        self._held = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """A head waits for the end of this turn of the loop at most."""
        if self._held:
            self._transport.write(self._held + data)
            self._held = b""
        elif data[:7] == b"HTTP/1.":
            self._held = bytes(data)
            self._loop.call_soon(self._flush)
        else:
            self._transport.write(data)

    def _flush(self) -> None:
        if self._held:
            self._transport.write(self._held)
            self._held = b""

    def write_whole(self, data: bytes) -> None:
        """An answer that is complete, so that nothing is to be waited for."""
        self._flush()
        write_now(self._transport, self._descriptor, data)

    def close(self) -> None:
        """Sends what is held, and closes."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """Closes at once."""
        self._held = b""
        self._transport.abort()

    def is_closing(self) -> bool:
        """Whether it is on its way to be closed."""
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Addresses and the socket."""
        return self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Too much waits to be handled."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """It was handled."""
        self._transport.resume_reading()
