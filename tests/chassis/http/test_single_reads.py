"""Statements that are a transaction by themselves, on connections of their own."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from chassis.db import Database
from chassis.failures import DatabaseAway, Failure
from chassis.provision import ServiceDatabase

SIZE = 2
PID = "SELECT pg_backend_pid() AS pid"
COUNT = "SELECT count(*) FROM thing"


@pytest.fixture
async def database(things_database: ServiceDatabase) -> AsyncIterator[Database]:
    """Few connections, in a hurry."""
    database = Database(
        things_database.api_url,
        pool_size=SIZE,
        application_name="test-single-reads",
        statement_timeout=timedelta(seconds=5),
        acquire_timeout=timedelta(seconds=0.1),
    )
    yield database
    await database.dispose()


async def pid_of(database: Database) -> int:
    row = await database.row(PID)
    assert row is not None
    return int(row["pid"])


async def test_one_reader_after_the_other_needs_one_connection(database: Database) -> None:
    assert len({await pid_of(database) for _ in range(5)}) == 1


async def test_connection_that_died_meanwhile_is_replaced_without_anybody_noticing(database: Database) -> None:
    died = await pid_of(database)
    async with database.transaction() as tx:
        await tx.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": died})
    assert await pid_of(database) != died


async def test_reader_who_finds_every_connection_busy_is_told_to_come_back(database: Database, owner: Database) -> None:
    async with owner.transaction() as tx:
        await tx.execute(text("LOCK TABLE thing IN ACCESS EXCLUSIVE MODE"))
        asked = [asyncio.create_task(database.row(COUNT)) for _ in range(SIZE + 1)]
        (refused,), waiting = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        error = refused.exception()
        assert isinstance(error, DatabaseAway)
        assert error.failure is Failure.TRANSIENT
    assert None not in await asyncio.gather(*waiting)


async def test_statement_that_is_wrong_costs_its_connection_and_no_other_read(database: Database) -> None:
    with pytest.raises(Exception, match="division by zero"):
        await database.row("SELECT 1 / 0")
    assert await pid_of(database) > 0
