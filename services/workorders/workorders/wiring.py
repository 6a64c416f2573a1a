"""Puts workorders together, once for production and tests alike."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import FastAPI

from chassis.auth import KeySource
from chassis.clock import Clock, system_clock
from chassis.db import Database
from chassis.http import create_app
from chassis.runtime import Service
from workorders.api import estimates, jobs, orders, transitions
from workorders.api.context import WorkordersContext
from workorders.api.problems import DOMAIN_ERRORS
from workorders.consumers import estimate_timers, subscriptions
from workorders.settings import WorkordersSettings

MIGRATIONS: Final = Path(__file__).parents[1] / "migrations"


def service(settings: WorkordersSettings, *, clock: Clock = system_clock, keys: KeySource | None = None) -> Service:
    """The service. `keys`: see create_app."""
    timers = estimate_timers(clock)

    def build_app(database: Database) -> FastAPI:
        app = create_app(
            "workorders",
            settings,
            routers=[orders.router, jobs.router, estimates.router, transitions.router],
            database=database,
            domain_errors=DOMAIN_ERRORS,
            keys=keys,
        )
        app.state.workorders = WorkordersContext(clock, timers)
        return app

    return Service(
        name="workorders",
        settings=settings,
        migrations_dir=MIGRATIONS,
        build_app=build_app,
        subscriptions=subscriptions,
        timers=timers,
    )
