"""PostgreSQL and Kafka under the stack: embedded, or the ones that the environment names."""

import asyncio
import os
import time
from collections.abc import Mapping
from functools import partial
from urllib.parse import urlsplit

from chassis.provision import RolePasswords, ServiceDatabase
from cli.embedded.kafka import EmbeddedKafka
from cli.embedded.kafka_jars import ensure_jars, missing_jars
from cli.errors import StackError
from cli.stack.clusters import Clusters
from cli.stack.databases import prepare_databases
from cli.stack.leftovers import KAFKA
from cli.stack.parallel import in_parallel
from cli.stack.parts import Parts
from cli.stack.plan import PARTITIONS, SERVICES
from cli.stack.proxies import proxy_port
from cli.stack.state import StateDir


class Servers:
    """Starts both at once and makes what the services need on them."""

    def __init__(
        self, state: StateDir, parts: Parts, *, proxied: bool = False, postgres_per_service: bool = False
    ) -> None:
        self._parts = parts
        self._clusters = Clusters(state, per_service=postgres_per_service)
        self._kafka = EmbeddedKafka(
            state.kafka,
            log=state.log(KAFKA),
            record=state.record(KAFKA),
            proxy_port=proxy_port(state, KAFKA) if proxied else None,
        )
        self._given_postgres = os.environ.get("CARPASS_POSTGRES_URL")
        self._given_kafka = os.environ.get("CARPASS_KAFKA_BOOTSTRAP")
        if self._given_postgres and postgres_per_service:
            raise StackError("A server for each service is started by the stack itself; unset CARPASS_POSTGRES_URL.")
        if self._given_kafka and proxied:
            raise StackError("A proxy stands before a Kafka of the stack's own only; unset CARPASS_KAFKA_BOOTSTRAP.")
        self.databases: dict[str, ServiceDatabase] = {}

    @property
    def kafka_bootstrap(self) -> str:
        """`host:port` of the broker."""
        return self._given_kafka or self._kafka.bootstrap

    @property
    def proxy_targets(self) -> dict[str, tuple[str, int]]:
        """Host and port of each server, by the name of its part."""
        urls = {self.postgres_part(service): self.superuser_url(service) for service in SERVICES}
        targets = {part: _host_and_port(url) for part, url in urls.items()}
        return targets | {KAFKA: ("127.0.0.1", self._kafka.proxied_port)}

    def postgres_part(self, service: str) -> str:
        """The name of the part that holds this service's database."""
        return self._clusters.part(service)

    def superuser_url(self, service: str) -> str:
        """Of the service's server."""
        return self._given_postgres or self._clusters.superuser_url(service)

    def fetch(self) -> None:
        """Download what is missing; a step of its own, because the network decides how long it takes."""
        if self._given_kafka or os.environ.get("CARPASS_KAFKA_HOME") or not missing_jars():
            return
        with self._parts.timed("kafka download"):
            ensure_jars()

    def start(self, passwords: Mapping[str, RolePasswords], until: float) -> None:
        """Start both, then make and migrate the databases and create the topics."""
        for name, cluster in ({} if self._given_postgres else self._clusters.by_part).items():
            self._parts.add(name, cluster)
        if not self._given_kafka:
            self._parts.add(KAFKA, self._kafka)
        in_parallel([lambda: self._start_postgres(passwords, until), lambda: self._start_kafka(until)])

    def _start_postgres(self, passwords: Mapping[str, RolePasswords], until: float) -> None:
        if not self._given_postgres:
            in_parallel([partial(self._parts.start, name, until) for name in self._clusters.by_part])
        with self._parts.timed("databases") as remark:
            admin_urls = {service: self.superuser_url(service) for service in passwords}
            self.databases, migrated = asyncio.run(prepare_databases(admin_urls, passwords))
            if migrated:
                remark.text = f"migrated: {', '.join(migrated)}"

    def _start_kafka(self, until: float) -> None:
        if not self._given_kafka:
            self._parts.start(KAFKA, until)
        with self._parts.timed("topics"):
            asyncio.run(self._ensure_topics(until - time.monotonic()))

    async def _ensure_topics(self, deadline: float) -> None:
        from chassis.topics import ensure_topics  # noqa: PLC0415 -- aiokafka is slow to import

        try:
            await ensure_topics(self.kafka_bootstrap, partitions=PARTITIONS, replication=1, deadline=deadline)
        except Exception as error:
            raise StackError(f"The topics could not be created on Kafka at {self.kafka_bootstrap}: {error}") from error


def _host_and_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 5432
