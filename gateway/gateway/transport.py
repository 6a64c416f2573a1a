"""What lies between a connection from outside and its socket."""

from __future__ import annotations

import asyncio
import os
from typing import Any


class EagerWriter:
    """Writes to the socket at once, where uvloop's transport would after another turn through epoll.

    As soon as something did not fit, or failed, everything goes to the transport for good: it keeps the order, waits
    and tells of errors. All that is written to a connection must come through here.
    """

    __slots__ = ("_descriptor", "_transport")

    def __init__(self, transport: asyncio.WriteTransport) -> None:
        self._transport = transport
        socket = transport.get_extra_info("socket")
        encrypted = transport.get_extra_info("ssl_object") is not None
        self._descriptor: int | None = None if socket is None or encrypted else int(socket.fileno())

    def write(self, data: bytes) -> None:
        """What was written before is before it."""
        if self._descriptor is None or self._transport.is_closing():
            self._transport.write(data)
            return
        try:
            sent = os.write(self._descriptor, data)
        except OSError:
            sent = 0
        if sent < len(data):
            self._descriptor = None
            self._transport.write(memoryview(data)[sent:])


class HeadWithBody(asyncio.Transport):
    """Holds an answer's head back for its body, so that both leave in one system call instead of two."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._writer = EagerWriter(transport)
        self._held = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """A head waits for the end of this turn of the loop at most."""
        if self._held:
            held, self._held = self._held, b""
            self._writer.write(held + data)
        elif data[:7] == b"HTTP/1.":
            self._held = bytes(data)
            self._loop.call_soon(self._flush)
        else:
            self._writer.write(bytes(data))

    def _flush(self) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._writer.write(held)

    def write_whole(self, data: bytes) -> None:
        """An answer that is complete, so that nothing is to be waited for."""
        self._flush()
        self._writer.write(data)

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
