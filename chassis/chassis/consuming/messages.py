"""What travels between Kafka, the decoder and the handlers. Tuples: they are made thousands of times a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chassis.ids import new_id
from chassis.outbox import cloud_event_headers, event_payload
from contracts.event import Event

type HeaderName = str | bytes
type Headers = Sequence[tuple[HeaderName, bytes | None]]


class RawRecord(NamedTuple):
    """A Kafka record as it was fetched; a header name that is not UTF-8 stays bytes."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    timestamp_ms: int = 0
    unreadable: str | None = None
    """Why the record could not be taken apart; then `value` is what was found at its place."""


class Received[E: Event](NamedTuple):
    """A decoded event. `traceparent` names this service's part of its trace."""

    event: E
    id: UUID
    time: datetime
    topic: str
    partition: int
    offset: int
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A compacted topic's key was removed."""

    topic: str
    key: str
    partition: int
    offset: int
    traceparent: str | None


class Malformed(Exception):  # noqa: N818 - reads as what is wrong with the record
    """The record is not what its topic promises; it goes to the dead letters."""


class Refuse(Exception):  # noqa: N818 - a handler refuses
    """Raised by a handler for a record that breaks an invariant; it goes to the dead letters."""


def raw_record(
    event: Event,
    *,
    offset: int = 0,
    id: UUID | None = None,  # noqa: A002 - the CloudEvents name
    partition: int = 0,
    traceparent: str | None = None,
) -> RawRecord:
    """The record that the relay would have sent for this event, without Kafka."""
    headers = cloud_event_headers(event, id or new_id(), traceparent)
    return RawRecord(
        topic=event.topic,
        partition=partition,
        offset=offset,
        key=event.key.encode(),
        value=event_payload(event),
        headers=[(name, value.encode()) for name, value in headers.items()],
        timestamp_ms=round(event.occurred_at.timestamp() * 1000),
    )
