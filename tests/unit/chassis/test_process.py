import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable

from structlog.testing import capture_logs

from chassis.health import Health
from chassis.process import EXIT_FAILED, EXIT_TOO_SLOW, Part, Process, Stage


def _process(health: Health | None = None, *, grace: float = 10) -> Process:
    return Process(health or Health(), grace=grace, announce=0)


def _until_told(journal: list[str], name: str) -> Callable[[asyncio.Event], Awaitable[None]]:
    async def run(stop: asyncio.Event) -> None:
        journal.append(f"{name} starts")
        await stop.wait()
        journal.append(f"{name} ends")

    return run


async def _signalled(number: int, process: Process, *parts: Part) -> int:
    started = asyncio.Event()

    async def last(stop: asyncio.Event) -> None:
        started.set()
        await stop.wait()

    running = asyncio.create_task(process.run([*parts, Part("last to start", last)]))
    await asyncio.wait_for(started.wait(), 60)  # only then the signal has a handler, and does not end the test run
    os.kill(os.getpid(), number)
    return await running


async def test_signal_ends_intake_before_outlet_and_exits_clean() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        journal: list[str] = []
        exit_code = await _signalled(
            number,
            _process(),
            Part("relay", _until_told(journal, "relay"), Stage.OUTLET),
            Part("http", _until_told(journal, "http")),
            Part("consumer", _until_told(journal, "consumer")),
        )
        assert exit_code == 0
        assert sorted(journal[:3]) == ["consumer starts", "http starts", "relay starts"]
        assert sorted(journal[3:5]) == ["consumer ends", "http ends"]
        assert journal[5:] == ["relay ends"]


async def test_process_is_unready_before_any_part_is_told_to_stop() -> None:
    health = Health()
    seen: list[dict[str, str]] = []

    async def run(stop: asyncio.Event) -> None:
        assert await health.unready() == {}
        await stop.wait()
        seen.append(await health.unready())

    assert await _signalled(signal.SIGTERM, _process(health), Part("http", run)) == 0
    assert seen == [{"process": "shutting down"}]


async def test_failed_part_ends_the_process_with_one_clear_line() -> None:
    journal: list[str] = []

    async def fail(_: asyncio.Event) -> None:
        raise ConnectionError("the broker is away")

    with capture_logs() as lines:
        exit_code = await _process().run([Part("consumer", fail), Part("http", _until_told(journal, "http"))])
    assert exit_code == EXIT_FAILED
    assert journal == ["http starts", "http ends"]
    errors = [line for line in lines if line["log_level"] == "error"]
    assert [(line["part"], str(line["exc_info"])) for line in errors] == [("consumer", "the broker is away")]


async def test_part_that_just_ends_ends_the_process_as_well() -> None:
    async def end(_: asyncio.Event) -> None:
        return

    assert await _process().run([Part("relay", end)]) == EXIT_FAILED


async def test_stray_cancellation_inside_a_part_is_a_failure_of_that_part_only() -> None:
    journal: list[str] = []

    async def stray(_: asyncio.Event) -> None:
        raise asyncio.CancelledError

    exit_code = await _process().run([Part("consumer", stray), Part("http", _until_told(journal, "http"))])
    assert exit_code == EXIT_FAILED
    assert journal == ["http starts", "http ends"]


async def test_part_that_does_not_stop_is_cancelled_and_named() -> None:
    cancelled = asyncio.Event()

    async def stubborn(_: asyncio.Event) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    with capture_logs() as lines:
        exit_code = await _signalled(signal.SIGTERM, _process(grace=0.2), Part("consumer", stubborn))
    assert exit_code == EXIT_TOO_SLOW
    assert cancelled.is_set()
    assert [line["part"] for line in lines if line["log_level"] == "error"] == ["consumer"]


async def test_part_that_fails_while_stopping_spoils_the_exit_code() -> None:
    async def fail(stop: asyncio.Event) -> None:
        await stop.wait()
        raise OSError("the last commit failed")

    assert await _signalled(signal.SIGTERM, _process(), Part("consumer", fail)) == EXIT_FAILED


_HANGING = """
import asyncio, os, signal
from chassis.health import Health
from chassis.process import Part, Process

async def hang(stop):
    os.kill(os.getpid(), signal.SIGTERM)
    await stop.wait()
    while True:  # the loop never turns again
        pass

asyncio.run(Process(Health(), grace=0.5, announce=0).run([Part("consumer", hang)]))
"""


def test_process_whose_loop_hangs_while_stopping_is_ended_hard() -> None:
    ended = subprocess.run([sys.executable, "-c", _HANGING], check=False, timeout=60, capture_output=True)
    assert ended.returncode == EXIT_TOO_SLOW
