"""PostgreSQL and Kafka under the stack: embedded, or the ones that the environment names."""

import asyncio
import os
import time
from collections.abc import Mapping

from chassis.provision import RolePasswords, ServiceDatabase
from cli.embedded.kafka import EmbeddedKafka
from cli.embedded.kafka_jars import ensure_jars, missing_jars
from cli.embedded.postgres import EmbeddedPostgres
from cli.errors import StackError
from cli.stack.databases import prepare_databases
from cli.stack.leftovers import KAFKA, POSTGRES
from cli.stack.parallel import in_parallel
from cli.stack.parts import Parts
from cli.stack.plan import PARTITIONS
from cli.stack.state import StateDir


class Servers:
    """Starts both at once and makes what the services need on them."""

    def __init__(self, state: StateDir, parts: Parts) -> None:
        self._parts = parts
        self._postgres = EmbeddedPostgres(state.postgres, log=state.log(POSTGRES), record=state.record(POSTGRES))
        self._kafka = EmbeddedKafka(state.kafka, log=state.log(KAFKA), record=state.record(KAFKA))
        self._given_postgres = os.environ.get("CARPASS_POSTGRES_URL")
        self._given_kafka = os.environ.get("CARPASS_KAFKA_BOOTSTRAP")
        self.databases: dict[str, ServiceDatabase] = {}

    @property
    def kafka_bootstrap(self) -> str:
        """`host:port` of the broker."""
        return self._given_kafka or self._kafka.bootstrap

    def fetch(self) -> None:
        """Download what is missing; a step of its own, because the network decides how long it takes."""
        if self._given_kafka or os.environ.get("CARPASS_KAFKA_HOME") or not missing_jars():
            return
        with self._parts.timed("kafka download"):
            ensure_jars()

    def start(self, passwords: Mapping[str, RolePasswords], until: float) -> None:
        """Start both, then make and migrate the databases and create the topics."""
        if not self._given_postgres:
            self._parts.add(POSTGRES, self._postgres)
        if not self._given_kafka:
            self._parts.add(KAFKA, self._kafka)
        in_parallel([lambda: self._start_postgres(passwords, until), lambda: self._start_kafka(until)])

    def _start_postgres(self, passwords: Mapping[str, RolePasswords], until: float) -> None:
        if not self._given_postgres:
            self._parts.start(POSTGRES, until)
        with self._parts.timed("databases") as remark:
            admin_url = self._given_postgres or self._postgres.superuser_url
            self.databases, migrated = asyncio.run(prepare_databases(admin_url, passwords))
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
