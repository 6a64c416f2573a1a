"""How far behind a worker is, in seconds, and whether it still moves."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping

from aiokafka import TopicPartition

from chassis.consuming.messages import RawRecord
from chassis.consuming.source import SafeConsumer
from chassis.metrics import CONSUMER_LAG


class Lag:
    """Age of the oldest record that is not applied, as far as this worker knows its partitions."""

    def __init__(self, silent_after: float) -> None:
        """A broker that has not answered for `silent_after` seconds may have more than it told."""
        self._silent_after = silent_after
        self._seen_at: dict[TopicPartition, float] = {}  # everything older is applied, as far as is known
        self._assigned_at = time.time()
        self._moved_at = time.monotonic()
        self._positions: dict[TopicPartition, int] = {}

    def assigned(self) -> None:
        """A new assignment begins: nothing is known of it."""
        self._seen_at.clear()
        self._assigned_at = time.time()
        self._moved_at = time.monotonic()

    def taken_up(self, oldest: Mapping[TopicPartition, RawRecord]) -> None:
        """A batch begins: these are the oldest records that are not applied."""
        for partition, record in oldest.items():
            self._seen_at[partition] = record.timestamp_ms / 1000

    def measure(self, consumer: SafeConsumer) -> float:
        """Seconds, over all assigned partitions; by topic in the metrics."""
        now = time.time()
        by_topic: dict[str, float] = defaultdict(float)
        for partition in consumer.assignment():
            behind = self._of(consumer, partition, now)
            by_topic[partition.topic] = max(by_topic[partition.topic], behind)
        for topic, seconds in by_topic.items():
            CONSUMER_LAG.labels(topic).set(seconds)
        return max(by_topic.values(), default=0.0)

    def stalled_for(self, consumer: SafeConsumer) -> float:
        """Seconds without progress although there is something to apply, or no way to know."""
        if consumer.applied != self._positions or self._up_to_date(consumer):
            self._positions = dict(consumer.applied)
            self._moved_at = time.monotonic()
        return time.monotonic() - self._moved_at

    def _of(self, consumer: SafeConsumer, partition: TopicPartition, now: float) -> float:
        highwater, position = consumer.highwater(partition), consumer.applied.get(partition)
        if highwater is not None and position is not None and position >= highwater:
            self._seen_at[partition] = now
            return 0.0
        return max(0.0, now - self._seen_at.get(partition, self._assigned_at))

    def _up_to_date(self, consumer: SafeConsumer) -> bool:
        """All is applied, and the broker has said so lately."""
        limit = (time.time() - self._silent_after) * 1000
        return all(
            self._of(consumer, partition, time.time()) == 0.0 and (consumer.last_poll_timestamp(partition) or 0) > limit
            for partition in consumer.assignment()
        )
