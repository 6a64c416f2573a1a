"""The services' databases on the stack's server: made, and migrated when their revision is not the newest."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path

import asyncpg

from chassis.provision import RolePasswords, ServiceDatabase, provision
from cli.errors import StackError
from cli.stack.state import REPOSITORY

_TIMEOUT = 20.0
_REVISION = re.compile(r"^(down_)?revision\b[^=\n]*=\s*[\"']([^\"']+)[\"']", re.MULTILINE)


async def prepare_databases(
    admin_urls: Mapping[str, str], passwords: Mapping[str, RolePasswords]
) -> tuple[dict[str, ServiceDatabase], list[str]]:
    """Every service's database, ready for use, and the services whose database was migrated.

    `admin_urls`: of the server of each service.
    """
    databases = {service: await _provisioned(url, service, passwords[service]) for service, url in admin_urls.items()}
    behind = await asyncio.gather(*(_is_behind(databases[service], service) for service in databases))
    migrated = [service for service, is_behind in zip(databases, behind, strict=True) if is_behind]
    for service in migrated:  # one after the other: Alembic keeps its state in the process
        await _migrate(databases[service], service)
    return databases, migrated


async def _provisioned(admin_url: str, service: str, passwords: RolePasswords) -> ServiceDatabase:
    database = ServiceDatabase.at(admin_url, service, passwords)
    if await _accepts_all_roles(database):
        return database
    try:
        return await provision(admin_url, service, passwords)
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        raise StackError(f"The database of {service} could not be made: {error}.") from error


async def _accepts_all_roles(database: ServiceDatabase) -> bool:
    urls = (database.owner_url, database.api_url, database.worker_url)
    return all(await asyncio.gather(*map(_accepts, urls)))


async def _accepts(url: str) -> bool:
    try:
        connection = await asyncpg.connect(url, timeout=_TIMEOUT)
    except (OSError, asyncpg.PostgresError, TimeoutError):
        return False
    await connection.close()
    return True


async def _is_behind(database: ServiceDatabase, service: str) -> bool:
    connection = await asyncpg.connect(database.owner_url, timeout=_TIMEOUT)
    try:
        revision = await connection.fetchval("SELECT version_num FROM alembic_version", timeout=_TIMEOUT)
    except asyncpg.UndefinedTableError:
        return True
    finally:
        await connection.close()
    return needs_migration(migrations_dir(service), revision)


async def _migrate(database: ServiceDatabase, service: str) -> None:
    from chassis.migrate import upgrade  # noqa: PLC0415 -- slow to import, and a second start needs none

    try:
        await upgrade(database.owner_url, migrations_dir(service))
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise StackError(f"The database of {service} could not be migrated: {reason}") from error


def migrations_dir(service: str) -> Path:
    """Where the service keeps its Alembic revisions."""
    return REPOSITORY / "services" / service / "migrations"


def needs_migration(folder: Path, revision: str | None) -> bool:
    """Whether a database at `revision` lacks something that the folder has; an unknown revision is newer.

    Read from the text of the files: importing Alembic costs more than everything else on a second start.
    """
    files = (folder / "versions").glob("*.py")
    declared = [match for file in files for match in _REVISION.findall(file.read_text())]
    known = {name for down, name in declared if not down}
    followed = {name for down, name in declared if down}
    return revision is None or (revision in known and revision in followed)
