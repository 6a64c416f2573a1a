"""The relay's idempotent producer, with the end that aiokafka's lacks: one that is given up never sends again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaTimeoutError
from aiokafka.partitioner import murmur2
from aiokafka.producer.message_accumulator import BatchBuilder
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


class OutgoingRow(NamedTuple):
    """A row of the outbox as the relay reads it."""

    id: int
    topic: str
    key: bytes
    headers: str
    payload: bytes | None
    created_ms: int


@dataclass(slots=True)
class Parcel:
    """Rows of one partition, in their order, that go and are acknowledged together."""

    topic: str
    partition: int
    built: BatchBuilder
    ids: list[int] = field(default_factory=list)

    def takes(self, row: OutgoingRow) -> bool:
        """Adds the row; false when the parcel is full."""
        headers = [(name, value.encode()) for name, value in orjson.loads(row.headers).items()]
        if self.built.append(timestamp=row.created_ms, key=row.key, value=row.payload, headers=headers) is None:
            return False
        self.ids.append(row.id)
        return True


class RelayProducer:
    """Sends in the order of the calls, per partition. Acks never expire by themselves: they are awaited, or given up.

    Sending a row again on the same producer would double it, because the first one is still queued.
    """

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

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

    async def packed(self, rows: Sequence[OutgoingRow]) -> list[Parcel]:
        """The rows by partition, to be sent in this order; raises KafkaError when Kafka does not know a topic.

        A record sent alone costs aiokafka a coroutine, two futures and half a dozen looks at its metadata.
        """
        partitions = {topic: len(await self._producer.partitions_for(topic)) for topic in {row.topic for row in rows}}
        return list(self._packed(rows, partitions))

    def _packed(self, rows: Iterable[OutgoingRow], partitions: Mapping[str, int]) -> Iterator[Parcel]:
        """A full parcel comes before the next one of its partition."""
        filling: dict[tuple[str, int], Parcel] = {}
        for row in rows:
            place = row.topic, _hash(row.key) % partitions[row.topic]
            parcel = filling.get(place)
            if parcel is not None and parcel.takes(row):
                continue
            if parcel is not None:
                yield parcel
            filling[place] = Parcel(*place, self._producer.create_batch())
            filling[place].takes(row)  # the first one always fits: the broker alone refuses what is too large
        yield from filling.values()

    async def send(self, parcel: Parcel) -> Ack:
        """Queues it; raises KafkaError when the queue stays full."""
        parcel.built.close()
        ack: Ack = await self._producer.send_batch(parcel.built, parcel.topic, partition=parcel.partition)
        return ack

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
