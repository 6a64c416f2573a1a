"""A load generator for HTTP/1.1: keep-alive connections, prepared requests, no parsing beyond status and length.

Closed loop: each connection sends its next request when it has its answer. Open loop: requests fall due at a fixed
rate, whoever is ready; a request that found no free connection has waited since it fell due, and that counts.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count, islice
from typing import TYPE_CHECKING, Final, cast

from bench.harness.suite import InvalidRun

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_SATURATED: Final = 0.9  # of one core: above it the generator measures itself
_TICK: Final = 0.001  # the finest that the loop's timers know
_LATE: Final = 0.05
_PATIENCE: Final = 120.0
_LENGTH: Final = b"content-length:"
_END: Final = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Load:
    """What was sent and how it was answered; `generator_cpu` is our own share of one core."""

    seconds: float
    latencies: Sequence[float]
    generator_cpu: float


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    fields = {"Host": "bench", **headers}
    if body:
        fields |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode() + _END + body


async def closed_loop(port: int, requests: Sequence[bytes], *, connections: int, seconds: float | None = None) -> Load:
    """All requests once; or, given `seconds`, again and again for so long."""
    async with _connected(port, connections) as connected:
        ends_at = math.inf if seconds is None else time.perf_counter() + seconds
        sent = iter(requests) if seconds is None else _until(ends_at, requests)
        run = _Run(connected)
        for connection in connected:
            connection.take = lambda: next(sent, None)
            connection.go_on()
        return await run.finished((seconds or 0) + _PATIENCE)


async def open_loop(port: int, requests: Sequence[bytes], *, connections: int, rate: float, seconds: float) -> Load:
    """`rate` requests a second, evenly, again and again the given ones."""
    async with _connected(port, connections) as connected:
        arrivals = _Arrivals(connected, requests, rate=rate, total=round(rate * seconds))
        run = _Run(connected)
        arrivals.tick()
        load = await run.finished(seconds + _PATIENCE)
    if arrivals.latest > _LATE:
        raise InvalidRun(f"the load generator was {arrivals.latest * 1000:.0f} ms late")
    return load


def _until(ends_at: float, requests: Sequence[bytes]) -> Iterator[bytes]:
    for number in count():
        if time.perf_counter() >= ends_at:
            return
        yield requests[number % len(requests)]


class _Connection(asyncio.Protocol):
    """One connection with at most one request on its way."""

    def __init__(self) -> None:
        self.take: Callable[[], bytes | None] = lambda: None
        self.idle: Callable[[_Connection], None] = lambda _: None
        self.latencies: list[float] = []
        self.failure: str | None = None
        self.done = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._expected = 0
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"the connection was lost: {exc}")

    def go_on(self) -> None:
        """The next request, or the end."""
        taken = self.take()
        if taken is None:
            self.finish()
        else:
            self.send(taken, time.perf_counter())

    def send(self, data: bytes, began: float) -> None:
        """One request; `began`: when its latency starts to count."""
        self._began = began
        if self._transport is not None:
            self._transport.write(data)

    def finish(self) -> None:
        """Nothing more is to be sent."""
        if not self.done.done():
            self.done.set_result(None)

    def close(self) -> None:
        """Hangs up."""
        self.finish()
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        received = self._received + data if self._received else data
        if self._expected == 0:
            self._expected = self._answer_size(received)
        if self._expected == 0 or len(received) < self._expected:
            self._received = received
            return
        self.latencies.append(time.perf_counter() - self._began)
        self._received, self._expected = b"", 0
        self.idle(self)

    def _answer_size(self, received: bytes) -> int:
        """Of head and body together; 0 while the head is not there, or when the answer is none that counts."""
        end = received.find(_END)
        if end < 0:
            return 0
        head = received[:end].lower()
        if head[9:10] != b"2":
            self._fail(f"answered {received[:400].decode(errors='replace')!r}")
            return 0
        at = head.find(_LENGTH)
        if at < 0:
            self._fail("an answer came without its length")
            return 0
        return end + len(_END) + int(head[at + len(_LENGTH) :].split(b"\r\n", 1)[0])

    def _fail(self, why: str) -> None:
        if not self.done.done():
            self.failure = why
            self.done.set_exception(InvalidRun(why))


class _Arrivals:
    """Requests that fall due at a fixed rate, and wait for a connection when none is free."""

    def __init__(
        self, connections: Sequence[_Connection], requests: Sequence[bytes], *, rate: float, total: int
    ) -> None:
        self.latest = 0.0
        self._requests = requests
        self._rate = rate
        self._total = total
        self._loop = asyncio.get_running_loop()
        self._free = deque(connections)
        self._waiting: deque[tuple[bytes, float]] = deque()
        self._begun_at = time.perf_counter()
        self._released = 0
        for connection in connections:
            connection.idle = self._free_again

    def tick(self) -> None:
        """Releases what has fallen due. A request counts from here: the loop's timers are no part of the answer."""
        now = time.perf_counter()
        due = min(self._total, int((now - self._begun_at) * self._rate) + 1)
        if due > self._released:
            self.latest = max(self.latest, now - self._begun_at - self._released / self._rate)
        for number in range(self._released, due):
            self._waiting.append((self._requests[number % len(self._requests)], now))
        self._released = due
        while self._free and self._waiting:
            self._free.popleft().send(*self._waiting.popleft())
        if self._released < self._total:
            self._loop.call_later(_TICK, self.tick)
        else:
            self._end()

    def _free_again(self, connection: _Connection) -> None:
        if self._waiting:
            connection.send(*self._waiting.popleft())
        else:
            self._free.append(connection)
            if self._released == self._total:
                self._end()

    def _end(self) -> None:
        if not self._waiting:
            for connection in self._free:
                connection.finish()


class _Run:
    """From the first request to the last answer."""

    def __init__(self, connections: Sequence[_Connection]) -> None:
        self._connections = connections
        self._began = time.perf_counter()
        self._cpu = time.process_time()

    async def finished(self, within: float) -> Load:
        """Raises InvalidRun for an answer that is not 2xx, or when this process was the bottleneck."""
        try:
            async with asyncio.timeout(within):
                await asyncio.gather(*(connection.done for connection in self._connections))
        except TimeoutError:
            raise InvalidRun("the answers did not come in time") from None
        seconds = time.perf_counter() - self._began
        own = (time.process_time() - self._cpu) / seconds
        if own > _SATURATED:
            raise InvalidRun(f"the load generator itself is the bottleneck: {own:.0%} of a core")
        return Load(seconds, [each for connection in self._connections for each in connection.latencies], own)


@asynccontextmanager
async def _connected(port: int, connections: int) -> AsyncIterator[list[_Connection]]:
    loop = asyncio.get_running_loop()
    made = [(await loop.create_connection(_Connection, "127.0.0.1", port))[1] for _ in islice(count(), connections)]
    for each in made:
        each.idle = _Connection.go_on
    try:
        yield made
    finally:
        for each in made:
            each.close()
            if each.done.done() and not each.done.cancelled():
                each.done.exception()
