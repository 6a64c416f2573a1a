"""Whether the topics tell each aggregate's events in order and without a gap; repeats of what was told are allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass, field

import orjson

from chassis.consuming.messages import RawRecord
from cli.operations.records import read_topic
from contracts.registry import TOPICS, Topic

_DEADLINE = 120.0


@dataclass(frozen=True, slots=True)
class OutOfOrder:
    """An event that came too early: others of its aggregate are missing before it."""

    topic: str
    aggregate: str
    sequence: int
    after: int
    offset: int

    def __str__(self) -> str:
        """A sentence."""
        return f"{self.topic}: {self.aggregate} has sequence {self.sequence} after {self.after} (offset {self.offset})"


@dataclass
class OrderReport:
    """What the topics tell; `last` is each aggregate's highest sequence, by topic."""

    events: int = 0
    repeats: int = 0
    last: dict[str, dict[str, int]] = field(default_factory=dict)
    broken: list[OutOfOrder] = field(default_factory=list)

    @property
    def aggregates(self) -> int:
        """How many there are."""
        return sum(map(len, self.last.values()))


async def check_order(
    bootstrap: str, topics: Iterable[Topic] = tuple(TOPICS.values()), *, within: float = _DEADLINE
) -> OrderReport:
    """Reads every topic from its beginning to the end it has now; TimeoutError after `within` seconds."""
    report = OrderReport()
    async with asyncio.timeout(within):
        for topic in topics:
            # A compacted topic has gaps by design.
            if topic.cleanup_policy == "delete":
                await _check_topic(bootstrap, topic, report)
    return report


async def _check_topic(bootstrap: str, topic: Topic, report: OrderReport) -> None:
    seen = report.last.setdefault(topic.name, {})
    async with aclosing(read_topic(bootstrap, topic.name)) as records:
        async for record in records:
            _look(record, topic, seen, report)


def _look(record: RawRecord, topic: Topic, seen: dict[str, int], report: OrderReport) -> None:
    subject = dict(record.headers).get("ce_subject")
    try:
        aggregate = (subject or b"").decode()
        sequence = int(orjson.loads(record.value or b"")["sequence"])
    except (KeyError, ValueError, TypeError):
        aggregate, sequence = "", 0
    if not aggregate:
        return  # not one of ours: the consumers have it in their dead letters
    report.events += 1
    last = seen.get(aggregate, 0)
    if sequence <= last:
        report.repeats += 1
    elif sequence == last + 1:
        seen[aggregate] = sequence
    else:
        report.broken.append(OutOfOrder(topic.name, aggregate, sequence, last, record.offset))
        seen[aggregate] = sequence
