"""Where groups are in their topics, as Kafka knows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import OffsetOutOfRangeError, UnsupportedCodecError
from aiokafka.protocol.admin import DescribeGroupsRequest
from aiokafka.protocol.commit import OffsetFetchRequest
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest, OffsetResetStrategy

from chassis.consuming.tolerant import Place, read_records
from cli.operations.cluster import Cluster, by_topic, check

BEGINNING: int = OffsetResetStrategy.EARLIEST
END: int = OffsetResetStrategy.LATEST

_A_LOOK = 32 * 1024
_A_WHOLE_BATCH = 8 * 1024 * 1024
_RESPONSE = 64 * 1024 * 1024
_WAIT_MS = 500
_READABLE_WITHIN = 20

type Leaders = Mapping[TopicPartition, int]


@dataclass(frozen=True)
class GroupState:
    """`state` is Kafka's word: Stable, Empty, Dead (unknown), PreparingRebalance or CompletingRebalance."""

    state: str
    members: int
    assigned: frozenset[TopicPartition]


async def group_state(cluster: Cluster, group: str) -> GroupState:
    """Who consumes, and which partitions somebody has."""
    answer = await cluster.ask(DescribeGroupsRequest([group]), await cluster.coordinator(group))
    [(code, _group, state, _type, _protocol, members, *_)] = answer.groups
    check(code, group)
    assignments = [ConsumerProtocolMemberAssignment.decode(assigned) for *_, assigned in members if assigned]
    return GroupState(state, len(members), frozenset(one for each in assignments for one in each.partitions()))


async def committed_offsets(cluster: Cluster, group: str) -> dict[TopicPartition, int]:
    """The next offset of each partition that the group has ever committed."""
    answer = await cluster.ask(OffsetFetchRequest(group, None), await cluster.coordinator(group))
    check(answer.error_code, group)
    found = {}
    for topic, partitions in answer.topics:
        for partition, offset, _metadata, code in partitions:
            check(code, topic)
            found[TopicPartition(topic, partition)] = offset
    return {partition: offset for partition, offset in found.items() if offset >= 0}


async def offsets_at(cluster: Cluster, leaders: Leaders, where: int) -> dict[TopicPartition, int]:
    """`where`: BEGINNING, the first offset that is kept; END, the next one to be written."""
    found = {}
    for leader, partitions in _by_leader(leaders).items():
        asked = by_topic(dict.fromkeys(partitions, where))
        answer = await cluster.ask(OffsetRequest(-1, 0, asked), leader)
        for topic, places in answer.topics:
            for partition, code, _timestamp, offset, *_ in places:
                check(code, topic)
                found[TopicPartition(topic, partition)] = offset
    return found


async def written_at(
    cluster: Cluster, leaders: Leaders, places: Mapping[TopicPartition, int]
) -> dict[TopicPartition, float]:
    """When the first record from each place on was written, in seconds since 1970, wherever that can be told."""
    found: dict[TopicPartition, float] = {}
    for leader, partitions in _by_leader({partition: leaders[partition] for partition in places}).items():
        wanted = {partition: places[partition] for partition in partitions}
        found |= await _look(cluster, leader, wanted, _A_LOOK)
        # Kafka returns nothing of a batch that is larger than what was asked for, unless it comes first.
        for partition in wanted.keys() - found.keys():
            found |= await _look(cluster, leader, {partition: wanted[partition]}, _A_WHOLE_BATCH)
    return found


async def _look(
    cluster: Cluster, leader: int, places: Mapping[TopicPartition, int], max_bytes: int
) -> dict[TopicPartition, float]:
    asked = [
        (topic, [(partition, offset, max_bytes) for partition, offset in each]) for topic, each in by_topic(places)
    ]
    answer = await cluster.ask(FetchRequest(_WAIT_MS, 1, _RESPONSE, 0, asked), leader)
    found = {}
    for topic, partitions in answer.topics:
        for number, code, _highwater, *rest in partitions:
            if code == OffsetOutOfRangeError.errno:
                continue  # retention has taken it away since
            check(code, topic)
            partition = TopicPartition(topic, number)
            seconds = _first_timestamp(rest[-1], Place(topic, number, places[partition]))
            if seconds is not None:
                found[partition] = seconds
    return found


def _first_timestamp(data: Any, place: Place) -> float | None:
    """Of the first record that can be read: a broken one does not tell."""
    try:
        records = read_records(bytes(data or b""), place, _READABLE_WITHIN).records
    except UnsupportedCodecError:
        return None
    return next((record.timestamp_ms / 1000 for record in records if record.unreadable is None), None)


def _by_leader(leaders: Leaders) -> dict[int, list[TopicPartition]]:
    grouped = defaultdict(list)
    for partition, leader in leaders.items():
        grouped[leader].append(partition)
    return grouped
