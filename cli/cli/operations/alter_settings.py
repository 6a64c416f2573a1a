"""Kafka's IncrementalAlterConfigs (KIP-339), which aiokafka lacks.

The older AlterConfigs, which it has, resets every setting that is not named in the request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Int8, Int16, Int32, Schema, String

from cli.operations.cluster import Cluster, check

TOPIC: Final = 2
"""Kafka's number for a topic among the kinds of things that have settings."""
_API_KEY: Final = 44
_SET: Final = 0


class _ResponseV0(Response):
    API_KEY = _API_KEY
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "resources",
            Array(
                ("error_code", Int16),
                ("error_message", String("utf-8")),
                ("resource_type", Int8),
                ("resource_name", String("utf-8")),
            ),
        ),
    )


class _RequestV0(RequestStruct):
    API_KEY = _API_KEY
    API_VERSION = 0
    RESPONSE_TYPE = _ResponseV0
    SCHEMA = Schema(
        (
            "resources",
            Array(
                ("resource_type", Int8),
                ("resource_name", String("utf-8")),
                (
                    "configs",
                    Array(("name", String("utf-8")), ("config_operation", Int8), ("value", String("utf-8"))),
                ),
            ),
        ),
        ("validate_only", Boolean),
    )


class _Request(Request[_RequestV0]):
    API_KEY: ClassVar[int] = _API_KEY

    def __init__(self, resources: list[tuple[int, str, list[tuple[str, int, str]]]]) -> None:
        self._resources = resources

    def build(self, request_struct_class: type[_RequestV0]) -> Any:
        return request_struct_class(self._resources, False)


async def alter_settings(cluster: Cluster, changes: Mapping[str, Mapping[str, str]]) -> None:
    """Sets the named settings of the named topics and leaves all others; raises the KafkaError of a refusal."""
    resources = [
        (TOPIC, topic, [(name, _SET, value) for name, value in settings.items()]) for topic, settings in changes.items()
    ]
    if not resources:
        return
    answer = await cluster.ask(_Request(resources))
    for code, message, _type, topic in answer.resources:
        check(code, message or topic)
