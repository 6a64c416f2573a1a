"""Whether anything is still under way between the services."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

import asyncpg
from aiokafka import TopicPartition

from chassis.kafka import KafkaConnection
from cli.errors import StackError
from cli.operations.cluster import reach
from cli.operations.installation import Installation
from cli.operations.positions import END, committed_offsets, offsets_at
from contracts.registry import TOPICS, consumed_by

_LOOK_EVERY = 0.5
_DEADLINE = 10.0

type Unfinished = Mapping[str, int]
"""How many records each service has yet to send (`owners: outbox`) or to apply (`owners: lag`)."""


async def come_to_rest(installation: Installation, *, within: float, told: Callable[[Unfinished], None]) -> Unfinished:
    """Waits until every outbox is empty and everything is applied; what is unfinished after `within` seconds."""
    give_up_at = time.monotonic() + within
    while True:
        try:
            unfinished = await _unfinished(installation)
        except StackError:
            unfinished = {"kafka: away": 1}
        told(unfinished)
        if not unfinished or time.monotonic() > give_up_at:
            return unfinished
        await asyncio.sleep(_LOOK_EVERY)


async def _unfinished(installation: Installation) -> Unfinished:
    found: dict[str, int] = {}
    async with reach(KafkaConnection(installation.kafka_bootstrap)) as cluster:
        topics = await cluster.topics(TOPICS)
        leaders = {
            TopicPartition(name, number): leader
            for name, state in topics.items()
            for number, leader in state.leaders.items()
        }
        before = await offsets_at(cluster, leaders, END)
        for service in installation.databases:
            committed = await committed_offsets(cluster, service)
            consumed = {topic.name for topic in consumed_by(service)}
            found[f"{service}: lag"] = sum(
                end - committed.get(partition, 0) for partition, end in before.items() if partition.topic in consumed
            )
        outboxes = await asyncio.gather(*map(_outbox, installation.databases.values()))
        found |= {f"{service}: outbox": count for service, count in zip(installation.databases, outboxes, strict=True)}
        # What was sent in between was in nobody's outbox and in nobody's offsets.
        after = await offsets_at(cluster, leaders, END)
        found["sent meanwhile"] = sum(after.values()) - sum(before.values())
    return {name: count for name, count in found.items() if count}


async def _outbox(url: str) -> int:
    try:
        connection = await asyncpg.connect(url, timeout=_DEADLINE)
        try:
            return int(await connection.fetchval("SELECT count(*) FROM outbox", timeout=_DEADLINE))
        finally:
            connection.terminate()
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise StackError(f"a database does not answer: {error}") from error
