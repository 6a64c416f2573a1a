"""A stack that some `up` runs, as other commands find it: its addresses, secrets and databases."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from chassis.provision import ServiceDatabase
from cli.embedded.kafka import EmbeddedKafka
from cli.errors import StackError
from cli.stack.clusters import Clusters
from cli.stack.secrets import Secrets
from cli.stack.state import StateDir


@dataclass(frozen=True)
class RunningStack:
    """What its state folder tells."""

    state: StateDir
    secrets: Secrets
    gateway_url: str
    telegram_url: str
    postgres_per_service: bool = False

    @classmethod
    def of(cls, state_dir: Path) -> Self:
        """Raises StackError when none runs there."""
        state = StateDir(state_dir)
        description = state.description()
        secrets = Secrets.load(state.root / "secrets")
        if description is None or secrets is None:
            raise StackError(f"No stack runs in {state.root}; start one with ./carpass up.")
        urls = description.gateway_url, description.telegram_url
        return cls(state, secrets, *urls, description.postgres_per_service)

    @property
    def databases(self) -> dict[str, ServiceDatabase]:
        """The URLs of each service's three roles."""
        given = os.environ.get("CARPASS_POSTGRES_URL")
        clusters = Clusters(self.state, per_service=self.postgres_per_service)
        return {
            service: ServiceDatabase.at(given or clusters.superuser_url(service), service, passwords)
            for service, passwords in self.secrets.passwords.items()
        }

    @property
    def kafka_bootstrap(self) -> str:
        """`host:port` of the broker."""
        return os.environ.get("CARPASS_KAFKA_BOOTSTRAP") or EmbeddedKafka(self.state.kafka).bootstrap
