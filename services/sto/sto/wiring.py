"""Puts sto together, once for production and tests alike."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from chassis.auth import KeySource
from chassis.clock import Clock, system_clock
from chassis.db import Database
from chassis.http import create_app
from chassis.runtime import Service
from sto.api import centers, employees, links, verifications
from sto.api.context import StoContext
from sto.api.problems import DOMAIN_ERRORS
from sto.consumers import link_timers, subscriptions
from sto.db.verifications import MODERATORS
from sto.settings import StoSettings

MIGRATIONS: Final = Path(__file__).parents[1] / "migrations"


def service(settings: StoSettings, *, clock: Clock = system_clock, keys: KeySource | None = None) -> Service:
    """The service; `python -m sto moderator …` is its one command of its own. `keys`: see create_app."""
    timers = link_timers(clock)

    def build_app(database: Database) -> FastAPI:
        app = create_app(
            "sto",
            settings,
            routers=[centers.router, verifications.router, employees.router, links.router],
            database=database,
            domain_errors=DOMAIN_ERRORS,
            keys=keys,
        )
        app.state.sto = StoContext(clock, timers)
        return app

    return Service(
        name="sto",
        settings=settings,
        migrations_dir=MIGRATIONS,
        build_app=build_app,
        subscriptions=subscriptions,
        timers=timers,
        commands={"moderator": partial(MODERATORS.command, settings)},
    )
