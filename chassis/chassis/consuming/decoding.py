"""From a raw record to an event, each record apart: FastStream's parser breaks on a null or non-UTF-8 header value."""

from __future__ import annotations

from datetime import datetime
from typing import Final, cast
from uuid import UUID

from pydantic import ValidationError

from chassis.consuming.messages import Malformed, RawRecord, Received, Tombstone
from chassis.consuming.subscriptions import Subscriptions
from contracts.event import Event

type Message = Received[Event] | Tombstone

_REQUIRED: Final = frozenset({"ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time"})


def decode(record: RawRecord, subscriptions: Subscriptions) -> Message | None:
    """The record's event or tombstone, None for a type that is listed as ignored; raises Malformed."""
    if record.unreadable is not None:
        raise Malformed(record.unreadable)
    if record.value is None:
        return _tombstone(record, subscriptions)
    attributes = _attributes(record)
    event_type = attributes["ce_type"]
    ignored = subscriptions.ignored_class(event_type)
    if ignored is not None and ignored.topic == record.topic:
        return None
    event_class = subscriptions.event_class(event_type)
    if event_class is None:
        raise Malformed(f"the type {event_type!r} is not listed")
    if event_class.topic != record.topic:
        raise Malformed(f"{event_type} does not belong on the topic {record.topic}")
    event_id, time = _identity(attributes)
    event = _event(event_class, record.value)
    if record.key is None or record.key != event.key.encode():
        raise Malformed(f"the record's key is not its {event_class.key_field}")
    return Received(event, event_id, time, record.topic, record.partition, record.offset, traceparent(record))


def traceparent(record: RawRecord) -> str | None:
    """The record's trace header; a broken one costs the trace, never the record."""
    for name, value in record.headers:
        if name in {"traceparent", b"traceparent"} and value is not None:
            return value.decode("ascii", "replace")
    return None


def event_type_of(record: RawRecord) -> str | None:
    """The type that the record claims, as far as it can be read."""
    for name, value in record.headers:
        if name in {"ce_type", b"ce_type"} and value is not None:
            return value.decode("utf-8", "replace")
    return None


def _attributes(record: RawRecord) -> dict[str, str]:
    try:
        # A name of bytes and a null value are told by the TypeError.
        headers = cast("list[tuple[str, bytes]]", record.headers)
        pairs = [(name, str(value, "utf-8")) for name, value in headers if name.startswith("ce_")]
    except (TypeError, UnicodeDecodeError):
        raise Malformed(_broken_header(record)) from None
    attributes = dict(pairs)
    if len(attributes) != len(pairs):
        raise Malformed("a ce_ header is there twice")
    if not attributes.keys() >= _REQUIRED:
        raise Malformed(f"missing headers: {', '.join(sorted(_REQUIRED - attributes.keys()))}")
    if attributes["ce_specversion"] != "1.0":
        raise Malformed("ce_specversion is not 1.0")
    return attributes


def _broken_header(record: RawRecord) -> str:
    for name, value in record.headers:
        if isinstance(name, bytes):
            return "a header's name is not UTF-8"
        if name.startswith("ce_") and value is None:
            return f"the header {name} is null"
    return "a ce_ header is not UTF-8"


def _identity(attributes: dict[str, str]) -> tuple[UUID, datetime]:
    try:
        event_id = UUID(attributes["ce_id"])
    except ValueError:
        raise Malformed("ce_id is not a UUID") from None
    try:
        time = datetime.fromisoformat(attributes["ce_time"])
    except ValueError:
        raise Malformed("ce_time is not an RFC 3339 instant") from None
    if time.tzinfo is None:
        raise Malformed("ce_time has no offset")
    return event_id, time


def _event(event_class: type[Event], value: bytes) -> Event:
    try:
        return event_class.model_validate_json(value)
    except RecursionError:
        raise Malformed("the JSON is nested too deeply") from None
    except ValidationError as error:
        raise Malformed(f"not a {event_class.event_type}: {_findings(error)}") from None
    except Exception as error:  # a model's own validators may raise anything
        raise Malformed(f"not a {event_class.event_type}: {type(error).__name__}") from error


def _findings(error: ValidationError) -> str:
    """What is wrong and where, without the values: they may be personal, and the dead letter has them."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'data'}: {one['msg']}" for one in found[:10])


def _tombstone(record: RawRecord, subscriptions: Subscriptions) -> Tombstone:
    if record.topic not in subscriptions.tombstone_handlers:
        raise Malformed(f"the topic {record.topic} has no tombstones")
    if record.key is None:
        raise Malformed("a tombstone without a key")
    try:
        key = record.key.decode()
    except UnicodeDecodeError:
        raise Malformed("the key is not UTF-8") from None
    return Tombstone(record.topic, key, record.partition, record.offset, traceparent(record))
