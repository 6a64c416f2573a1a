"""From an event to the row that the relay sends: the key, headers and value are made ready here, once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from chassis.ids import new_id
from chassis.problems import Invalid
from contracts.event import Event

MAX_EVENT_BYTES: Final = 512 * 1024

INSERT_OUTBOX_ROWS: Final = """
    INSERT INTO outbox (topic, key, headers, payload)
    SELECT topic, key, headers::json, payload
    FROM unnest($1::text[], $2::bytea[], $3::text[], $4::bytea[])
         WITH ORDINALITY AS new (topic, key, headers, payload, place)
    ORDER BY place
"""
"""Gives them ids in the order in which they come; takes `outbox_arrays`."""


class EventTooLarge(Invalid):
    """The change would publish an event of more than 512 KB (422)."""

    slug = "event-too-large"
    title = "Too large to record"
    detail = "What you send makes a record of more than 512 KB."


class OutboxRow(NamedTuple):
    """A Kafka record in the making. `payload` None is a tombstone."""

    topic: str
    key: bytes
    headers: str
    payload: bytes | None


def cloud_event_headers(event: Event, event_id: UUID, traceparent: str | None) -> dict[str, str]:
    """The headers of a CloudEvent in Kafka's binary mode."""
    headers: dict[str, str] = orjson.loads(_headers_json(event, event_id, traceparent))
    return headers


def _headers_json(event: Event, event_id: UUID, traceparent: str | None) -> bytes:
    headers: dict[str, Any] = {
        "ce_specversion": "1.0",
        "ce_id": event_id,
        "ce_source": f"/carpass/{event.event_type.partition('.')[0]}",
        "ce_type": event.event_type,
        "ce_subject": event.subject,
        "ce_time": event.occurred_at,
        "content-type": "application/json",
    }
    if traceparent is not None:
        headers["traceparent"] = traceparent
    return orjson.dumps(headers)


def event_payload(event: Event) -> bytes:
    """The record's value; raises EventTooLarge."""
    payload = event.__pydantic_serializer__.to_json(event)
    if len(payload) > MAX_EVENT_BYTES:
        raise EventTooLarge
    return payload


def outbox_row(event: Event, *, traceparent: str | None) -> tuple[UUID, OutboxRow]:
    """The event's new id and its row; raises EventTooLarge."""
    event_id = new_id()
    headers = _headers_json(event, event_id, traceparent).decode()
    return event_id, OutboxRow(event.topic, event.key.encode(), headers, event_payload(event))


def tombstone_row(topic: str, key: str, *, traceparent: str | None) -> OutboxRow:
    """The row that removes a key's last event from a compacted topic."""
    headers = {} if traceparent is None else {"traceparent": traceparent}
    return OutboxRow(topic, key.encode(), orjson.dumps(headers).decode(), None)


type OutboxArrays = tuple[Sequence[str], Sequence[bytes], Sequence[str], Sequence[bytes | None]]


def outbox_arrays(rows: Sequence[OutboxRow]) -> OutboxArrays:
    """The rows as one array for each column: any number of them is one statement."""
    topics, keys, headers, payloads = zip(*rows, strict=True) if rows else ((), (), (), ())
    return topics, keys, headers, payloads
