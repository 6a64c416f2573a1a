"""AsyncAPI 3 of the whole platform, generated from the registry."""

from __future__ import annotations

from typing import Any

from contracts.event import Event
from contracts.registry import TOPICS, Topic
from contracts.schemas import schema_of

_HEADERS = {
    "ce_id": "UUIDv7 of the event: the key of every consumer's inbox",
    "ce_source": "the producing service, as /carpass/<service>",
    "ce_type": "the event's type with its version",
    "ce_subject": "the aggregate's id",
    "ce_time": "when it was recorded, RFC 3339 UTC",
    "ce_specversion": "1.0",
    "traceparent": "W3C trace context of the request that caused it",
    "content-type": "application/json",
}
_OPTIONAL_HEADERS = {"traceparent"}


def document(version: str) -> dict[str, Any]:
    """The AsyncAPI document; `version` is the product's."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "CarPass events",
            "version": version,
            "description": "CloudEvents 1.0 in Kafka binary mode: attributes in headers, data as JSON in the value.",
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS.values()},
        "operations": {name: operation for topic in TOPICS.values() for name, operation in _operations(topic).items()},
        "components": {
            "messages": {event.event_type: _message(event) for topic in TOPICS.values() for event in topic.events},
            "messageTraits": {"cloudEvent": {"headers": _headers()}},
        },
    }


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": f"Keyed by {topic.key}." + (" A tombstone erases its key." if topic.tombstones else ""),
        "messages": {event.event_type: {"$ref": f"#/components/messages/{event.event_type}"} for event in topic.events},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": [topic.cleanup_policy],
                    "retention.ms": topic.retention_ms,
                },
                "bindingVersion": "0.5.0",
            }
        },
    }


def _operations(topic: Topic) -> dict[str, Any]:
    channel = {"$ref": f"#/channels/{topic.name}"}
    sends = {f"{topic.producer}.send.{topic.name}": {"action": "send", "channel": channel}}
    receives = {
        f"{consumer}.receive.{topic.name}": {
            "action": "receive",
            "channel": channel,
            "bindings": {
                "kafka": {"groupId": {"type": "string", "enum": [consumer]}, "bindingVersion": "0.5.0"},
            },
        }
        for consumer in topic.consumers
    }
    return sends | receives


def _message(event: type[Event]) -> dict[str, Any]:
    return {
        "name": event.event_type,
        "summary": (event.__doc__ or "").strip(),
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "bindings": {"kafka": {"key": {"type": "string", "description": event.key_field}, "bindingVersion": "0.5.0"}},
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": schema_of(event.event_type),
        },
    }


def _headers() -> dict[str, Any]:
    return {
        "type": "object",
        "required": sorted(set(_HEADERS) - _OPTIONAL_HEADERS),
        "properties": {name: {"type": "string", "description": what} for name, what in _HEADERS.items()},
    }
