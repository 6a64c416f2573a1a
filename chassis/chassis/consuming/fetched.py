"""What FastStream hands to the worker: its own parser, decoder and filter are replaced by these.

Coroutines all three, though nothing waits in them: what is none runs in a thread, a hop there and back for each batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition
from faststream.kafka import KafkaMessage

from chassis.consuming.messages import RawRecord
from chassis.consuming.source import as_raw


@dataclass(frozen=True, slots=True)
class FetchedBatch:
    """One argument for the handler: FastStream would spread a list over its positional parameters."""

    records: list[RawRecord]

    def by_partition(self) -> tuple[dict[TopicPartition, RawRecord], dict[TopicPartition, RawRecord]]:
        """The first and the last record of each partition."""
        last = {(record.topic, record.partition): record for record in self.records}
        first = {(record.topic, record.partition): record for record in reversed(self.records)}
        return _named(first), _named(last)


def _named(records: dict[tuple[str, int], RawRecord]) -> dict[TopicPartition, RawRecord]:
    return {TopicPartition(*place): record for place, record in records.items()}


async def parse(fetched: tuple[Any, ...]) -> KafkaMessage:
    """Touches no header: records are decoded one by one, by `chassis.consuming.decoding`."""
    return KafkaMessage(raw_message=fetched, body=fetched, headers={}, message_id="", consumer=None)  # type: ignore[arg-type]


async def decode(message: KafkaMessage) -> FetchedBatch:
    """One object for the handler."""
    return FetchedBatch([as_raw(record) for record in message.body])


async def every_batch(_message: KafkaMessage) -> bool:
    """The filter: there is one handler."""
    return True
