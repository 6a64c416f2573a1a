"""Which Kafka a command is meant for: one that the environment names, or the local stack's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chassis.kafka import KafkaConnection
from cli.errors import StackError
from cli.operations.installation import Installation, given_setting
from cli.stack.plan import PARTITIONS, SERVICES

_PRODUCTION_REPLICATION = 3


@dataclass(frozen=True)
class KafkaTarget:
    """How to reach it, and how its topics should be made: `partitions` None leaves each topic's own number."""

    connection: KafkaConnection
    partitions: int | None
    replication: int


def find_kafka(state_dir: Path) -> KafkaTarget:
    """What CARPASS_KAFKA_BOOTSTRAP names (in production's shape), else the local stack's; StackError for neither."""
    bootstrap = given_setting("KAFKA_BOOTSTRAP")
    if bootstrap:
        partitions = _number("KAFKA_PARTITIONS")
        replication = _number("KAFKA_REPLICATION") or _PRODUCTION_REPLICATION
        return KafkaTarget(_connection(bootstrap), partitions, replication)
    from cli.stack.running import RunningStack  # noqa: PLC0415 -- not needed for a named installation

    return KafkaTarget(KafkaConnection(RunningStack.of(state_dir).kafka_bootstrap), PARTITIONS, 1)


def databases_beside(state_dir: Path) -> Mapping[str, str]:
    """The databases of the same installation; none when only its Kafka is named."""
    named = any(given_setting(f"{service.upper()}_DATABASE_URL") for service in SERVICES)
    if given_setting("KAFKA_BOOTSTRAP") and not named:
        return {}
    return Installation.find(state_dir).databases


def _connection(bootstrap: str) -> KafkaConnection:
    username, password, ca_file = (given_setting(f"KAFKA_{name}") for name in ("USERNAME", "PASSWORD", "CA_FILE"))
    return KafkaConnection(bootstrap, username, password, ca_file)


def _number(name: str) -> int | None:
    text = given_setting(name)
    if not text:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise StackError(f"CARPASS_{name} must be a whole number from 1 on.")
    return int(text)
