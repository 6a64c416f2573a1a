from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, event

from chassis.tables import chassis_metadata
from tests.service.workorders.garage import READING, Garage
from workorders.db.models import metadata


def _differences(connection: Connection) -> list[Any]:
    def ours(_object: Any, name: str | None, kind: str, *_: Any) -> bool:
        return not (kind == "table" and name in {*chassis_metadata.tables, "alembic_version"})

    context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
    return list(compare_metadata(context, metadata))


async def test_the_models_are_what_the_migrations_make(empty_garage: Garage) -> None:
    async with empty_garage.owner_role.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []


async def test_the_number_of_statements_does_not_grow_with_the_order(garage: Garage) -> None:
    small, large = await garage.ready(), await _large(garage)
    counted = [await _statements(garage, order) for order in (small, large)]
    assert counted[0] == counted[1]
    assert counted[0] <= 20


async def _large(garage: Garage) -> str:
    order = await garage.open()
    for number in range(6):
        await garage.job(order, f"Работа {number}")
    await garage.done(order, "estimate")
    await garage.answer(order)
    await garage.done(order, "start")
    await garage.done(order, "ready")
    return order


async def _statements(garage: Garage, order: str) -> int:
    """How many one completion takes, whatever stands around it included."""
    version = await garage.version(order)
    seen: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(garage.api.engine.sync_engine, "before_cursor_execute", count)
    try:
        answer = await garage.post(f"{order}/completion", body=READING, version=version)
    finally:
        event.remove(garage.api.engine.sync_engine, "before_cursor_execute", count)
    assert answer.status_code == 200
    return len(seen)
