"""`python -m bench.baselines.relay`: an outbox relay by hand, with the guarantees and without the supervision.

One active by an advisory lock, rows in id order, an idempotent producer, deleted after the acks, woken by NOTIFY.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from contextlib import suppress
from typing import Final

import asyncpg
import orjson
import uvloop

from bench.baselines.settings import DATABASE, KAFKA
from bench.harness.kafka import raw_producer
from chassis.wake import OUTBOX_CHANNEL

_READ: Final = "SELECT id, topic, key, headers, payload FROM outbox ORDER BY id LIMIT 500"
_POLL: Final = 1.0


async def relay(stop: asyncio.Event) -> None:
    """Until `stop`."""
    connection = await asyncpg.connect(os.environ[DATABASE])
    await connection.execute("SELECT pg_advisory_lock(1)")
    woken = asyncio.Event()
    listener = await asyncpg.connect(os.environ[DATABASE])
    await listener.add_listener(OUTBOX_CHANNEL, lambda *_: woken.set())
    producer = raw_producer(os.environ[KAFKA])
    await producer.start()
    try:
        while not stop.is_set():
            woken.clear()
            rows = await connection.fetch(_READ)
            if not rows:
                with suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), _POLL)
                continue
            acks = []
            for _, topic, key, headers, payload in rows:
                pairs = [(name, value.encode()) for name, value in orjson.loads(headers).items()]
                acks.append(await producer.send(topic, payload, key, headers=pairs))
            await asyncio.gather(*acks)
            await connection.execute("DELETE FROM outbox WHERE id = ANY($1::bigint[])", [row["id"] for row in rows])
    finally:
        await producer.stop()
        await listener.close()
        await connection.close()


async def main() -> None:
    """Until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await relay(stop)


if __name__ == "__main__":
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
