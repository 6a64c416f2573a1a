from collections import Counter
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.db import Transaction
from owners.db.readings import load_histories
from owners.domain.odometer.verdict import judge
from tests.service.owners.conftest import Owners, Person, completed

FIRST = date(2020, 1, 1)
LENGTH = 400


async def long_car(owners: Owners, person: Person, *, length: int = LENGTH, slip: int | None = None) -> str:
    """A car with a reading of 20 km more on each day, written as many small uses of it would have left them."""
    car = await owners.car(person, energy_kinds=["petrol"])
    await owners.execute(
        "INSERT INTO odometer_reading (id, car_id, owner_id, source, provenance, value, unit, km, observed_on, "
        "time_zone, listed_at, author_id, created_at, verdict) "
        "SELECT gen_random_uuid(), :car, :owner, 'manual', 'self_declared', shown, 'km', shown, day, 'UTC', day, "
        ":owner, now(), 'ok' FROM (SELECT CAST(:first AS date) + n AS day, "
        "CASE WHEN n = :slip THEN 900000 ELSE 1000 + 20 * n END AS shown "
        "FROM generate_series(0, :length - 1) AS n) AS one",
        car=UUID(car[-36:]),
        owner=person.user_id,
        first=FIRST,
        length=length,
        slip=slip,
    )
    await owners.execute("UPDATE car SET record_sequence = 1000 WHERE id = :car", car=UUID(car[-36:]))
    return car


def on(day: int) -> str:
    return (FIRST + timedelta(days=day)).isoformat()


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts the rows that come from the database, and the statements that batches and histories use."""
    counted: Counter[str] = Counter()
    real = Transaction.rows

    async def rows(self: Transaction, query: str, *arguments: Any) -> Any:
        found = await real(self, query, *arguments)
        counted["rows"] += len(found)
        counted["statements"] += 1
        return found

    monkeypatch.setattr(Transaction, "rows", rows)
    return counted


async def as_judged_anew(owners: Owners, car: str) -> bool:
    """Whether what is stored is what judging the whole set gives; tells it by an assertion that shows the rest."""
    async with owners.worker.transaction() as tx:
        history = (await load_histories(tx, [UUID(car[-36:])]))[UUID(car[-36:])]
    stored = {one.reading.id: one.judgement for one in history.recorded}
    judged = judge([one.reading for one in history.recorded])
    assert stored == judged.judgements
    [row] = await owners.rows("SELECT last_ok_reading_id AS id FROM car WHERE id = :car", car=history.car_id)
    assert row.id == judged.last_ok
    [told] = [event for event in (await owners.events("owners.record")) if event["type"] == "owners.odometer.judged"][
        -1:
    ]
    assert told["reading_count"] == len(stored) - judged.count("replaced")
    assert told["suspect_count"] == judged.count("suspect", "quarantined")
    return True


async def test_what_is_entered_in_a_long_history_loads_a_few_readings(owners: Owners, loaded: Counter[str]) -> None:
    anna = await owners.sign_in()
    car = await long_car(owners, anna, slip=100)
    await owners.read(car, anna, "9001", on(LENGTH))  # nothing is known of the history yet
    assert loaded["rows"] > LENGTH
    odometer = {"value": "9030", "unit": "km"}
    fill = {"filled_on": on(LENGTH + 1), "volume": "30", "volume_unit": "l", "unit_price": "50", "full": True}
    wash = {"category": "wash", "amount": {"amount_minor": 5_000, "currency": "RUB"}}
    for path, body in (
        ("fuel-entries", fill | {"odometer": odometer}),
        ("expenses", wash | {"expense_date": on(LENGTH + 1), "odometer": odometer}),
        ("expenses", wash | {"expense_date": on(300)}),
        ("odometer", {"observed_on": on(200), "odometer": {"value": "5005", "unit": "km"}}),
    ):
        loaded.clear()
        made = await owners.created(f"{car}/{path}", anna, body)
        assert loaded["rows"] < 40, path
        assert loaded["statements"] <= 16, path
        assert "odometer" not in body or made["odometer"]["verdict"] == "ok"
        assert await as_judged_anew(owners, car)
    assert (await owners.get(car, anna)).json()["odometer"]["value"] == "9030"


async def test_edits_in_a_long_history_end_like_judging_it_anew(owners: Owners, loaded: Counter[str]) -> None:
    anna = await owners.sign_in()
    car = await long_car(owners, anna)
    wash = {"category": "wash", "amount": {"amount_minor": 5_000, "currency": "RUB"}}
    odometer = {"value": "9002", "unit": "km"}
    body = wash | {"expense_date": on(LENGTH), "odometer": odometer}
    path = f"{car}/expenses/{(await owners.created(f'{car}/expenses', anna, body))['id']}"
    loaded.clear()
    edited = await owners.patch(path, anna, {"odometer": {"value": "9004", "unit": "km"}}, 1)
    assert (edited.status_code, edited.json()["odometer"]["verdict"]) == (200, "ok"), edited.text
    assert loaded["rows"] < 40
    assert await as_judged_anew(owners, car)
    slip = await owners.patch(path, anna, {"odometer": {"value": "90040", "unit": "km"}}, 2)
    assert slip.json()["odometer"]["verdict"] == "quarantined", slip.text
    assert await as_judged_anew(owners, car)
    moved = await owners.patch(path, anna, {"expense_date": on(17), "odometer": {"value": "1342", "unit": "km"}}, 3)
    assert moved.json()["odometer"]["verdict"] == "ok"
    assert await as_judged_anew(owners, car)
    assert (await owners.delete(path, anna, 4)).status_code == 204
    assert await as_judged_anew(owners, car)


async def test_work_orders_of_a_long_history_attest_once(owners: Owners, loaded: Counter[str]) -> None:
    anna = await owners.sign_in()
    car = await long_car(owners, anna)
    await owners.read(car, anna, "9001", on(LENGTH))
    event = completed(car)
    loaded.clear()
    await owners.deliver(event)
    assert loaded["rows"] < 40
    assert await as_judged_anew(owners, car)
    sequence = (await owners.events("owners.record"))[-1]["sequence"]
    await owners.execute("DELETE FROM inbox")
    await owners.deliver(event)
    assert (await owners.events("owners.record"))[-1]["sequence"] == sequence


async def test_writer_that_knows_nothing_of_standings_makes_them_stale(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await long_car(owners, anna)
    await owners.read(car, anna, "9001", on(LENGTH))
    before = await owners.rows("SELECT record_sequence, reading_count FROM odometer_standing")
    assert [tuple(row) for row in before] == [(1_001, LENGTH + 1)]
    # an earlier release adds a reading: it raises the car's sequence, as every change of its history does
    await owners.execute(
        "INSERT INTO odometer_reading (id, car_id, owner_id, source, provenance, value, unit, km, observed_on, "
        "time_zone, listed_at, author_id, created_at, verdict) SELECT gen_random_uuid(), car_id, owner_id, source, "
        "provenance, 8000, unit, 8000, observed_on, time_zone, listed_at, author_id, created_at, 'suspect' "
        "FROM odometer_reading WHERE value = 9001"
    )
    await owners.execute("UPDATE car SET record_sequence = record_sequence + 1")
    await owners.read(car, anna, "9030", on(LENGTH + 1))
    assert await as_judged_anew(owners, car)
