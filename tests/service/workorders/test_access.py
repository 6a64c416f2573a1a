"""What the database itself lets the API role see and do: no query of ours is trusted with it."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.db import Database
from tests.service.workorders.garage import SHARING, Garage
from tests.support.people import Person

TENANT_TABLES = (
    "work_order",
    "job",
    "labor_line",
    "product_line",
    "estimate",
    "estimate_outcome",
    "decision",
    "status_history",
    "snapshot",
    "order_counter",
    "employee",
    "car_link",
    "car",
    "car_odometer",
    "car_access",
)
CAR_OWNERS_TABLES = set(TENANT_TABLES) - {"order_counter", "employee", "car_access"}
SHARERS_TABLES = CAR_OWNERS_TABLES - {"car_link", "car", "car_odometer"} | {"car_access"}
APPEND_ONLY = ("estimate", "estimate_outcome", "decision", "status_history", "snapshot")


async def _count(database: Database, table: str, person: Person | None) -> int:
    """All rows that the role sees: there is no WHERE."""
    async with database.transaction(user_id=person.user_id if person else None) as tx:
        return int((await tx.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())  # noqa: S608


@pytest.fixture
async def full_garage(garage: Garage) -> Garage:
    """Every table has rows."""
    await garage.deliver(garage.judged(187_000, garage.clock() - timedelta(days=2)))
    await garage.completed()
    return garage


async def test_another_centers_staff_see_no_row(full_garage: Garage) -> None:
    other = Garage(
        full_garage.service,
        full_garage.api,
        full_garage.worker,
        full_garage.owner_role,
        full_garage.client,
        full_garage.clock,
    )
    await other.set_up()
    foreign = other.people["manager"]
    for table in TENANT_TABLES:
        async with full_garage.api.transaction(user_id=foreign.user_id) as tx:
            rows = (await tx.execute(text(f"SELECT * FROM {table} t"))).mappings().all()  # noqa: S608
        for row in rows:
            assert full_garage.center_id not in row.values(), table
            assert full_garage.car_id not in row.values(), table


async def test_strangers_and_nobody_see_no_row(full_garage: Garage) -> None:
    for table in TENANT_TABLES:
        assert await _count(full_garage.api, table, full_garage.people["stranger"]) == 0, table
        assert await _count(full_garage.api, table, None) == 0, table


async def test_staff_and_car_owner_see_their_rows(full_garage: Garage) -> None:
    for table in TENANT_TABLES:
        at_work = await _count(full_garage.api, table, full_garage.people["mechanic"])
        assert (at_work > 0) == (table != "car_access"), table
        seen = await _count(full_garage.api, table, full_garage.people["car_owner"])
        assert (seen > 0) == (table in CAR_OWNERS_TABLES), table


@pytest.mark.parametrize("name", SHARING)
async def test_who_shares_the_car_sees_what_its_owner_sees_of_its_orders(full_garage: Garage, name: str) -> None:
    for table in TENANT_TABLES:
        seen = await _count(full_garage.api, table, full_garage.people[name])
        assert (seen > 0) == (table in SHARERS_TABLES), table
    await full_garage.deliver(full_garage.unshared(name))
    for table in SHARERS_TABLES - {"car_access"}:
        assert await _count(full_garage.api, table, full_garage.people[name]) == 0, table


@pytest.mark.parametrize("name", SHARING)
async def test_who_shares_the_car_writes_an_answer_at_most(garage: Garage, name: str) -> None:
    order = await garage.open()
    await garage.job(order)
    await garage.done(order, "estimate")
    changed = []
    for statement in (
        "UPDATE work_order SET tolerance_minor = 1",
        "UPDATE job SET title = 'Другое'",
        "UPDATE labor_line SET hours = 1",
        "UPDATE product_line SET price = 0",
        "DELETE FROM job",
        "DELETE FROM labor_line",
    ):
        async with garage.api.transaction(user_id=garage.people[name].user_id) as tx:
            if (await tx.execute(text(statement))).rowcount:
                changed.append(statement.split()[1])
    assert changed == (["work_order", "job"] if name == "car_manager" else [])
    if name != "car_manager":
        assert "row-level security" in await _refused(garage.api, garage.people[name], ANOTHER_CHANGE)


async def test_a_centers_people_see_only_colleagues_who_share_a_car_that_is_linked(garage: Garage) -> None:
    await garage.deliver(
        garage.shared("mechanic"), garage.shared("assigned", car_id=garage.link_id, owner_id=garage.link_id)
    )
    async with garage.api.transaction(user_id=garage.people["manager"].user_id) as tx:
        seen = (await tx.execute(text("SELECT user_id FROM car_access"))).scalars().all()
    assert seen == [garage.people["mechanic"].user_id]


async def test_who_has_left_sees_nothing_at_once(full_garage: Garage) -> None:
    await full_garage.deliver(full_garage.left("manager"))
    for table in set(TENANT_TABLES) - {"employee"}:
        assert await _count(full_garage.api, table, full_garage.people["manager"]) == 0, table


async def test_rows_of_another_center_cannot_be_written(full_garage: Garage) -> None:
    async with full_garage.api.transaction(user_id=full_garage.people["stranger"].user_id) as tx:
        for statement in ("UPDATE work_order SET status = 'draft'", "UPDATE job SET title = ''", "DELETE FROM job"):
            assert (await tx.execute(text(statement))).rowcount == 0
    with pytest.raises(DBAPIError, match="row-level security"):
        async with full_garage.api.transaction(user_id=full_garage.people["stranger"].user_id) as tx:
            await tx.execute(text("INSERT INTO order_counter VALUES (gen_random_uuid(), 1)"))


async def _refused(database: Database, person: Person, statement: str) -> str:
    """Why the database does not do it; it must not."""
    with pytest.raises(DBAPIError) as refused:
        async with database.transaction(user_id=person.user_id) as tx:
            await tx.execute(text(statement))
    return str(refused.value.orig)


async def test_records_can_be_neither_changed_nor_removed(full_garage: Garage) -> None:
    before = await full_garage.checksums()
    owner = full_garage.people["owner"]
    for table in APPEND_ONLY:
        for statement in (
            f"UPDATE {table} SET owner_id = gen_random_uuid()",  # noqa: S608
            f"DELETE FROM {table}",  # noqa: S608
            f"TRUNCATE {table}",
        ):
            assert "permission denied" in await _refused(full_garage.api, owner, statement)
            assert "permission denied" in await _refused(full_garage.worker, owner, statement)
            assert "append-only" in await _refused(full_garage.owner_role, owner, statement)
    assert await full_garage.checksums() == before


ANOTHER_JOB = (
    "INSERT INTO job (id, work_order_id, center_id, owner_id, title, status) "
    "SELECT gen_random_uuid(), id, center_id, owner_id, 'Ещё', 'proposed' FROM work_order"
)
ANOTHER_CHANGE = (
    "INSERT INTO status_history SELECT gen_random_uuid(), work_order_id, center_id, owner_id, 99, 'completed', "
    "'ready', null, 'system', null, now() FROM status_history LIMIT 1"
)
CHANGES_OF_A_CLOSED_ORDER = (
    "UPDATE work_order SET status = 'ready', closed_at = NULL",
    "UPDATE work_order SET version = version + 1",
    "DELETE FROM work_order",
    "UPDATE job SET title = 'Другое'",
    "DELETE FROM labor_line",
    "UPDATE product_line SET price = 0",
    ANOTHER_JOB,
    ANOTHER_CHANGE,
    "TRUNCATE job, labor_line, product_line",
    "TRUNCATE work_order CASCADE",
)


async def test_nothing_of_a_completed_order_changes_not_even_by_its_tables_owner(full_garage: Garage) -> None:
    before = await full_garage.checksums()
    owner = full_garage.people["owner"]
    for statement in CHANGES_OF_A_CLOSED_ORDER:
        for database in (full_garage.api, full_garage.owner_role):
            why = await _refused(database, owner, statement)
            assert any(word in why for word in ("closed", "append-only", "permission denied")), (statement, why)
    assert await full_garage.checksums() == before


async def test_working_roles_alter_nothing(full_garage: Garage) -> None:
    for statement in (
        "ALTER TABLE snapshot DISABLE TRIGGER ALL",
        "ALTER TABLE work_order DISABLE ROW LEVEL SECURITY",
        "DROP TABLE snapshot",
        "CREATE TABLE mine (id int)",
        "CREATE OR REPLACE FUNCTION refuse_reopening() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "SET ROLE workorders_owner",
        "UPDATE work_order SET owner_id = gen_random_uuid()",
        "UPDATE employee SET role = 'owner'",
    ):
        for database in (full_garage.api, full_garage.worker):
            if database is full_garage.worker and statement.startswith("UPDATE employee"):
                continue  # the consumer keeps this read model
            why = await _refused(database, full_garage.people["owner"], statement)
            assert "must be owner" in why or "permission denied" in why, (statement, why)


async def test_a_hash_that_does_not_fit_its_text_is_refused_by_the_database(full_garage: Garage) -> None:
    with pytest.raises(DBAPIError, match="snapshot_check"):
        await full_garage.execute(
            "INSERT INTO snapshot SELECT gen_random_uuid(), center_id, owner_id, car_id, content || ' ', sha256, "
            "completed_at FROM snapshot"
        )


async def test_somebody_elses_order_answers_like_a_missing_one(garage: Garage) -> None:
    order = await garage.approved()
    found = await garage.order(order)
    job = f"{order}/jobs/{found['jobs'][0]['id']}"
    missing = order.rpartition("/")[0] + f"/{garage.car_id}"
    requests = [
        ("GET", "", None),
        ("GET", "/history", None),
        ("GET", "/estimates", None),
        ("GET", "/estimates/1", None),
        ("GET", "/snapshot", None),
        ("POST", "/jobs", {"title": "Моё"}),
        ("POST", "/estimate", {}),
        (
            "POST",
            "/approval",
            {"estimate_version": 1, "decisions": [{"job_id": found["jobs"][0]["id"], "decision": "decline"}]},
        ),
        ("POST", "/start", None),
        ("POST", "/cancellation", {"reason": "Назло"}),
        ("PATCH", job.removeprefix(order), {"title": "Моё"}),
        ("DELETE", job.removeprefix(order), None),
    ]
    for method, path, body in requests:
        answers = [
            await garage.send(method, base + path, "stranger", body, version=found["version"])
            for base in (order, missing)
        ]
        foreign, absent = ({**answer.json(), "trace_id": ""} for answer in answers)
        assert foreign == absent, path
        assert foreign["status"] == 404
    assert (await garage.order(order)) == found
