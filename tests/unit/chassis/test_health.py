import asyncio
import time

import pytest

from chassis.health import HEARTBEAT_STALE_SECONDS, Health


async def _well() -> None:
    return None


async def _ill() -> str:
    return "at migration 0001, needs 0002"


async def _broken() -> None:
    raise OSError("password in the message")


async def _hangs() -> None:
    await asyncio.Event().wait()


async def test_ready_when_every_check_passes() -> None:
    health = Health()
    health.add_check("database", _well)
    health.add_check("consumer", _well)
    assert await health.unready() == {}


async def test_unready_names_what_is_wrong_and_nothing_secret() -> None:
    health = Health(check_timeout=0.05)
    health.add_check("database", _ill)
    health.add_check("consumer", _broken)
    health.add_check("relay", _hangs)
    health.add_check("timers", _well)
    assert await health.unready() == {
        "database": "at migration 0001, needs 0002",
        "consumer": "failed",
        "relay": "no answer in time",
    }


async def test_alive_while_the_loop_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    health = Health()
    with monkeypatch.context() as patch:
        patch.setattr("chassis.health.time.monotonic", lambda: now + HEARTBEAT_STALE_SECONDS + 60)
        assert not health.alive
        beating = asyncio.create_task(health.beat(asyncio.Event()))
        await asyncio.sleep(0)
        assert health.alive
    beating.cancel()
