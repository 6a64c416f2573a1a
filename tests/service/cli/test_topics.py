import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from chassis.kafka import KafkaConnection
from cli.operations.topics import Change, apply_topics, plan_topics
from contracts.registry import Topic
from tests.service.cli.conftest import PARTITIONS, Invoke, Topics

RIGHT = {"retention.ms": "-1", "cleanup.policy": "delete", "min.insync.replicas": "1"}
OURS: dict[str, Any] = {"partitions": PARTITIONS, "replication": 1}


async def settings_of(admin: AIOKafkaAdminClient, topic: Topic) -> dict[str, str]:
    answer: Any
    [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name)])
    return {name: value for name, value, *_ in answer.resources[0][4]}


async def test_missing_topic_is_planned_and_created_with_its_settings(
    kafka: KafkaConnection, topics: Topics, admin: AIOKafkaAdminClient
) -> None:
    topic = topics.declare("owners.profile")
    [plan] = await plan_topics(kafka, [topic], **OURS)
    assert plan.missing
    _, [left] = await apply_topics(kafka, [topic], **OURS)
    assert left.in_line
    assert left.partitions == PARTITIONS
    settings = await settings_of(admin, topic)
    assert (settings["cleanup.policy"], settings["retention.ms"]) == ("compact", "-1")


async def test_setting_that_differs_is_altered_and_all_others_are_left_alone(
    kafka: KafkaConnection, topics: Topics, admin: AIOKafkaAdminClient
) -> None:
    by_somebody = {"max.message.bytes": "700000", "segment.ms": "86400000"}
    topic = await topics.create(topics.declare(), RIGHT | {"retention.ms": "604800000"} | by_somebody)
    planned, [left] = await apply_topics(kafka, [topic], **OURS)
    assert planned[0].changes == (Change("retention.ms", "604800000", "-1"),)
    assert left.in_line
    settings = await settings_of(admin, topic)
    assert [settings[name] for name in ("retention.ms", "max.message.bytes", "segment.ms")] == [
        "-1",
        "700000",
        "86400000",
    ]


async def test_topic_as_it_should_be_is_left_alone(kafka: KafkaConnection, topics: Topics) -> None:
    topic = await topics.create(topics.declare(), RIGHT)
    planned, left = await apply_topics(kafka, [topic], **OURS)
    assert planned[0].in_line
    assert left == planned


@pytest.mark.parametrize("partitions", [PARTITIONS - 1, PARTITIONS + 1])
async def test_other_number_of_partitions_is_told_and_never_changed(
    kafka: KafkaConnection, topics: Topics, partitions: int
) -> None:
    topic = await topics.create(topics.declare(), RIGHT, partitions=partitions)
    _, [left] = await apply_topics(kafka, [topic], **OURS)
    assert left.partitions == partitions
    assert f"it has {partitions} partitions" in left.by_hand[0]


async def test_missing_replicas_are_told_and_the_settings_are_made_right_all_the_same(
    kafka: KafkaConnection, topics: Topics
) -> None:
    topic = await topics.create(topics.declare(), RIGHT | {"retention.ms": "1000"})
    planned, [left] = await apply_topics(kafka, [topic], partitions=PARTITIONS, replication=3)
    assert [change.setting for change in planned[0].changes] == ["retention.ms"]
    assert not left.changes
    assert "1 of 3 replicas" in left.by_hand[0]


async def test_more_copies_demanded_than_there_are_is_repaired(kafka: KafkaConnection, topics: Topics) -> None:
    topic = await topics.create(topics.declare(), RIGHT | {"min.insync.replicas": "2"})
    planned, [left] = await apply_topics(kafka, [topic], **OURS)
    assert planned[0].changes == (Change("min.insync.replicas", "2", "1"),)
    assert left.in_line


async def test_topic_that_needs_more_brokers_than_there_are_is_not_created(
    kafka: KafkaConnection, topics: Topics
) -> None:
    topic = topics.declare()
    _, [left] = await apply_topics(kafka, [topic], partitions=PARTITIONS, replication=3)
    assert left.missing
    assert "as many brokers" in left.by_hand[0]


@pytest.mark.usefixtures("named_kafka")
async def test_plan_exits_with_1_until_apply_has_made_everything_right(
    carpass: Invoke, topics: Topics, registered: Callable[[Sequence[Topic]], None]
) -> None:
    registered([topics.declare(), await topics.create(topics.declare(), RIGHT | {"retention.ms": "5"})])
    planned = await carpass("topics", "plan")
    assert planned.exit_code == 1
    assert "to create (partitions: 3, replicas: 1)" in planned.stdout
    assert "to set retention.ms from 5 to -1" in planned.stdout
    applied = await carpass("topics", "apply")
    assert applied.exit_code == 0
    assert "2 topics in the registry, 2 of them as they should be." in applied.stdout
    again = await carpass("topics", "plan", "--json")
    assert (again.exit_code, json.loads(again.stdout)) == (0, {"in_line": True, "planned": []})


@pytest.mark.usefixtures("named_kafka")
async def test_apply_exits_with_1_for_what_it_does_not_do(
    carpass: Invoke, topics: Topics, registered: Callable[[Sequence[Topic]], None]
) -> None:
    registered([await topics.create(topics.declare(), RIGHT, partitions=1)])
    applied = await carpass("topics", "apply", "--json")
    assert applied.exit_code == 1
    left: list[dict[str, Any]] = json.loads(applied.stdout)["left"]
    assert "keys would move" in left[0]["by_hand"][0]
