"""What the services' database roles can do in a stack that has worked, whatever the code above them asks for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import asyncpg
import pytest

from chassis.provision import ROLES
from cli.client.gateway import Gateway, Person
from cli.stack.plan import SERVICES
from cli.stack.stack import Stack
from tests.e2e.orders import Order
from tests.e2e.playing import Rehearsed, recast, rehearse

REFUSED = {"42501", "CP001"}
"""Insufficient privilege, and what the append-only triggers say."""

LASTING = (
    ("workorders", "snapshot", "sha256"),
    ("workorders", "status_history", "reason"),
    ("workorders", "estimate", "sha256"),
    ("workorders", "decision", "choice"),
    ("trust", "audit_row", "hash"),
)


@dataclass(frozen=True)
class Center:
    """A center with a completed order; `owner` founded it."""

    id: str
    owner: Person
    customer: Person


@pytest.fixture(scope="module")
async def centers(stack: Stack, gateway: Gateway) -> tuple[Center, ...]:
    """Two that have nothing to do with each other."""

    async def work(scenario: str, surname: str) -> Center:
        rehearsed: Rehearsed = await rehearse(stack, gateway, recast(scenario, surname))
        await (await Order.opened(rehearsed)).advance("completed")
        return Center(rehearsed.prepared.center_id, rehearsed.cast.founder, rehearsed.cast.customer)

    return tuple(await asyncio.gather(work("brakes-and-timing-belt", "Tenant"), work("oil-service-jdm", "Neighbour")))


def url_of(stack: Stack, service: str, role: str) -> str:
    url: str = getattr(stack.databases[service], f"{role}_url")
    return url


@asynccontextmanager
async def connected(
    stack: Stack, service: str, role: str, user: Person | None = None
) -> AsyncIterator[asyncpg.Connection]:
    """As this role, in transactions of this user, none of which is committed."""
    connection = await asyncpg.connect(url_of(stack, service, role))
    try:
        if user is not None:
            await connection.execute("SELECT set_config('carpass.user_id', $1, false)", user.user_id)
        yield connection
    finally:
        await connection.close()


async def refusal(connection: asyncpg.Connection, statement: str) -> str | None:
    """The SQLSTATE of what PostgreSQL says to this, which is undone in any case; None when it lets it pass."""
    attempt = connection.transaction()
    await attempt.start()
    try:
        await connection.execute(statement)
    except asyncpg.PostgresError as error:
        return str(error.sqlstate)
    else:
        return None
    finally:
        await attempt.rollback()


async def tables_of(connection: asyncpg.Connection) -> list[str]:
    return [row[0] for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("service", SERVICES)
async def test_role_connects_to_its_own_services_database_only(stack: Stack, service: str, role: str) -> None:
    own = url_of(stack, service, role)
    async with connected(stack, service, role) as connection:
        assert await connection.fetchval("SELECT current_database()") == service
    # Services that share a server are kept apart by their grants (tests/unit/cli/test_provision.py).
    for other in SERVICES:
        if other != service:
            with pytest.raises(asyncpg.InvalidPasswordError):
                await asyncpg.connect(own, port=urlsplit(url_of(stack, other, role)).port, database=other)


@pytest.mark.parametrize("role", ["api", "worker"])
@pytest.mark.parametrize("service", SERVICES)
async def test_working_roles_cannot_change_what_tables_there_are(stack: Stack, service: str, role: str) -> None:
    async with connected(stack, service, role) as connection:
        tables = await tables_of(connection)
        assert "outbox" in tables
        statements = [
            "CREATE TABLE mine (id int)",
            "CREATE TEMPORARY TABLE mine (id int)",
            "CREATE SCHEMA mine",
            "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "SET LOCAL session_replication_role = replica",
            f"SET LOCAL ROLE {service}_owner",
        ]
        for table in tables:
            statements += [
                f"ALTER TABLE {table} ADD COLUMN mine int",
                f"ALTER TABLE {table} DISABLE TRIGGER ALL",
                f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
                f"DROP TABLE {table} CASCADE",
                f"TRUNCATE {table} CASCADE",
            ]
        assert [each for each in statements if await refusal(connection, each) not in REFUSED] == []


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("record", LASTING, ids=lambda record: record[1])
async def test_no_role_changes_or_removes_a_lasting_record(
    stack: Stack, centers: tuple[Center, ...], record: tuple[str, str, str], role: str
) -> None:
    service, table, column = record
    async with connected(stack, service, role, centers[0].owner) as connection:
        for statement in (
            f"UPDATE {table} SET {column} = {column}",  # noqa: S608
            f"DELETE FROM {table}",  # noqa: S608
            f"TRUNCATE {table} CASCADE",
        ):
            assert await refusal(connection, statement) in REFUSED, statement


@pytest.mark.parametrize("service", ["workorders", "sto"])
async def test_centers_people_see_no_rows_of_another_center(
    stack: Stack, centers: tuple[Center, ...], service: str
) -> None:
    for center in centers:
        async with connected(stack, service, "api", center.owner) as connection:
            seen = await _centers_seen(connection)
        assert {table: ids for table, ids in seen.items() if ids - {center.id}} == {}
        assert {table for table, ids in seen.items() if ids} >= {
            "workorders": {"work_order", "job", "labor_line", "estimate", "decision", "status_history", "snapshot"},
            "sto": {"employee", "invitation", "car_link", "verification_application", "verification_decision"},
        }[service]


@pytest.mark.parametrize("service", ["workorders", "sto"])
async def test_rows_of_centers_are_hidden_outside_a_users_transaction(
    stack: Stack, centers: tuple[Center, ...], service: str
) -> None:
    assert centers
    async with connected(stack, service, "api") as connection:
        seen = await _centers_seen(connection)
    assert seen == {table: set() for table in seen}


async def test_customer_sees_the_orders_of_the_own_cars_only(stack: Stack, centers: tuple[Center, ...]) -> None:
    for center in centers:
        async with connected(stack, "workorders", "api", center.customer) as connection:
            owners = await connection.fetch("SELECT DISTINCT owner_id::text FROM work_order")
            cars = await connection.fetch("SELECT DISTINCT owner_id::text FROM car")
        assert [row[0] for row in owners] == [row[0] for row in cars] == [center.customer.user_id]


@pytest.mark.parametrize("service", ["owners", "sto", "workorders"])
async def test_stored_answers_are_seen_by_the_one_whom_they_were_given(
    stack: Stack, centers: tuple[Center, ...], service: str
) -> None:
    for center in centers:
        for person in (center.owner, center.customer):
            async with connected(stack, service, "api", person) as connection:
                seen = await connection.fetch("SELECT DISTINCT principal::text FROM idempotency_key")
            assert {row[0] for row in seen} <= {person.user_id}
    async with connected(stack, service, "owner") as connection:
        assert await connection.fetchval("SELECT count(DISTINCT principal) FROM idempotency_key") > 1


async def _centers_seen(connection: asyncpg.Connection) -> dict[str, set[str]]:
    """Whose rows each table with a center shows when nobody asks for any center in particular."""
    tables = await connection.fetch(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'center_id' AND table_schema = 'public'"
    )
    found = {}
    for (table,) in tables:
        rows = await connection.fetch(f"SELECT DISTINCT center_id::text FROM {table}")  # noqa: S608
        found[table] = {row[0] for row in rows}
    return found
