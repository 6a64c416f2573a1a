import pytest
from sqlalchemy import text

from contracts.owners import CarArchived, CarUpdated, UserErased
from contracts.sto import CenterUpdated, EmployeeRoleChanged
from tests.service.workorders.garage import Garage
from tests.support.golden import golden

READ_MODELS = ("center", "employee", "car_link", "car", "car_odometer", "car_access")


async def test_replaying_every_topic_changes_nothing(garage: Garage) -> None:
    await garage.completed()
    await garage.deliver(
        garage.judged(187_000, garage.clock(), sequence=1),
        garage.judged(187_100, garage.clock(), sequence=2),
        garage.linked(status="revoked", sequence=3),
        garage.left("mechanic"),
        garage.shared_anew("car_viewer", role="manager"),
        garage.unshared("car_driver"),
        golden(UserErased, "erased", user_id=garage.people["car_manager"].user_id),
    )
    before = await garage.checksums()
    records = list(garage.delivered)
    await garage.execute("TRUNCATE inbox")
    await garage.deliver(*records)
    assert await garage.checksums() == before


async def test_the_newest_state_wins_whatever_the_order(garage: Garage) -> None:
    await garage.deliver(garage.linked(sequence=7, status="revoked"), garage.linked(sequence=5))
    await garage.deliver(garage.linked(sequence=6))
    (link,) = await garage.rows("SELECT status, sequence FROM car_link")
    assert (link.status, link.sequence) == ("revoked", 7)


async def test_events_of_one_batch_may_concern_one_row(garage: Garage) -> None:
    changed = EmployeeRoleChanged.model_validate(
        {**garage.joined("mechanic").model_dump(), "role": "receptionist", "previous_role": "mechanic", "sequence": 2}
    )
    again = changed.model_copy(update={"role": "manager", "previous_role": "receptionist", "sequence": 3})
    await garage.deliver(garage.joined("mechanic"), again, changed)
    (row,) = await garage.rows("SELECT role FROM employee WHERE user_id = :id", id=garage.people["mechanic"].user_id)
    assert row.role == "manager"


async def test_read_models_keep_what_the_decisions_need(empty_garage: Garage) -> None:
    garage = empty_garage
    updated = CenterUpdated.model_validate({**garage.center().model_dump(), "name": "Новое имя", "sequence": 3})
    await garage.deliver(garage.center(), updated, garage.center_approved())
    (center,) = await garage.rows("SELECT name, verification, sequence FROM center")
    assert (center.name, center.sequence) == ("Новое имя", 3)

    car = garage.car()
    await garage.deliver(car, CarUpdated.model_validate({**car.model_dump(), "plate": "М001ММ77", "sequence": 2}))
    await garage.deliver(CarArchived.model_validate({**car.model_dump(), "archived": True, "sequence": 3}))
    (row,) = await garage.rows("SELECT vin, plate, archived FROM car")
    assert (row.vin, row.plate, row.archived) == (car.vin, car.plate, True)


async def test_a_car_without_a_good_reading_has_none(garage: Garage) -> None:
    await garage.deliver(garage.judged(187_000, garage.clock(), sequence=1))
    await garage.deliver(garage.judged(0, garage.clock(), sequence=2).model_copy(update={"last_ok": None}))
    (row,) = await garage.rows("SELECT km, observed_on, observed_at FROM car_odometer")
    assert tuple(row) == (None, None, None)


async def test_erased_users_leave_no_kept_answer(garage: Garage) -> None:
    order = await garage.open()
    assert len(await garage.rows("SELECT 1 FROM idempotency_key")) == 1
    erased = golden(UserErased, "erased", user_id=garage.people["receptionist"].user_id)
    await garage.deliver(erased)
    assert await garage.rows("SELECT 1 FROM idempotency_key") == []
    assert (await garage.order(order))["number"] == 1


@pytest.mark.parametrize("table", READ_MODELS)
async def test_the_api_role_only_reads_what_others_tell(garage: Garage, table: str) -> None:
    async with garage.api.transaction(user_id=garage.people["owner"].user_id) as tx:
        granted = await tx.execute(
            text("SELECT has_table_privilege(:table, 'INSERT, UPDATE, DELETE, TRUNCATE')"), {"table": table}
        )
        assert granted.scalar_one() is False
