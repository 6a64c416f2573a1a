"""What each role of a service runs, and what makes it ready."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from functools import partial

import structlog
import uvloop
from fastapi import FastAPI
from sqlalchemy import text

from chassis import idempotency, migrate
from chassis.consuming import Subscriptions
from chassis.consuming.worker import Worker, WorkerSettings
from chassis.db import Database
from chassis.health import Check, Health
from chassis.http.app import create_probe_app, health_of
from chassis.http.server import HttpServer
from chassis.problems import Unavailable
from chassis.process import Part, Process, Stage
from chassis.relay import Relay, RelaySettings
from chassis.runtime import Service
from chassis.wake import RelayWake

_SWEEP_SECONDS = 900.0
_CLOSE_SECONDS = 2.0
_DRAIN_SHARE = 0.6  # of the grace, for requests in flight
_REVISION = text("SELECT version_num FROM alembic_version")

log: structlog.stdlib.BoundLogger = structlog.get_logger("chassis.roles")


async def run_role(service: Service, role: str) -> int:
    """Runs one role, or `all`, until a signal or a failure; the process' exit code."""
    if not isinstance(asyncio.get_running_loop(), uvloop.Loop):
        raise TypeError("the event loop must be uvloop's")
    settings = service.settings
    async with AsyncExitStack() as stack:
        parts = _Parts(service, role, stack)
        process = Process(parts.health, grace=settings.shutdown_grace, announce=settings.shutdown_announce)
        started = list(parts)
        log.info("starting", port=parts.http.port, parts=[part.name for part in started])
        return await process.run(started)


class _Parts:
    """The parts of one process, and the health that they share."""

    def __init__(self, service: Service, role: str, stack: AsyncExitStack) -> None:
        self._service = service
        self._settings = service.settings
        self._roles = {"api", "worker", "relay"} if role == "all" else {role}
        self._stack = stack
        # In one process the API and the consumers wake the relay directly, without a round trip to the database.
        self._wake = RelayWake(self._url("worker")) if role == "all" else None
        app = self._app()
        self.health = health_of(app)
        self.http = HttpServer(
            app,
            host=self._settings.http_host,
            port=self._settings.http_port,
            drain=self._settings.shutdown_grace * _DRAIN_SHARE,
        )

    def __iter__(self) -> Iterator[Part]:
        """Each part once; what they need is opened on the way, and closed by the stack."""
        yield Part("http", self.http.run, Stage.INTAKE if "api" in self._roles else Stage.OUTLET)
        if "worker" in self._roles:
            yield from self._worker_parts()
        if "relay" in self._roles:
            yield self._relay_part()

    def _app(self) -> FastAPI:
        if "api" not in self._roles:
            health = Health(check_timeout=self._settings.health_check_timeout)
            return create_probe_app(self._service.name, self._settings, health)
        database = self._database("api")
        app = self._service.build_app(database)
        health_of(app).add_check("database", _migrated(database, self._service))
        return app

    def _worker_parts(self) -> Iterator[Part]:
        database = self._database("worker")
        self.health.add_check("worker-database", _migrated(database, self._service))
        if self._service.subscriptions is not None:
            worker = self._consumer(database, self._service.subscriptions)
            self.health.add_check("consumer", _joined(worker))
            yield Part("consumer", worker.run)
        timers = self._service.timers
        if timers is not None:
            yield Part("timers", partial(timers.run, database))
        for job in self._service.background:
            yield Part(getattr(job, "__name__", "background"), partial(job, database))
        yield Part("sweep", partial(_sweep, database))

    def _relay_part(self) -> Part:
        if self._roles == {"relay"}:
            database = self._database("worker", pool_size=1)
            self.health.add_check("worker-database", _migrated(database, self._service))
        settings = RelaySettings(
            poll_interval=self._settings.relay_poll_interval, ack_timeout=self._settings.relay_ack_timeout
        )
        relay = Relay(self._url("worker"), self._settings.kafka, settings, name=self._service.name, wake=self._wake)
        return Part("relay", relay.run, Stage.OUTLET)

    def _consumer(self, database: Database, subscriptions: Subscriptions) -> Worker:
        settings = self._settings
        return Worker(
            database,
            subscriptions,
            self._settings.kafka,
            WorkerSettings(
                session_timeout=settings.consumer_session_timeout,
                instance_id=settings.consumer_instance_id,
                patience=settings.consumer_patience,
            ),
        )

    def _url(self, role: str) -> str:
        return self._settings.required(f"database_{role}_url")

    def _database(self, role: str, *, pool_size: int | None = None) -> Database:
        settings = self._settings
        database = Database(
            self._url(role),
            pool_size=pool_size or settings.database_pool_size,
            application_name=f"{self._service.name}-{role}",
            statement_timeout=timedelta(seconds=settings.db_statement_timeout),
            acquire_timeout=timedelta(seconds=settings.db_acquire_timeout),
            wake=self._wake,
        )
        self._stack.push_async_callback(_close, database)
        return database


async def _close(database: Database) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await database.dispose()


def _joined(worker: Worker) -> Check:
    async def check() -> str | None:
        return None if worker.joined else "has not joined its group"

    return check


def _migrated(database: Database, service: Service) -> Check:
    """The database answers, and its revision has everything this code needs; a revision never goes back."""
    wanted = migrate.head(service.migrations_dir)
    seen: set[str | None] = set()

    async def check() -> str | None:
        async with database.transaction() as tx:
            revision = (await tx.execute(_REVISION)).scalar_one_or_none()
        if revision not in seen:
            if not await asyncio.to_thread(migrate.is_at_least, service.migrations_dir, revision, wanted):
                return f"at migration {revision}, needs {wanted}"
            seen.add(revision)
        return None

    return check


async def _sweep(database: Database, stop: asyncio.Event) -> None:
    """Removes what is kept for a while only."""
    while not stop.is_set():
        try:
            async with database.transaction() as tx:
                await idempotency.remove_expired_answers(tx)
        except Unavailable:
            log.warning("sweep put off: the database is away")
        try:
            await asyncio.wait_for(stop.wait(), _SWEEP_SECONDS)
        except TimeoutError:
            continue
