"""Compares the registry's topics with the cluster's, and brings in line what may be changed; nothing is removed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiokafka.protocol.admin import DescribeConfigsRequest

from chassis.kafka import KafkaConnection, KafkaStuck
from chassis.topics import ensure_topics, topic_settings
from cli.errors import StackError
from cli.operations.alter_settings import TOPIC, alter_settings
from cli.operations.cluster import Cluster, TopicState, check, reach
from contracts.registry import Topic

_CREATE_DEADLINE = 20.0
_SETTLE_DEADLINE = 5.0
_SETTLE_POLL = 0.05
_MIN_INSYNC = "min.insync.replicas"


@dataclass(frozen=True)
class Change:
    """A setting that is not what it should be."""

    setting: str
    now: str
    wanted: str


@dataclass(frozen=True)
class TopicPlan:
    """What `apply` would do for one topic, and in `by_hand` a sentence for each thing that it does not do."""

    name: str
    partitions: int
    replication: int
    missing: bool = False
    changes: tuple[Change, ...] = ()
    by_hand: tuple[str, ...] = ()

    @property
    def in_line(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.missing or self.changes or self.by_hand)


async def plan_topics(
    kafka: KafkaConnection, topics: Iterable[Topic], *, partitions: int | None, replication: int
) -> list[TopicPlan]:
    """One plan a topic; `partitions` replaces the registry's number. StackError when Kafka is away."""
    async with reach(kafka) as cluster:
        return await _plan(cluster, list(topics), partitions, replication)


async def apply_topics(
    kafka: KafkaConnection, topics: Iterable[Topic], *, partitions: int | None, replication: int
) -> tuple[list[TopicPlan], list[TopicPlan]]:
    """Creates and alters; what was planned, and what is left of it. StackError when Kafka is away."""
    wanted = list(topics)
    async with reach(kafka) as cluster:
        planned = await _plan(cluster, wanted, partitions, replication)
        creatable = {plan.name for plan in planned if plan.missing and not plan.by_hand}
        await _create(kafka, [topic for topic in wanted if topic.name in creatable], partitions, replication)
        await alter_settings(
            cluster, {plan.name: {one.setting: one.wanted for one in plan.changes} for plan in planned if plan.changes}
        )
        touched = creatable | {plan.name for plan in planned if plan.changes}
        left = await _plan(cluster, wanted, partitions, replication)
        give_up_at = time.monotonic() + _SETTLE_DEADLINE
        # The controller has said yes; the broker that is asked may hear of it a moment later.
        while any(plan.missing or plan.changes for plan in left if plan.name in touched):
            if time.monotonic() > give_up_at:
                break
            await asyncio.sleep(_SETTLE_POLL)
            left = await _plan(cluster, wanted, partitions, replication)
    return planned, left


async def _create(kafka: KafkaConnection, topics: list[Topic], partitions: int | None, replication: int) -> None:
    if not topics:
        return
    try:
        await ensure_topics(
            kafka, partitions=partitions, replication=replication, deadline=_CREATE_DEADLINE, topics=topics
        )
    except KafkaStuck as error:
        raise StackError(f"Kafka at {kafka.bootstrap}: {error}.") from error


async def _plan(cluster: Cluster, topics: list[Topic], partitions: int | None, replication: int) -> list[TopicPlan]:
    states = await cluster.topics(topic.name for topic in topics)
    settings = await _settings(cluster, states)
    return [
        _compare(topic, states[topic.name], settings[topic.name], partitions or topic.partitions, replication)
        if topic.name in states
        else _to_create(topic, partitions or topic.partitions, replication, cluster.brokers)
        for topic in topics
    ]


def _to_create(topic: Topic, partitions: int, replication: int, brokers: int) -> TopicPlan:
    by_hand: tuple[str, ...] = ()
    if brokers < replication:
        by_hand = (f"{replication} replicas need as many brokers, and there are {brokers}: not created",)
    return TopicPlan(topic.name, partitions, replication, missing=True, by_hand=by_hand)


def _compare(
    topic: Topic, state: TopicState, settings: Mapping[str, str], partitions: int, replication: int
) -> TopicPlan:
    by_hand = []
    if len(state) != partitions:
        by_hand.append(
            f"it has {len(state)} partitions, and {partitions} are wanted: left so, because keys would move to others"
        )
    if state.replication < replication:
        by_hand.append(
            f"it has {state.replication} of {replication} replicas: add them with kafka-reassign-partitions.sh"
        )
    changes = tuple(
        Change(name, settings[name], wanted)
        for name, wanted in topic_settings(topic, state.replication).items()
        if not _suffices(name, settings[name], wanted, state.replication)
    )
    return TopicPlan(topic.name, len(state), state.replication, changes=changes, by_hand=tuple(by_hand))


def _suffices(name: str, now: str, wanted: str, replication: int) -> bool:
    """Somebody may ask for more copies before a write counts, as long as one broker can be away."""
    if name == _MIN_INSYNC:
        return int(wanted) <= int(now) <= max(int(wanted), replication - 1)
    return now == wanted


async def _settings(cluster: Cluster, names: Iterable[str]) -> dict[str, dict[str, str]]:
    resources = [(TOPIC, name, ["retention.ms", "cleanup.policy", _MIN_INSYNC]) for name in names]
    if not resources:
        return {}
    answer = await cluster.ask(DescribeConfigsRequest(resources))
    found = {}
    for code, message, _type, name, entries in answer.resources:
        check(code, message or name)
        found[name] = {setting: value for setting, value, *_ in entries}
    return found
