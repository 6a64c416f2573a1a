"""The relay's idempotent producer, with the end that aiokafka's lacks: one that is given up never sends again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaTimeoutError
from aiokafka.partitioner import murmur2
from aiokafka.structs import RecordMetadata

from chassis.kafka import KafkaConnection, close_quietly, pace_metadata, within

type Ack = asyncio.Future[RecordMetadata]

_MAX_BATCH_BYTES: Final = 256 * 1024
_CLOSE_DEADLINE: Final = 3.0
_KEYS_REMEMBERED: Final = 1 << 14


@lru_cache(_KEYS_REMEMBERED)
def _hash(key: bytes) -> int:
    """As every Kafka client has it, in Python: an aggregate's events come one after the other."""
    return int(murmur2(key)) & 0x7FFFFFFF


class RelayProducer:
    """Sends in the order of the calls, per partition. Acks never expire by themselves: they are awaited, or given up.

    Sending a row again on the same producer would double it, because the first one is still queued.
    """

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self.send: Callable[..., Awaitable[Ack]] = producer.send
        """Queues a record and returns its Ack; raises when the topic is unknown, or the queue stays full."""

    @classmethod
    async def open(cls, connection: KafkaConnection, *, client_id: str, request_timeout: float) -> RelayProducer:
        """Raises KafkaError or TimeoutError when no broker answers, each being asked for `request_timeout` seconds."""
        producer = AIOKafkaProducer(
            **connection.options(),
            client_id=client_id,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=_MAX_BATCH_BYTES,
            request_timeout_ms=round(request_timeout * 1000),
        )
        pace_metadata(producer.client)
        try:
            # Longer than aiokafka's own waits: one that is cut short between them leaves its connection open.
            await within(request_timeout * (2 * connection.brokers + 2) + 1.0, producer.start())
        except BaseException:
            await close_quietly("producer", _CLOSE_DEADLINE, producer.stop())
            raise
        return cls(producer)

    def partition_of(self, topic: str, key: bytes | None) -> int | None:
        """Where aiokafka would send it, found for a fifth of the time; None: let it find out itself."""
        if key is None:
            return None
        partitions = self._producer.client.cluster.partitions_for_topic(topic)
        return _hash(key) % len(partitions) if partitions else None

    async def close(self) -> None:
        """For a producer without unacknowledged records."""
        await close_quietly("producer", _CLOSE_DEADLINE, self._producer.stop())

    async def give_up(self) -> None:
        """Drops all that is queued and every connection, so that nothing of it is sent later."""
        sender: Any = self._producer._sender  # noqa: SLF001 - `stop()` would wait for the acks for ever
        if sender.sender_task is not None:
            sender.sender_task.cancel()
        # Cuts requests under way as well: the sender's task waits for them before it ends.
        await close_quietly("producer's connections", _CLOSE_DEADLINE, self._producer.client.close())
        self._producer._message_accumulator.fail_all(KafkaTimeoutError())  # noqa: SLF001
        await close_quietly("producer", _CLOSE_DEADLINE, self._producer.stop())
