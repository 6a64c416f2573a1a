"""Puts owners together, once for production and tests alike."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import FastAPI

from chassis.clock import Clock, system_clock
from chassis.db import Database
from chassis.http import create_app
from chassis.problems import Unavailable
from chassis.runtime import Background, Service
from chassis.timers import Timers
from chassis.waiting import elapsed
from owners.api import (
    access,
    analytics,
    auth,
    cars,
    consumption,
    documents,
    edits,
    expenses,
    export,
    files,
    fuel_entries,
    imports,
    me,
    moderation,
    ocr,
    odometer,
    ownership,
    schedules,
    service_entries,
    transfers,
)
from owners.api.context import OwnersContext
from owners.api.problems import DOMAIN_ERRORS
from owners.commands.ask_for_readings import begin_sweeps
from owners.consumers import access_timers, subscriptions
from owners.db.moderation import MODERATORS
from owners.domain.files import MOST_FILE_BYTES
from owners.exchange.job import LIMITS
from owners.settings import OwnersSettings

_SWEEP_LOOK_SECONDS: Final = 900.0
_log: Final = structlog.get_logger(__name__)

MIGRATIONS: Final = Path(__file__).parents[1] / "migrations"
_ROUTERS: Final = (
    auth.router,
    me.router,
    cars.router,
    access.router,
    transfers.router,
    moderation.router,
    documents.router,
    files.router,
    edits.router,
    schedules.router,
    ocr.router,
    odometer.router,
    service_entries.router,
    expenses.router,
    analytics.router,
    ownership.router,
    fuel_entries.router,
    consumption.router,
    export.router,
    imports.router,
)


class OwnKeys:
    """A KeySource: the issuer of access tokens verifies them with its own keys and asks nobody."""

    def __init__(self, context: OwnersContext) -> None:
        self._context = context

    async def key(self, kid: str) -> Ed25519PublicKey | None:
        """The public key of this id."""
        return await self._context.keys.key(kid)


def service(settings: OwnersSettings, *, clock: Clock = system_clock) -> Service:
    """The service; `python -m owners moderator …` is its one command of its own."""
    timers = access_timers(clock, stale_after=timedelta(days=settings.stale_reading_days))

    def build_app(database: Database) -> FastAPI:
        context = OwnersContext(settings, clock, database, timers)
        if settings.database_api_url:  # it will serve, and is not only asked to describe itself
            context.demand_secrets()
        app = create_app(
            "owners",
            settings,
            routers=_ROUTERS,
            database=database,
            domain_errors=DOMAIN_ERRORS,
            uploads={imports.PATH: LIMITS.file_bytes, files.PATH: MOST_FILE_BYTES, ocr.PATH: MOST_FILE_BYTES},
            keys=OwnKeys(context),
        )
        app.state.owners = context
        return app

    return Service(
        name="owners",
        settings=settings,
        migrations_dir=MIGRATIONS,
        build_app=build_app,
        subscriptions=subscriptions,
        timers=timers,
        commands={"moderator": partial(MODERATORS.command, settings)},
        background=[_reading_sweeps(timers, clock)],
    )


def _reading_sweeps(timers: Timers, clock: Clock) -> Background:
    async def reading_sweeps(database: Database, stop: asyncio.Event) -> None:
        """Sets the sweep's timer when there is none: at the first start, and after it became a dead letter."""
        while not stop.is_set():
            try:
                async with database.transaction() as tx:
                    await begin_sweeps(tx, timers, now=clock())
            except Unavailable:
                _log.warning("the sweep for stale readings is not set: the database is away")
            await elapsed(stop, _SWEEP_LOOK_SECONDS)

    return reading_sweeps
