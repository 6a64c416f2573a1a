"""Ends and holds parts of the stack exactly at a boundary, by the crash points of the chassis."""

import asyncio
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil

from cli.part import Part
from cli.processes import ProcessIdentity
from cli.stack.leftovers import KAFKA, is_postgres
from cli.stack.plan import SERVICES
from cli.stack.stack import Stack
from tests.support.eventually import eventually

PATIENCE = 90.0
"""Seconds to wait for what takes a fraction of that on a machine with nothing else to do."""


def armed_points(stack_dir: Path, part: str) -> Path:
    """What CARPASS_CRASH_POINTS of a part is set to."""
    return stack_dir / "crash-points" / part


class Faults:
    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._armed: dict[str, tuple[Path, ProcessIdentity]] = {}
        self._ended: set[str] = set()

    async def kill_at(self, part: str, boundary: str) -> None:
        """The part's process ends by SIGKILL when it gets to the boundary next."""
        await self._arm(part, boundary, signal.SIGKILL)

    async def hold_at(self, part: str, boundary: str) -> None:
        """The part's process stands still when it gets to the boundary next, until SIGCONT."""
        await self._arm(part, boundary, signal.SIGSTOP)

    async def killed(self, *parts: str) -> None:
        """Waits until these have ended where they were to."""

        def gone(part: str) -> bool:
            file, process = self._armed[part]
            return not file.exists() and process.process() is None

        for part in parts:
            await eventually(partial(gone, part), within=PATIENCE)

    async def held(self, *parts: str) -> None:
        """Waits until these stand still where they were to."""
        for part in parts:
            _, process = self._armed[part]
            await eventually(partial(_stopped, process), within=PATIENCE)

    def send(self, number: signal.Signals, *parts: str) -> None:
        """Signals the processes of these parts."""
        for part in parts:
            pid = self._stack.process(part).pid
            assert pid is not None
            os.kill(pid, number)

    def listen(self, part: str) -> Callable[[], str]:
        """What the part logs from now on."""
        log = self._stack.process(part).log
        heard = log.stat().st_size

        def said() -> str:
            with log.open("rb") as lines:
                lines.seek(heard)
                return lines.read().decode()

        return said

    @property
    def databases(self) -> list[str]:
        """The parts that are the services' PostgreSQL servers."""
        return sorted({self._stack.postgres_part(service) for service in SERVICES})

    async def kill(self, *parts: str) -> None:
        """SIGKILL from outside; nobody starts them again before `restart`."""
        self._ended |= set(parts)
        await asyncio.gather(*(asyncio.to_thread(self._stack.kill, part) for part in parts))

    async def end(self, *parts: str) -> None:
        """SIGTERM; nobody starts them again before `restart`."""
        self._ended |= set(parts)
        await asyncio.to_thread(self._stack.end, *parts)

    async def restart(self, *parts: str) -> None:
        """SIGTERM to those that run; returns when all are ready again."""
        await asyncio.to_thread(self._stack.restart, *parts, deadline=PATIENCE)
        self._ended -= set(parts)

    async def everything_ready(self) -> None:
        """Waits until every part of the stack is ready, started again by the one who watches over them."""

        def ready(part: Part) -> bool:
            return part.running() and part.ready()

        for name in self._stack.part_names:
            await eventually(partial(ready, self._stack.process(name)), within=PATIENCE, every=0.1)

    async def undo(self) -> None:
        """Nothing stays armed, held or ended."""
        for file, process in self._armed.values():
            file.unlink(missing_ok=True)
            if _stopped(process):
                os.kill(process.pid, signal.SIGCONT)
        for proxy in self._stack.proxies.values():
            proxy.pass_through()
        await self.restart(*(part for part in self._ended if part == KAFKA or is_postgres(part)))
        await self.restart(*self._ended)
        await self.everything_ready()

    async def _arm(self, part: str, boundary: str, number: signal.Signals) -> None:
        process = self._stack.process(part)
        await eventually(process.running, within=PATIENCE)  # it may be on its way back from an earlier end
        assert process.pid is not None
        file = armed_points(self._stack.state.root, part) / boundary
        self._armed[part] = (file, ProcessIdentity.of(process.pid))
        unfinished = file.with_suffix(".new")
        unfinished.write_text(number.name)
        unfinished.replace(file)


def _stopped(identity: ProcessIdentity) -> bool:
    process = identity.process()
    return process is not None and process.status() == psutil.STATUS_STOPPED
