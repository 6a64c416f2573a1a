"""One proxied connection: two sockets, and what is on its way between them."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from typing import cast

_LINGER_NOT = struct.pack("ii", 1, 0)
_LARGEST_WAITING = 1024 * 1024
"""Bytes on their way in one direction; beyond them no more are read, as with a full window."""


class Weather:
    """What the lines of one proxy have to get through. `latency`: seconds, of each direction."""

    def __init__(self) -> None:
        self.latency = 0.0
        self.flowing = asyncio.Event()
        self.flowing.set()

    @property
    def holding(self) -> bool:
        """Nothing flows."""
        return not self.flowing.is_set()

    def change(self, *, holding: bool = False, latency: float = 0.0) -> None:
        """For all lines from now on; each must be told to look, by `update`."""
        self.latency = latency
        if holding:
            self.flowing.clear()
        else:
            self.flowing.set()


class Line:
    """Copies both ways: bytes in their order, the end of a stream after them, a reset as a reset."""

    def __init__(self, weather: Weather) -> None:
        self.weather = weather
        self.client = End(self)
        self.server = End(self)
        self.client.other, self.server.other = self.server, self.client
        self.closed = asyncio.Event()

    def update(self) -> None:
        """Look at the weather, the buffers and the sockets again."""
        for end in (self.client, self.server):
            end.pass_on()
        connected = self.client.connected and self.server.connected
        flowing = connected and not self.weather.holding
        for end in (self.client, self.server):
            end.read(wanted=flowing and not end.other.full and end.waiting_bytes <= _LARGEST_WAITING)
        if self.client.finished and self.server.finished:
            self.close()

    def close(self) -> None:
        """In order, behind what is being written."""
        for end in (self.client, self.server):
            end.close()
        self.closed.set()

    def reset(self) -> None:
        """RST to both."""
        for end in (self.client, self.server):
            end.reset()
        self.closed.set()


class End(asyncio.Protocol):
    """One of the two sockets. What arrives here leaves at `other`."""

    other: End

    def __init__(self, line: Line) -> None:
        self._line = line
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiting: deque[tuple[float, bytes]] = deque()
        self.waiting_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._reading = True
        self.full = False
        """More is to be written here than the socket takes."""
        self.finished = False
        """All that this one had to say has been passed on."""

    @property
    def connected(self) -> bool:
        """There is a socket."""
        return self._transport is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there, unless the line was closed meanwhile."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is no subclass
        if self._line.closed.is_set():
            self.reset()
        else:
            self._line.update()

    def data_received(self, data: bytes) -> None:
        """Passed on at once when nothing is in the way."""
        # uvloop delivers what has come before `pause_reading`.
        if self._waiting or self._line.weather.latency or not self._flowing:
            self._wait(data)
        else:
            self.other.write(data)

    def eof_received(self) -> bool:
        """Passed on behind the data; what comes from the other one still arrives here."""
        self._wait(b"")
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """A reset here is a reset there."""
        if exc is not None:
            self._line.reset()
        else:
            self._line.close()

    def pause_writing(self) -> None:
        """Have the other one wait."""
        self.full = True
        self._line.update()

    def resume_writing(self) -> None:
        """Have the other one go on."""
        self.full = False
        self._line.update()

    def write(self, data: bytes) -> None:
        """Nothing, the end of a stream, when `data` is empty."""
        if self._transport is None or self._transport.is_closing():
            return
        if data:
            self._transport.write(data)
        else:
            self._transport.write_eof()

    def pass_on(self) -> None:
        """What has waited for long enough goes to the other one."""
        while self._waiting and self._flowing and self._due() <= self._loop.time():
            _, data = self._waiting.popleft()
            self.waiting_bytes -= len(data)
            self.finished = not data
            self.other.write(data)
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._waiting and self._flowing:
            self._timer = self._loop.call_at(self._due(), self._line.update)

    def read(self, *, wanted: bool) -> None:
        """Pauses and resumes the socket."""
        if self._transport is None or self._transport.is_closing() or wanted == self._reading:
            return
        self._reading = wanted
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def close(self) -> None:
        """In order, behind what is being written."""
        self._forget_waiting()
        if self._transport:
            self._transport.close()

    def reset(self) -> None:
        """RST."""
        self._forget_waiting()
        if self._transport and not self._transport.is_closing():
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
            self._transport.abort()

    def _wait(self, data: bytes) -> None:
        self._waiting.append((self._loop.time(), data))
        self.waiting_bytes += len(data)
        self._line.update()

    @property
    def _flowing(self) -> bool:
        return self.other.connected and not self._line.weather.holding

    def _due(self) -> float:
        return self._waiting[0][0] + self._line.weather.latency

    def _forget_waiting(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._waiting.clear()
        self.waiting_bytes = 0
