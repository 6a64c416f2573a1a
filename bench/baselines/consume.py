"""`python -m bench.baselines.consume TOPIC GROUP`: what somebody writes who has one topic, one event and one table set.

getmany, pydantic, one asyncpg transaction, then the offsets: nothing is lost, and nothing is done twice.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from typing import Any
from uuid import UUID

import asyncpg
import uvloop
from aiokafka import AIOKafkaConsumer

from bench.baselines.attesting import attest
from bench.baselines.attesting_rows import Attested
from bench.baselines.settings import DATABASE, KAFKA
from contracts.workorders import WorkOrderCompleted

_BATCH = 500


async def consume(topic: str, group: str, stop: asyncio.Event) -> None:
    """Until `stop`."""
    connection = await asyncpg.connect(os.environ[DATABASE])
    consumer: Any = AIOKafkaConsumer(
        topic,
        bootstrap_servers=os.environ[KAFKA],
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=10_000,
    )
    await consumer.start()
    try:
        while not stop.is_set():
            fetched = await consumer.getmany(timeout_ms=200, max_records=_BATCH)
            received = [decoded(record) for records in fetched.values() for record in records]
            if received:
                await attest(connection, group, received)
                await consumer.commit({partition: records[-1].offset + 1 for partition, records in fetched.items()})
    finally:
        await consumer.stop()
        await connection.close()


def decoded(record: Any) -> Attested:
    """The event's id and the event."""
    headers = dict(record.headers)
    if headers["ce_type"] != WorkOrderCompleted.event_type.encode():
        raise ValueError(f"not {WorkOrderCompleted.event_type}")
    return UUID(headers["ce_id"].decode()), WorkOrderCompleted.model_validate_json(record.value)


async def main() -> None:
    """Until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    topic, group = sys.argv[1:]
    await consume(topic, group, stop)


if __name__ == "__main__":
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
