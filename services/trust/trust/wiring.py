"""Puts trust together, once for production and tests alike."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from fastapi import FastAPI

from chassis.auth import KeySource
from chassis.db import Database
from chassis.http import create_app
from chassis.problems import ProblemKind
from chassis.runtime import Service
from trust.api.routes import router
from trust.checkpoints import CheckpointBroken, CheckpointFile
from trust.commands.checkpoint_audit import keep_checkpointing
from trust.commands.recommendation_book import timers
from trust.commands.verify_audit import ChainReport, verify_audit
from trust.consumers import subscriptions
from trust.domain.errors import RecommendationSettled
from trust.settings import TrustSettings

MIGRATIONS = Path(__file__).parents[1] / "migrations"

DOMAIN_ERRORS: dict[type[Exception], ProblemKind] = {
    RecommendationSettled: ProblemKind(409, "recommendation-settled", "Already settled")
}


def service(settings: TrustSettings, *, keys: KeySource | None = None) -> Service:
    """The service; `python -m trust audit verify` is its one command of its own. `keys`: see create_app."""

    def build_app(database: Database) -> FastAPI:
        return create_app(
            "trust", settings, routers=[router], database=database, domain_errors=DOMAIN_ERRORS, keys=keys
        )

    async def checkpoint(database: Database, stop: asyncio.Event) -> None:
        file = checkpoint_file(settings)
        if file is not None:
            await keep_checkpointing(database, file, settings.audit_checkpoint_interval, stop)

    return Service(
        name="trust",
        settings=settings,
        migrations_dir=MIGRATIONS,
        build_app=build_app,
        subscriptions=subscriptions,
        timers=timers,
        background=[checkpoint],
        commands={"audit": lambda arguments: audit_command(settings, arguments)},
    )


def checkpoint_file(settings: TrustSettings) -> CheckpointFile | None:
    """The checkpoints, when a folder and a key are set; without them a chain's end can't be proved."""
    if settings.audit_checkpoint_dir is None or settings.audit_signing_key_file is None:
        return None
    return CheckpointFile.open(settings.audit_checkpoint_dir, settings.audit_signing_key_file)


def audit_command(settings: TrustSettings, arguments: list[str]) -> int:
    """`audit verify`: 0 when every chain is whole, 1 when one is not, 2 for a wrong call."""
    if arguments != ["verify"]:
        sys.stderr.write("usage: python -m trust audit verify\n")
        return 2
    try:
        file = checkpoint_file(settings)
        reports = asyncio.run(_verify(settings, file))
    except CheckpointBroken as error:
        sys.stdout.write(f"{error}\n")
        return 1
    for report in reports:
        sys.stdout.write(f"{report.tenant}  {report.rows} rows  {report.broken or 'whole'}\n")
    if file is None:
        sys.stdout.write("no signed checkpoints are set up: rows cut off the end of a chain would not be noticed\n")
    return 1 if any(report.broken for report in reports) else 0


async def _verify(settings: TrustSettings, file: CheckpointFile | None) -> list[ChainReport]:
    database = Database(
        settings.required("database_worker_url"),
        pool_size=1,
        application_name="trust-audit-verify",
        statement_timeout=timedelta(minutes=10),
    )
    try:
        return await verify_audit(database, file.read() if file else {})
    finally:
        await database.dispose()
