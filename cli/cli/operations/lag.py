"""How far each service is behind in its topics: in records and seconds, by Kafka's word and by its own workers'."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import asyncpg
from aiokafka import TopicPartition

from chassis.failures import DRIVER_ERRORS
from chassis.kafka import KafkaConnection
from cli.operations.cluster import Cluster, TopicState, reach
from cli.operations.positions import (
    BEGINNING,
    END,
    GroupState,
    committed_offsets,
    group_state,
    offsets_at,
    written_at,
)
from contracts.registry import Topic

_DEADLINE = 5.0
_PROGRESS = """
    SELECT member, lag_seconds, extract(epoch FROM clock_timestamp() - updated_at)::float8 AS told
    FROM consumer_progress WHERE consumer = $1 ORDER BY updated_at DESC
"""


@dataclass(frozen=True)
class TopicLag:
    """`seconds`: the age of the oldest record that is not consumed; None when it can't be told."""

    topic: str
    records: int
    seconds: float | None
    partitions: int
    unassigned: int
    problem: str | None = None


@dataclass(frozen=True)
class WorkerWord:
    """What a worker said of itself, and how many seconds ago; a running one says it every second."""

    member: str
    lag_seconds: float
    told_seconds_ago: float


@dataclass(frozen=True)
class GroupLag:
    """One service. `workers` is None when its database was not asked or is away, which `problem` tells."""

    group: str
    state: str
    members: int
    topics: tuple[TopicLag, ...]
    workers: tuple[WorkerWord, ...] | None = None
    problem: str | None = None

    def exceeds(self, seconds: float) -> bool:
        """Whether a record waits longer than that, or nobody knows."""
        return any(
            topic.problem or (topic.records and (topic.seconds is None or topic.seconds > seconds))
            for topic in self.topics
        )


async def measure_lag(
    kafka: KafkaConnection, topics: Collection[Topic], databases: Mapping[str, str], *, groups: Collection[str]
) -> list[GroupLag]:
    """The named groups of these topics' consumers; a service's group has its name. StackError when Kafka is away."""
    by_group = {group: [topic.name for topic in topics if group in topic.consumers] for group in groups}
    async with reach(kafka) as cluster:
        states = await cluster.topics({name for names in by_group.values() for name in names})
        found = [await _measure(cluster, group, names, states) for group, names in by_group.items()]
    return list(await asyncio.gather(*(_with_workers(lag, databases.get(lag.group)) for lag in found)))


async def _measure(cluster: Cluster, group: str, names: list[str], states: Mapping[str, TopicState]) -> GroupLag:
    who = await group_state(cluster, group)
    leaders = {
        TopicPartition(name, partition): leader
        for name in names
        if name in states
        for partition, leader in states[name].leaders.items()
    }
    led = {partition: leader for partition, leader in leaders.items() if leader >= 0}
    # The commits first: what is written between the two looks makes the lag larger, never negative.
    committed = await committed_offsets(cluster, group)
    beginnings, ends = await offsets_at(cluster, led, BEGINNING), await offsets_at(cluster, led, END)
    starts = {one: max(committed.get(one, 0), beginnings[one]) for one in led}
    waiting = {one: start for one, start in starts.items() if start < ends[one]}
    look = _Look(leaders, starts, ends, await written_at(cluster, led, waiting), who)
    return GroupLag(group, who.state, who.members, tuple(look.topic(name) for name in names))


@dataclass(frozen=True)
class _Look:
    """What Kafka said of all partitions of one group."""

    leaders: Mapping[TopicPartition, int]
    starts: Mapping[TopicPartition, int]
    ends: Mapping[TopicPartition, int]
    written: Mapping[TopicPartition, float]
    who: GroupState

    def topic(self, name: str) -> TopicLag:
        partitions = [one for one in self.leaders if one.topic == name]
        if not partitions:
            return TopicLag(name, 0, None, 0, 0, "the topic is missing: see carpass topics plan")
        known = [one for one in partitions if one in self.ends]
        waiting = [one for one in known if self.starts[one] < self.ends[one]]
        ages = [time.time() - self.written[one] for one in waiting if one in self.written]
        return TopicLag(
            name,
            records=sum(self.ends[one] - self.starts[one] for one in waiting),
            seconds=max(0.0, *ages, 0.0) if len(ages) == len(waiting) else None,
            partitions=len(partitions),
            unassigned=len(set(partitions) - self.who.assigned),
            problem=self._problem(partitions),
        )

    def _problem(self, partitions: list[TopicPartition]) -> str | None:
        leaderless = [one.partition for one in partitions if one not in self.ends]
        if leaderless:
            return f"no broker leads partition {', '.join(map(str, leaderless))}"
        beyond = [one for one in partitions if self.starts[one] > self.ends[one]]
        if beyond:
            one = beyond[0]
            return (
                f"partition {one.partition} is committed up to {self.starts[one]} and ends at {self.ends[one]}: "
                "the broker has lost records, or the topic was made anew"
            )
        return None


async def _with_workers(lag: GroupLag, url: str | None) -> GroupLag:
    if url is None:
        return lag
    try:
        async with asyncio.timeout(_DEADLINE):
            rows = await _progress(url, lag.group)
    except DRIVER_ERRORS as error:
        return replace(lag, problem=f"its database does not answer ({type(error).__name__})")
    words = (WorkerWord(row["member"], row["lag_seconds"], round(row["told"], 1)) for row in rows)
    return replace(lag, workers=tuple(words))


async def _progress(url: str, group: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url, timeout=_DEADLINE)
    try:
        return await connection.fetch(_PROGRESS, group)
    finally:
        connection.terminate()
