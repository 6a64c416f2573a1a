import asyncio
import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from chassis.provision import (
    ROLES,
    RolePasswords,
    ServiceDatabase,
    clone_database,
    drop_database,
    provision,
    scram_verifier,
)

PASSWORDS = RolePasswords(owner="own 'er", api="a/p:i@", worker="w?#rker")


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url, timeout=60)
    try:
        yield connection
    finally:
        await connection.close()


async def _remove(admin_url: str, *services: str) -> None:
    async with _connected(admin_url) as admin:
        for service in services:
            await drop_database(admin_url, service)
            for role in ROLES:
                await admin.execute(f"DROP ROLE IF EXISTS {service}_{role}")


@pytest.fixture
async def service(postgres_admin_url: str) -> AsyncIterator[str]:
    name = f"svc_{secrets.token_hex(4)}"
    yield name
    await _remove(postgres_admin_url, name)


@pytest.fixture
async def database(postgres_admin_url: str, service: str) -> ServiceDatabase:
    return await provision(postgres_admin_url, service, PASSWORDS)


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_connects_to_its_own_database(database: ServiceDatabase, role: str) -> None:
    async with _connected(getattr(database, f"{role}_url")) as connection:
        assert await connection.fetchval("SELECT current_database()") == database.name
        assert await connection.fetchval("SELECT current_user") == f"{database.name}_{role}"


@pytest.mark.parametrize("role", ROLES)
async def test_no_role_connects_to_another_services_database(
    postgres_admin_url: str, database: ServiceDatabase, role: str
) -> None:
    other = f"svc_{secrets.token_hex(4)}"
    try:
        await provision(postgres_admin_url, other, PASSWORDS)
        foreign = ServiceDatabase.at(postgres_admin_url, database.name, PASSWORDS, other)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(getattr(foreign, f"{role}_url"), timeout=60)
    finally:
        await _remove(postgres_admin_url, other)


async def test_no_role_is_privileged_or_passes_row_level_security(
    postgres_admin_url: str, database: ServiceDatabase
) -> None:
    async with _connected(postgres_admin_url) as admin:
        rows = await admin.fetch(
            "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication "
            "FROM pg_roles WHERE rolname LIKE $1",
            f"{database.name}\\_%",
        )
    assert len(rows) == len(ROLES)
    assert not any(any(row) for row in rows)


async def test_only_the_owner_creates_tables(database: ServiceDatabase) -> None:
    async with _connected(database.owner_url) as owner:
        await owner.execute("CREATE TABLE car (id int)")
    for url in (database.api_url, database.worker_url):
        async with _connected(url) as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("CREATE TABLE another (id int)")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("SELECT * FROM car")


async def test_provisioning_again_keeps_the_data_and_takes_back_privileges(
    postgres_admin_url: str, service: str, database: ServiceDatabase
) -> None:
    async with _connected(database.owner_url) as owner:
        await owner.execute("CREATE TABLE car AS SELECT 7 AS id")
    async with _connected(postgres_admin_url) as admin:
        await admin.execute(f"ALTER ROLE {service}_api BYPASSRLS")

    again = await provision(postgres_admin_url, service, RolePasswords("new", "new", "new"))

    async with _connected(again.owner_url) as owner:
        assert await owner.fetchval("SELECT id FROM car") == 7
        assert not await owner.fetchval("SELECT rolbypassrls FROM pg_roles WHERE rolname = $1", f"{service}_api")


async def test_two_provisionings_at_once_both_succeed(postgres_admin_url: str, service: str) -> None:
    both = await asyncio.gather(*(provision(postgres_admin_url, service, PASSWORDS) for _ in range(2)))
    assert both[0] == both[1]


async def test_a_clone_has_the_templates_tables_and_its_restrictions(
    postgres_admin_url: str, service: str, database: ServiceDatabase
) -> None:
    async with _connected(database.owner_url) as owner:
        await owner.execute(f"CREATE TABLE car (id int); GRANT SELECT ON car TO {service}_api")
    name = f"{service}_clone"
    await clone_database(postgres_admin_url, database.name, name)
    try:
        clone = ServiceDatabase.at(postgres_admin_url, service, PASSWORDS, name)
        async with _connected(clone.api_url) as api:
            assert await api.fetchval("SELECT count(*) FROM car") == 0
        async with _connected(postgres_admin_url) as admin:
            assert not await admin.fetchval("SELECT has_database_privilege('public', $1::text, 'CONNECT')", name)
    finally:
        await drop_database(postgres_admin_url, name)


async def test_the_password_itself_is_not_what_postgresql_stores(
    postgres_admin_url: str, database: ServiceDatabase
) -> None:
    async with _connected(postgres_admin_url) as admin:
        stored = await admin.fetchval("SELECT rolpassword FROM pg_authid WHERE rolname = $1", f"{database.name}_api")
    salt = stored.split("$")[1].split(":")[1]
    assert stored == scram_verifier(PASSWORDS.api, base64.b64decode(salt))


@pytest.mark.parametrize("name", ['a"; DROP DATABASE postgres; --', "", "Üser", "x" * 60])
async def test_a_name_that_needs_escaping_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a name"):
        await provision("postgresql://nobody@127.0.0.1:1/postgres", name, PASSWORDS)
