"""Creates the topics of the registry. What exists is left as it is: a topic never shrinks, grows or goes here."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, NodeNotReadyError, TopicAlreadyExistsError, for_code

from chassis.kafka import KafkaConnection, KafkaStuck, close_quietly, within
from contracts.registry import TOPICS, Topic

_log: Final = structlog.get_logger(__name__)

_ATTEMPT: Final = 10.0
_CLOSE_DEADLINE: Final = 3.0
_BACKOFF: Final = 0.3


async def ensure_topics(
    kafka: KafkaConnection | str,
    *,
    partitions: int | None = None,
    replication: int = 1,
    deadline: float = 60.0,
    topics: Iterable[Topic] = tuple(TOPICS.values()),
) -> list[str]:
    """Creates those that are missing and returns their names; raises KafkaStuck when it fails for `deadline` seconds.

    `partitions` replaces the registry's number, for a small local stack. Safe to run in several processes at once.
    """
    connection = KafkaConnection(kafka) if isinstance(kafka, str) else kafka
    wanted = list(topics)
    give_up_at = asyncio.get_running_loop().time() + deadline
    while True:
        try:
            return await _create_missing(connection, wanted, partitions, replication)
        except (KafkaError, OSError, TimeoutError) as error:
            if asyncio.get_running_loop().time() > give_up_at:
                raise KafkaStuck(f"the topics cannot be created: {type(error).__name__}") from error
            _log.warning("topics not created yet", error=type(error).__name__)
            await asyncio.sleep(_BACKOFF)


async def _create_missing(
    connection: KafkaConnection, wanted: list[Topic], partitions: int | None, replication: int
) -> list[str]:
    admin = AIOKafkaAdminClient(**connection.options(), client_id="carpass-topics")
    try:
        await within(_ATTEMPT, admin.start())
        existing = set(await within(_ATTEMPT, admin.list_topics()))
        missing = [topic for topic in wanted if topic.name not in existing]
        if not missing:
            return []
        new = [_new_topic(topic, partitions or topic.partitions, replication) for topic in missing]
        return _created(await within(_ATTEMPT, admin.create_topics(new)))
    finally:
        await close_quietly("admin client", _CLOSE_DEADLINE, admin.close())


def topic_settings(topic: Topic, replication: int) -> dict[str, str]:
    """The settings of a topic in Kafka's words."""
    return {
        "retention.ms": str(topic.retention_ms),
        "cleanup.policy": topic.cleanup_policy,
        "min.insync.replicas": str(2 if replication > 2 else 1),  # noqa: PLR2004 - of three, one may be away
    }


def _new_topic(topic: Topic, partitions: int, replication: int) -> NewTopic:
    return NewTopic(topic.name, partitions, replication, topic_configs=topic_settings(topic, replication))


def _created(response: Any) -> list[str]:
    names = []
    for name, code, *_ in response.topic_errors:
        error = for_code(code)
        if code == 0:
            names.append(name)
        elif error is not TopicAlreadyExistsError:  # that one: another process was faster
            raise error(name) if issubclass(error, KafkaError) else NodeNotReadyError(name)
    return names
