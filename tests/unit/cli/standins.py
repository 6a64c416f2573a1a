"""A stack of small stand-ins: no servers, and a few parts that only answer HTTP."""

from collections.abc import Mapping

import pytest

from chassis.provision import RolePasswords, ServiceDatabase
from cli.stack import fork_server, stack
from cli.stack.parts import Parts
from cli.stack.plan import Plan
from cli.stack.service_part import ServicePart
from cli.stack.state import StateDir

NAMES = ("telegram", "owners", "trust", "gateway")


class NoServers:
    """In place of PostgreSQL and Kafka."""

    kafka_bootstrap = "127.0.0.1:1"

    def __init__(self, state: StateDir, parts: Parts, *, proxied: bool, postgres_per_service: bool) -> None:
        del state, parts, proxied, postgres_per_service
        self.databases: dict[str, ServiceDatabase] = {}

    def fetch(self) -> None:
        pass

    def start(self, passwords: Mapping[str, RolePasswords], until: float) -> None:
        del passwords, until


def _parts(plan: Plan) -> list[ServicePart]:
    return [_part(plan, name) for name in NAMES]


def _part(plan: Plan, name: str) -> ServicePart:
    port = plan.gateway_port if name == "gateway" else plan.state.port(name)
    return ServicePart(
        name,
        ["http.server", str(port), "--bind", "127.0.0.1", "--directory", str(plan.state.logs)],
        port=port,
        ready_path="/",
        environment={},
        log=plan.state.log(name),
        record=plan.state.record(name),
    )


def install(patch: pytest.MonkeyPatch) -> None:
    """Have every Stack of this process consist of stand-ins."""
    patch.setattr(stack, "Servers", NoServers)
    patch.setattr(Plan, "parts", _parts)
    patch.setattr(fork_server, "available", lambda: False)
