"""A TCP proxy on 127.0.0.1 from which the faults of a network come."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

import uvloop

from cli.faults.line import Line, Weather
from cli.ports import choose_port

_DEADLINE = 10.0
"""Seconds for what takes a millisecond: an operation of the proxy's own loop."""


class TcpProxy:
    """Runs in a thread of its own, for callers with an event loop and without; each call returns when it is done.

    `blackhole`, `delay`, `refuse` and `pass_through` replace each other. `port` 0 chooses a free one.
    A target that is away shows as a connection that is accepted and then reset.
    """

    def __init__(self, target: tuple[str, int], *, port: int = 0) -> None:
        self.port = port or choose_port()
        self._target = target
        self._weather = Weather()
        self._lines: dict[Line, asyncio.Task[None]] = {}
        self._server: asyncio.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen; OSError when the port is taken."""
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy-{self.port}", daemon=True)
        self._thread.start()
        try:
            self._run(self._change())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Reset and close everything; nothing happens when it does not run."""
        if self._loop is None or self._thread is None:
            return
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_DEADLINE)
        self._loop.close()
        self._loop = self._thread = None

    @property
    def waiting_bytes(self) -> int:
        """How many bytes it has taken that still wait for their delay."""
        return self._run(self._count_waiting())

    def reset(self) -> int:
        """RST on every open connection; returns how many those were."""
        return self._run(self._reset())

    def blackhole(self) -> None:
        """Accept and hold: nothing flows either way, and neither end hears of the other's end."""
        self._run(self._change(holding=True))

    def delay(self, seconds: float) -> None:
        """Everything arrives so much later, in each direction."""
        self._run(self._change(latency=seconds))

    def refuse(self) -> None:
        """No new connection; the open ones are reset."""
        self._run(self._refuse())

    def pass_through(self) -> None:
        """Back to normal; what was held is delivered."""
        self._run(self._change())

    def _run[T](self, step: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            step.close()
            raise RuntimeError(f"the proxy on port {self.port} does not run")
        return asyncio.run_coroutine_threadsafe(step, self._loop).result(_DEADLINE)

    async def _change(self, *, holding: bool = False, latency: float = 0.0) -> None:
        self._weather.change(holding=holding, latency=latency)
        if self._server is None:
            self._server = await asyncio.get_running_loop().create_server(self._accept, "127.0.0.1", self.port)
        for line in tuple(self._lines):
            line.update()

    async def _refuse(self) -> None:
        self._weather.change()
        self._close_server()
        await self._reset()

    async def _reset(self) -> int:
        struck = dict(self._lines)
        for line in struck:
            line.reset()
        await asyncio.gather(*struck.values())
        return len(struck)

    async def _count_waiting(self) -> int:
        return sum(line.client.waiting_bytes + line.server.waiting_bytes for line in self._lines)

    async def _end(self) -> None:
        self._close_server()
        await self._reset()
        await asyncio.sleep(0)  # the sockets are closed in the loop's next turn

    def _close_server(self) -> None:
        if self._server:
            self._server.close()
            self._server = None

    def _accept(self) -> asyncio.Protocol:
        line = Line(self._weather)
        if self._server is None:
            line.reset()  # it was on its way while the door was closed
        else:
            self._lines[line] = asyncio.get_running_loop().create_task(self._carry(line))
        return line.client

    async def _carry(self, line: Line) -> None:
        """From the accepting to the closing of one connection."""
        connecting = asyncio.get_running_loop().create_task(self._connect(line))
        try:
            await line.closed.wait()
        finally:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
            del self._lines[line]

    async def _connect(self, line: Line) -> None:
        await self._weather.flowing.wait()
        try:
            await asyncio.get_running_loop().create_connection(lambda: line.server, *self._target)
        except OSError:
            line.reset()
