import asyncio
from secrets import token_hex

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis import migrate
from chassis.db import Database
from chassis.failures import sqlstate
from chassis.provision import RolePasswords, ServiceDatabase, drop_database, provision_as
from tests.chassis.messaging.sample import MIGRATIONS


async def test_several_processes_may_migrate_at_once(postgres_admin_url: str) -> None:
    passwords = RolePasswords(owner="test-owner", api="test-api", worker="test-worker")
    made = await provision_as(postgres_admin_url, "sample", passwords, database=f"sample_{token_hex(4)}")
    assert await migrate.current(made.owner_url) is None
    revisions = await asyncio.gather(*(migrate.upgrade(made.owner_url, MIGRATIONS) for _ in range(4)))
    assert set(revisions) == {migrate.head(MIGRATIONS)} == {await migrate.current(made.owner_url)}
    assert await migrate.upgrade(made.owner_url, MIGRATIONS) == migrate.head(MIGRATIONS)
    await drop_database(postgres_admin_url, made.name)


def test_a_database_of_newer_code_is_recent_enough() -> None:
    assert not migrate.is_at_least(MIGRATIONS, None, "0001")
    assert migrate.is_at_least(MIGRATIONS, "0001", "0001")
    assert migrate.is_at_least(MIGRATIONS, "9999", "0001")


@pytest.mark.parametrize("change", ["UPDATE ledger SET entry = 'x'", "DELETE FROM ledger", "TRUNCATE ledger"])
async def test_an_append_only_table_refuses_changes_even_by_its_owner(
    sample_database: ServiceDatabase, change: str
) -> None:
    owner = Database(sample_database.owner_url, pool_size=1, application_name="owner")
    async with owner.transaction() as tx:
        await tx.execute(text("INSERT INTO ledger VALUES (gen_random_uuid(), 'kept')"))
    with pytest.raises(DBAPIError) as refused:
        async with owner.transaction() as tx:
            await tx.execute(text(change))
    assert sqlstate(refused.value) == "CP001"
    await owner.dispose()


@pytest.mark.parametrize(
    "forbidden",
    [
        "SELECT 1 FROM outbox",
        "DELETE FROM outbox",
        "SELECT 1 FROM inbox",
        "SELECT 1 FROM dead_letter",
        "CREATE TABLE x ()",
    ],
)
async def test_the_api_role_may_only_add_to_the_outbox(api_database: Database, forbidden: str) -> None:
    with pytest.raises(DBAPIError) as refused:
        async with api_database.transaction() as tx:
            await tx.execute(text(forbidden))
    assert sqlstate(refused.value) == "42501"
