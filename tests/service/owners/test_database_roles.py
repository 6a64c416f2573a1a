from typing import Any

import pytest
from sqlalchemy import exc, text

from chassis.db import Database
from chassis.failures import sqlstate
from tests.service.owners.conftest import Owners, Person, completed

ATTESTED = ("service_entry", "expense", "odometer_reading")
PRIVATE = ("app_user", "car", "service_entry", "expense", "odometer_reading")


async def refusal(database: Database, sql: str, person: Person | None = None, **parameters: Any) -> str | None:
    """The SQLSTATE of what PostgreSQL says to this; None when it lets it pass."""
    try:
        async with database.transaction(user_id=person.user_id if person else None) as tx:
            await tx.execute(text(sql), parameters)
    except exc.DBAPIError as error:
        return sqlstate(error)
    return None


async def seen(owners: Owners, sql: str, person: Person | None) -> list[Any]:
    async with owners.api.transaction(user_id=person.user_id if person else None) as tx:
        return list((await tx.execute(text(sql))).all())


@pytest.mark.parametrize("role", ["owner", "api", "worker"])
async def test_nobody_changes_or_removes_attested_rows(owners: Owners, role: str) -> None:
    anna = await owners.sign_in()
    await owners.deliver(completed(await owners.car(anna)))
    before = await owners.checksums()
    database: Database = getattr(owners, role)
    for table in ATTESTED:
        for statement in (
            f"UPDATE {table} SET car_id = gen_random_uuid()",  # noqa: S608
            f"UPDATE {table} SET created_at = now()",  # noqa: S608
            f"UPDATE {table} SET provenance = 'self_declared'",  # noqa: S608
            f"TRUNCATE {table} CASCADE",
        ):
            assert await refusal(database, statement, anna) in {"CP001", "42501"}, statement
        await refusal(database, f"DELETE FROM {table}", anna)  # noqa: S608
    assert await owners.checksums() == before


@pytest.mark.parametrize(("table", "change"), [("service_entry", "note = 'x'"), ("expense", "amount_minor = 0")])
async def test_even_what_the_api_may_edit_is_refused_when_it_is_attested(
    owners: Owners, table: str, change: str
) -> None:
    anna = await owners.sign_in()
    await owners.deliver(completed(await owners.car(anna)))
    assert await refusal(owners.api, f"UPDATE {table} SET {change}", anna) == "CP001"  # noqa: S608


async def test_api_cannot_attest_anything(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    await owners.deliver(completed(car))
    copied = (
        "INSERT INTO service_entry SELECT (jsonb_populate_record(e, jsonb_build_object("
        "'id', gen_random_uuid(), 'work_order_id', gen_random_uuid()))).* FROM service_entry e"
    )
    assert await refusal(owners.api, copied, anna) == "42501"
    assert await refusal(owners.worker, copied, anna) is None
    for column in (
        "identity_confirmed = true",
        "rejected_number = NULL",
        "identity_disputed_at = now()",
        "owner_id = gen_random_uuid()",
        "attested_at = NULL",
    ):
        assert await refusal(owners.api, f"UPDATE car SET {column}", anna) == "42501"  # noqa: S608


async def test_caller_sees_the_own_rows_only_with_the_condition_removed(owners: Owners) -> None:
    anna, boris = await owners.sign_in(), await owners.sign_in()
    await owners.deliver(completed(await owners.car(anna)))
    for table in PRIVATE:
        everything = f"SELECT 1 FROM {table}"  # noqa: S608
        assert len(await seen(owners, everything, anna)) == 1, table
        assert len(await seen(owners, everything, boris)) == (1 if table == "app_user" else 0), table
        assert await seen(owners, everything, None) == [], table


async def test_caller_changes_the_own_rows_only_with_the_condition_removed(owners: Owners) -> None:
    anna, boris = await owners.sign_in(), await owners.sign_in()
    car = await owners.car(anna)
    await owners.read(car, anna, "5", "2024-01-01")
    before = await owners.checksums()
    for statement in (
        "UPDATE car SET plate = 'X'",
        "UPDATE odometer_reading SET verdict = 'ok'",
        "DELETE FROM odometer_reading",
        "DELETE FROM expense",
        "DELETE FROM service_entry",
    ):
        assert await refusal(owners.api, statement, boris) is None
        assert await refusal(owners.api, statement) is None
    assert await owners.checksums() == before
    planted = """
        INSERT INTO odometer_reading (id, car_id, owner_id, source, provenance, value, unit, km, observed_on, time_zone,
            listed_at, author_id, created_at, verdict)
        VALUES (gen_random_uuid(), :car, :owner, 'manual', 'self_declared', 1, 'km', 1, DATE '2024-01-01', 'UTC',
            now(), :owner, now(), 'ok')
    """
    row = {"car": car.rpartition("/")[2], "owner": anna.user_id}
    assert await refusal(owners.api, planted, boris, **row) == "42501"
    assert await refusal(owners.api, planted, anna, **row) is None


async def test_worker_reaches_no_account_and_no_session(owners: Owners) -> None:
    for table in ("app_user", "telegram_identity", "session", "refresh_token", "sign_in_proof"):
        assert await refusal(owners.worker, f"SELECT 1 FROM {table}") == "42501"  # noqa: S608


async def test_only_the_worker_knows_who_was_asked_for_readings_and_who_is_erased(owners: Owners) -> None:
    anna = await owners.sign_in()
    for question in ("FROM reading_ask", "FROM reading_sweep", f"person_is_erased('{anna.user_id}')"):
        assert await refusal(owners.api, f"SELECT {question}", anna) == "42501"
        assert await refusal(owners.worker, f"SELECT {question}") is None


@pytest.mark.parametrize("role", ["api", "worker"])
async def test_working_roles_cannot_alter_their_tables(owners: Owners, role: str) -> None:
    database: Database = getattr(owners, role)
    for statement in (
        "ALTER TABLE car ADD COLUMN x int",
        "DROP TABLE car",
        "ALTER TABLE car DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE service_entry DISABLE TRIGGER ALL",
        "CREATE TABLE x (y int)",
        "SET session_replication_role = replica",
    ):
        assert await refusal(database, statement) == "42501", statement
