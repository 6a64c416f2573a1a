"""`python -m <service> api | worker | relay | all | migrate | topics`, and whatever commands a service adds."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import structlog
import uvloop
from fastapi import FastAPI

from chassis import migrate
from chassis.consuming import Subscriptions
from chassis.db import Database
from chassis.process import EXIT_FAILED
from chassis.provision import RolePasswords, password_of, provision
from chassis.settings import ServiceSettings, SettingMissing
from chassis.telemetry import setup_telemetry, shutdown_telemetry
from chassis.timers import Timers

type Background = Callable[[Database, asyncio.Event], Awaitable[None]]
"""Work beside the consumers in the worker role: gets that role's database, ends when the event is set."""

type Command = Callable[[list[str]], int]
"""A service's own subcommand: gets the arguments behind its name, returns the exit code."""

ROLES = ("api", "worker", "relay", "all")
EXIT_USAGE = 2

log: structlog.stdlib.BoundLogger = structlog.get_logger("chassis.runtime")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What makes a service different from the next one. Its wiring builds exactly one, for production and tests."""

    name: str
    settings: ServiceSettings
    migrations_dir: Path
    build_app: Callable[[Database], FastAPI]
    subscriptions: Subscriptions | None = None
    timers: Timers | None = None
    background: Sequence[Background] = ()
    commands: Mapping[str, Command] = field(default_factory=dict)


def main(service: Service, argv: Sequence[str] | None = None) -> NoReturn:
    """Runs what the command line asks for, and exits: 0 after a signal, otherwise for the supervisor to start anew."""
    name, *rest = [*(sys.argv[1:] if argv is None else argv), ""]
    arguments = rest[:-1]
    try:
        if name in service.commands:
            sys.exit(service.commands[name](arguments))
        if name == "migrate" and not arguments:
            sys.exit(_migrate(service))
        if name == "topics" and not arguments:
            sys.exit(_create_topics(service))
        if name == "dlt" and service.subscriptions is not None:
            sys.exit(_dead_letters(service, arguments))
        if name in ROLES and not arguments:
            sys.exit(_run_role(service, name))
    except SettingMissing as error:
        _refuse(str(error))
    known = " | ".join((*ROLES, "migrate", "topics", "dlt", *service.commands))
    _refuse(f"usage: python -m {service.name} {known}")


def openapi_document(service: Service) -> dict[str, Any]:
    """The service's OpenAPI document; needs neither a database nor keys."""
    unused = Database("postgresql://nobody@localhost/none", pool_size=1, application_name="openapi")
    return service.build_app(unused).openapi()


def _migrate(service: Service) -> int:
    """With an administrator's URL the database and its roles are made first, from the three URLs' passwords."""
    settings = service.settings
    setup_telemetry(service.name, "migrate", settings)
    url = settings.required("database_owner_url")
    if settings.database_admin_url:
        names = ("database_owner_url", "database_api_url", "database_worker_url")
        passwords = RolePasswords(*(password_of(settings.required(name)) for name in names))
        asyncio.run(provision(settings.database_admin_url, service.name, passwords))
    revision = asyncio.run(migrate.upgrade(url, service.migrations_dir))
    log.info("migrated", revision=revision)
    return 0


def _create_topics(service: Service) -> int:
    from chassis.topics import ensure_topics  # noqa: PLC0415 - the other commands need no Kafka client

    settings = service.settings
    setup_telemetry(service.name, "topics", settings)
    created = asyncio.run(
        ensure_topics(settings.kafka, partitions=settings.kafka_partitions, replication=settings.kafka_replication)
    )
    log.info("topics are there", created=created)
    return 0


def _dead_letters(service: Service, arguments: list[str]) -> int:
    from chassis.dead_letter_command import dead_letter_command  # noqa: PLC0415 - nobody else needs it

    url = service.settings.required("database_worker_url")
    return dead_letter_command(service.name, url, service.subscriptions or Subscriptions(service.name), arguments)


def _run_role(service: Service, role: str) -> int:
    from chassis.roles import run_role  # noqa: PLC0415 - the commands above need neither Kafka nor uvicorn

    setup_telemetry(service.name, role, service.settings)
    # What was imported lives as long as the process: the collector need not look at it again (p99 66 -> 6 ms).
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(run_role(service, role))
    except OSError as error:
        log.error("cannot start", error=str(error))  # noqa: TRY400 - the sentence says it all
        return EXIT_FAILED
    finally:
        shutdown_telemetry()


def _refuse(sentence: str) -> NoReturn:
    sys.stderr.write(sentence + "\n")
    sys.exit(EXIT_USAGE)
