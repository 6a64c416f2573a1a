"""Lets the planned faults strike a running stack, and heals what they have done."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

import aiohttp
import asyncpg
import psutil

from cli.errors import StackError
from cli.processes import ProcessIdentity
from cli.soak.faults import Fault, Kind
from cli.stack.stack import Stack

RECOVERS_WITHIN = 120.0
"""Seconds until a part that was struck has to be ready again."""
NOT_POSSIBLE = "not possible"
"""How the note of a fault begins that could not strike or did not end as it should."""
_LOOK_EVERY = 0.2
_DEADLINE = 10.0
_AT_ONCE = 3
_HELD_SECONDS = 5.0
_TERMINATE = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"
)


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault that has struck, in seconds since the beginning of the run; `note`: what there is to say about it."""

    fault: Fault
    began: float
    ended: float
    note: str = ""


class Striker:
    """Three faults at most are under way at once, and one at most in the same place."""

    def __init__(self, stack: Stack, plan: Sequence[Fault], now: Callable[[], float]) -> None:
        self._stack = stack
        self._waiting = list(reversed(plan))
        self._now = now
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._targets: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._under_way: set[asyncio.Task[None]] = set()
        self.strikes: list[Strike] = []

    def progressed(self, ended: int) -> None:
        """So many orders have come to their end: lets strike whatever is due by that."""
        while self._waiting and self._waiting[-1].after <= ended:
            task = asyncio.get_running_loop().create_task(self._strike(self._waiting.pop()))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def heal(self) -> list[str]:
        """Returns when every fault has ended and every part is ready; a sentence for each that does not become so."""
        await asyncio.gather(*self._under_way)
        names = self._stack.part_names
        looks = await asyncio.gather(*map(self._ready, names), return_exceptions=True)
        for look in looks:
            if isinstance(look, BaseException) and not isinstance(look, StackError):
                raise look
        return [str(look) for look in looks if look is not None]

    async def _strike(self, fault: Fault) -> None:
        async with self._places, self._targets[fault.target]:
            began = self._now()
            try:
                note = await self._perform(fault)
            except (
                StackError,
                OSError,
                TimeoutError,
                psutil.Error,
                asyncpg.PostgresError,
                aiohttp.ClientError,
            ) as error:
                note = f"{NOT_POSSIBLE}: {type(error).__name__} {error}"
            self.strikes.append(Strike(fault, began, self._now(), note))

    async def _perform(self, fault: Fault) -> str:
        actions: dict[Kind, Callable[[Fault], Awaitable[str]]] = {
            Kind.KILL: self._kill,
            Kind.PAUSE: self._pause,
            Kind.TERMINATE: self._terminate,
            Kind.BOT_API: self._script,
            Kind.RESET: self._reset,
        }
        return await actions.get(fault.kind, self._disturb)(fault)

    async def _kill(self, fault: Fault) -> str:
        await asyncio.to_thread(self._stack.crash, fault.target)
        await self._ready(fault.target)
        return ""

    async def _pause(self, fault: Fault) -> str:
        pid = self._stack.process(fault.target).pid
        if pid is None:
            return "did not run"
        processes = _family(pid)
        try:
            _send(signal.SIGSTOP, processes)
            await asyncio.sleep(fault.seconds)
        finally:
            _send(signal.SIGCONT, processes)
        return ""

    async def _reset(self, fault: Fault) -> str:
        return f"{await asyncio.to_thread(self._stack.proxies[fault.target].reset)} connections"

    async def _disturb(self, fault: Fault) -> str:
        """A connection that is away or slow for a while."""
        proxy = self._stack.proxies[fault.target]
        begin: dict[Kind, Callable[[], None]] = {
            Kind.BLACKHOLE: proxy.blackhole,
            Kind.REFUSE: proxy.refuse,
            Kind.DELAY: partial(proxy.delay, fault.size),
        }
        try:
            await asyncio.to_thread(begin[fault.kind])
            await asyncio.sleep(fault.seconds)
        finally:
            await asyncio.to_thread(proxy.pass_through)
        return ""

    async def _terminate(self, fault: Fault) -> str:
        connection = await asyncpg.connect(self._stack.superuser_url(fault.target), timeout=_DEADLINE)
        try:
            return f"{await connection.fetchval(_TERMINATE, fault.target, timeout=_DEADLINE)} backends"
        finally:
            connection.terminate()

    async def _script(self, fault: Fault) -> str:
        """A wrong answer for the next messages; it waits in the double until somebody sends them."""
        body = {"kind": fault.target, "times": int(fault.size), "hold_seconds": _HELD_SECONDS}
        url = f"{self._stack.telegram_url}/control/faults"
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_DEADLINE)) as session,
            session.post(url, json=body) as response,
        ):
            response.raise_for_status()
        return ""

    async def _ready(self, name: str) -> None:
        """Whoever watches over the stack starts it again; this waits for that."""
        part = self._stack.process(name)
        give_up_at = time.monotonic() + RECOVERS_WITHIN
        while not (part.running() and await asyncio.to_thread(part.ready)):
            if time.monotonic() > give_up_at:
                raise StackError(f"{name} was not ready within {RECOVERS_WITHIN:g} s; see {part.log}")
            await asyncio.sleep(_LOOK_EVERY)


def _family(pid: int) -> list[ProcessIdentity]:
    """The process and whatever it has started: a PostgreSQL server is many processes."""
    process = psutil.Process(pid)
    return [ProcessIdentity(each.pid, each.create_time()) for each in (process, *process.children(recursive=True))]


def _send(number: signal.Signals, processes: Sequence[ProcessIdentity]) -> None:
    for identity in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process := identity.process():
                process.send_signal(number)
