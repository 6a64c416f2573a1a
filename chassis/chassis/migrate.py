"""Migrations without an ini file: Alembic driven from code, one process at a time, over asyncpg."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

from alembic import context
from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from chassis.tables import CHASSIS_DDL, chassis_metadata

__all__ = [
    "CURRENT_USER_ID",
    "create_chassis_tables",
    "current",
    "enable_row_security",
    "forbid_changes",
    "grant",
    "grant_api",
    "grant_worker",
    "head",
    "run_env",
    "upgrade",
]

CURRENT_USER_ID: Final = "nullif(current_setting('carpass.user_id', true), '')::uuid"
"""The tenant in a row-level-security policy: null, and so nobody, outside a user's transaction."""

_LOCK: Final = 0x63617270617373  # "carpass"; advisory locks are per database
_CONNECT_DEADLINE: Final = 10.0
_LOCK_POLL: Final = 0.2


def head(migrations_dir: Path) -> str:
    """The newest revision in the folder."""
    revision = ScriptDirectory(str(migrations_dir)).get_current_head()
    if revision is None:
        raise LookupError(f"no migrations in {migrations_dir}")
    return revision


async def current(url: str) -> str | None:
    """The database's revision; None before the first migration."""
    engine = _engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_current)
    finally:
        await engine.dispose()


def is_at_least(migrations_dir: Path, revision: str | None, wanted: str) -> bool:
    """Whether a database at `revision` has everything up to `wanted`; one that the code does not know is newer."""
    if revision is None:
        return False
    scripts = ScriptDirectory(str(migrations_dir))
    known = {script.revision for script in scripts.walk_revisions()}
    if revision not in known:
        return True
    return wanted in {script.revision for script in scripts.iterate_revisions(revision, "base")}


async def upgrade(owner_url: str, migrations_dir: Path, *, deadline: float = 300.0) -> str:
    """Brings the database to the newest revision and returns it; a second process waits, `deadline` s in all."""
    wanted = head(migrations_dir)
    engine = _engine(owner_url)
    try:
        async with asyncio.timeout(deadline), engine.connect() as connection:
            await _lock(connection)
            await connection.run_sync(_upgrade, migrations_dir)
            await connection.commit()
    finally:
        await engine.dispose()
    return wanted


def run_env(metadata: MetaData | None = None) -> None:
    """The whole of a service's migrations/env.py: runs the revisions on the connection that `upgrade` holds."""
    connection: Connection | None = context.config.attributes.get("connection")
    if connection is None:
        raise RuntimeError("migrations run by `python -m <service> migrate` only")
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()


def _engine(url: str) -> AsyncEngine:
    return create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        poolclass=NullPool,
        connect_args={
            "timeout": _CONNECT_DEADLINE,
            # A change that waits for a lock makes everybody else wait behind it: rather fail, and be started again.
            "server_settings": {"application_name": "carpass-migrate", "lock_timeout": "10s"},
        },
    )


async def _lock(connection: AsyncConnection) -> None:
    """Held until the connection closes. Polled: a waiting statement would hold a snapshot against the migration."""
    while not (await connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK})):
        await connection.rollback()
        await asyncio.sleep(_LOCK_POLL)
    await connection.commit()


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: Connection, migrations_dir: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations_dir).replace("%", "%%"))
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)

    def steps(revision: Any, _context: MigrationContext) -> Any:
        return scripts._upgrade_revs("head", revision)  # noqa: SLF001 - what Alembic's own command calls

    with EnvironmentContext(config, scripts, fn=steps):
        scripts.run_env()


def create_chassis_tables(op: Operations) -> None:
    """For a first migration: the tables of `chassis.tables`."""
    for statement in CHASSIS_DDL:
        op.execute(statement)
    # Rows come and go at the front of these two: without this, dead ones pile up until a fifth of the table is dead.
    for table in ("outbox", "timer"):
        op.execute(f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)")


def grant(op: Operations, service: str) -> None:
    """For a first migration: what the service's two working roles may do with the chassis' tables."""
    op.execute(f"GRANT USAGE ON SCHEMA public TO {service}_api, {service}_worker")
    op.execute(f"GRANT SELECT ON alembic_version TO {service}_api, {service}_worker")
    grant_api(op, service, "outbox", "INSERT")
    grant_api(op, service, "idempotency_key", "SELECT, INSERT, DELETE")
    grant_api(op, service, "consumer_progress", "SELECT")
    grant_api(op, service, "timer", "SELECT, INSERT, UPDATE, DELETE")
    for table in chassis_metadata.tables:
        grant_worker(op, service, table, "SELECT, INSERT, UPDATE, DELETE")
    # A stored answer tells what its caller was told, and that is nobody else's.
    enable_row_security(op, "idempotency_key", "api", f"{service}_api", f"principal = {CURRENT_USER_ID}")
    op.execute(f"CREATE POLICY worker ON idempotency_key TO {service}_worker USING (true)")


def grant_api(op: Operations, service: str, table: str, privileges: str) -> None:
    """Grants, for example "SELECT, INSERT", to the service's API role."""
    op.execute(f"GRANT {privileges} ON {table} TO {service}_api")


def grant_worker(op: Operations, service: str, table: str, privileges: str) -> None:
    """Grants to the role of consumers, timers and relay."""
    op.execute(f"GRANT {privileges} ON {table} TO {service}_worker")


def enable_row_security(  # noqa: PLR0917 - reads as the statement it makes
    op: Operations, table: str, policy_name: str, role: str, using_sql: str, check_sql: str | None = None
) -> None:
    """The role sees and writes only rows that pass; roles without a policy see none, the owner sees all."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    check = f" WITH CHECK ({check_sql})" if check_sql is not None else ""
    op.execute(f"CREATE POLICY {policy_name} ON {table} TO {role} USING ({using_sql}){check}")


def forbid_changes(op: Operations, table: str) -> None:
    """Makes the table append-only, for its owner as well: a change fails with SQLSTATE CP001."""
    op.execute(
        """
        CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'CP001';
        END $$
        """
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
