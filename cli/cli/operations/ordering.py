"""Whether the topics tell each aggregate's events in order and without a gap; repeats of what was told are allowed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass, field

from chassis.consuming.messages import RawRecord
from cli.operations.records import read_topic
from contracts.registry import TOPICS, Topic

_DEADLINE = 120.0


@dataclass
class OrderReport:
    """`broken` has a sentence for each event that came too early or too late; `aggregates` is how many there are."""

    events: int = 0
    repeats: int = 0
    aggregates: int = 0
    broken: list[str] = field(default_factory=list)


async def check_order(bootstrap: str, topics: Iterable[Topic] = tuple(TOPICS.values())) -> OrderReport:
    """Reads every topic from its beginning to the end it has now; TimeoutError after two minutes."""
    report = OrderReport()
    async with asyncio.timeout(_DEADLINE):
        for topic in topics:
            # A compacted topic has gaps by design.
            if topic.cleanup_policy == "delete":
                await _check_topic(bootstrap, topic, report)
    return report


async def _check_topic(bootstrap: str, topic: Topic, report: OrderReport) -> None:
    seen: dict[str, int] = {}
    async with aclosing(read_topic(bootstrap, topic.name)) as records:
        async for record in records:
            _look(record, topic, seen, report)
    report.aggregates += len(seen)


def _look(record: RawRecord, topic: Topic, seen: dict[str, int], report: OrderReport) -> None:
    subject = dict(record.headers).get("ce_subject")
    try:
        aggregate = (subject or b"").decode()
        sequence = int(json.loads(record.value or b"")["sequence"])
    except (KeyError, ValueError, TypeError, RecursionError):
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
        report.broken.append(f"{topic.name}: {aggregate} has sequence {sequence} after {last} (offset {record.offset})")
        seen[aggregate] = sequence
