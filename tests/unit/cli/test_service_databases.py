from pathlib import Path

import asyncpg
import pytest

from chassis.provision import ServiceDatabase
from tests.support.databases import TestDatabases

ENVIRONMENT = "from chassis.migrate import run_env\n\nrun_env()\n"
REVISION = """
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.execute("CREATE TABLE car (id int)")
    op.execute("GRANT SELECT, INSERT ON car TO test_copies_api")
"""


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    (tmp_path / "versions").mkdir()
    (tmp_path / "env.py").write_text(ENVIRONMENT)
    (tmp_path / "versions" / "0001_first.py").write_text(REVISION)
    return tmp_path


async def _cars(database: ServiceDatabase) -> int:
    connection = await asyncpg.connect(database.api_url, timeout=60)
    try:
        before = await connection.fetchval("SELECT count(*) FROM car")
        await connection.execute("INSERT INTO car VALUES (1)")
        return int(before)
    finally:
        await connection.close()


async def test_each_database_is_migrated_and_sees_nothing_of_another(
    test_databases: TestDatabases, migrations: Path
) -> None:
    first = await test_databases.create("test_copies", migrations)
    second = await test_databases.create("test_copies", migrations)
    assert await _cars(first) == 0
    assert await _cars(second) == 0
    await test_databases.drop(first)
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(first.api_url, timeout=60)
    await test_databases.drop(second)
