"""One short conversation with Kafka, in which every wait has an end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    KafkaConnectionError,
    KafkaError,
    NodeNotReadyError,
    RequestTimedOutError,
    UnknownTopicOrPartitionError,
    for_code,
)
from aiokafka.protocol.metadata import MetadataRequest

from chassis.kafka import KafkaConnection, close_quietly, within
from cli.errors import StackError

_ANSWER_DEADLINE = 10.0
_CLOSE_DEADLINE = 3.0
_COORDINATOR_BACKOFF = 0.2
_AWAY = (KafkaConnectionError, NodeNotReadyError, RequestTimedOutError, OSError, TimeoutError)


@dataclass(frozen=True)
class TopicState:
    """A topic as it is: the node that leads each partition (-1: none does), and its fewest replicas."""

    leaders: Mapping[int, int]
    replication: int

    def __len__(self) -> int:
        """How many partitions it has."""
        return len(self.leaders)


class Cluster:
    """The brokers. Made by `reach`."""

    def __init__(self, client: AIOKafkaClient, answer_deadline: float) -> None:
        self._client = client
        self._answer_deadline = answer_deadline

    @property
    def brokers(self) -> int:
        """How many there are now."""
        return len(self._client.cluster.brokers())

    async def ask(self, request: Any, node: int | None = None) -> Any:
        """The answer of that node, or of any."""
        answering = self._client.send(self._client.get_random_node() if node is None else node, request)
        return await within(self._answer_deadline, answering)

    async def coordinator(self, group: str) -> int:
        """The node that knows the group; the first question of all may have to wait for the offsets topic."""
        async with asyncio.timeout(self._answer_deadline):
            while True:
                try:
                    return int(await within(self._answer_deadline, self._client.coordinator_lookup(0, group)))
                except GroupCoordinatorNotAvailableError:
                    await asyncio.sleep(_COORDINATOR_BACKOFF)

    async def topics(self, names: Iterable[str]) -> dict[str, TopicState]:
        """Those of the named topics that exist."""
        answer = await self.ask(MetadataRequest(list(names), allow_auto_topic_creation=False))
        found = {}
        for code, name, _internal, partitions in answer.topics:
            if for_code(code) is UnknownTopicOrPartitionError:
                continue
            check(code, name)
            leaders = {number: leader for _, number, leader, *_ in partitions}
            found[name] = TopicState(leaders, min((len(replicas) for _, _, _, replicas, *_ in partitions), default=0))
        return found


@asynccontextmanager
async def reach(kafka: KafkaConnection, *, answer_deadline: float = _ANSWER_DEADLINE) -> AsyncIterator[Cluster]:
    """Raises StackError with one sentence when Kafka is away, or refuses; `answer_deadline` in seconds."""
    client = AIOKafkaClient(
        **kafka.options(), client_id="carpass-operations", request_timeout_ms=round(answer_deadline * 1000)
    )
    try:
        await within(answer_deadline, client.bootstrap())
        yield Cluster(client, answer_deadline)
    except _AWAY as error:
        raise StackError(
            f"Kafka at {kafka.bootstrap} does not answer ({type(error).__name__}); see docs/runbooks/kafka-down.md."
        ) from error
    except KafkaError as error:
        raise StackError(f"Kafka at {kafka.bootstrap} refuses: {type(error).__name__} {error}.") from error
    finally:
        await close_quietly("Kafka client", _CLOSE_DEADLINE, client.close())


def check(code: int, what: object) -> None:
    """Raises the KafkaError of an answer's error code, if it is one."""
    if code:
        raise for_code(code)(what)


def by_topic[T](values: Mapping[TopicPartition, T]) -> list[tuple[str, list[tuple[int, T]]]]:
    """In the form that Kafka's requests want."""
    grouped: dict[str, list[tuple[int, T]]] = {}
    for (topic, partition), value in values.items():
        grouped.setdefault(topic, []).append((partition, value))
    return list(grouped.items())
