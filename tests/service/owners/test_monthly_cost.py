"""The sums that analytics reads are what the entries say, after whatever was done to these."""

# ruff: noqa: S608 -- SQL of our own words

import random
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from chassis.db import Transaction
from owners.db.costs import COSTS, ODOMETER, cost_arguments
from owners.db.ownership import Whose
from owners.domain.ownership.window import Window
from tests.service.owners.conftest import Owners, Person, completed

DIFFERENCE = """
    (SELECT * FROM monthly_cost EXCEPT SELECT * FROM monthly_cost_anew)
    UNION ALL (SELECT * FROM monthly_cost_anew EXCEPT SELECT * FROM monthly_cost)
"""
FILLS = """
    INSERT INTO fuel_entry (id, car_id, owner_id, author_id, filled_on, time_zone, listed_at, energy_kind, volume,
        volume_unit, quantity, total_minor, currency, rate, rate_to, converted_minor, is_full,
        missed_before, created_at, updated_at, version)
    SELECT gen_random_uuid(), :car, :owner, :owner, DATE '2024-01-01' + n % 90, 'UTC', now(),
        (ARRAY['petrol', 'lpg'])[1 + n % 2], 10.5, 'l', 10.5, nullif(n % 5, 0) * 100,
        CASE WHEN n % 5 > 0 THEN (ARRAY['RUB', 'EUR'])[1 + n % 2] END,
        CASE WHEN n % 5 > 0 AND n % 2 = 1 AND n % 3 > 0 THEN 2 END,
        CASE WHEN n % 5 > 0 AND n % 2 = 1 AND n % 3 > 0 THEN (ARRAY['RUB', 'USD'])[n % 3] END,
        CASE WHEN n % 5 > 0 AND n % 2 = 1 AND n % 3 > 0 THEN n % 5 * 200 END, true, false, now(), now(), 1
    FROM generate_series(1, :count) n
"""
CATEGORIES = ("parking", "wash", "fine")


class Diary:
    """Does one thing after another to the entries of two cars, as its dice say."""

    def __init__(self, owners: Owners, person: Person, cars: list[str], dice: random.Random) -> None:
        self.owners, self.person, self.cars, self.dice = owners, person, cars, dice
        self.expenses: dict[str, int] = {}
        self.services: dict[str, int] = {}

    async def turn(self) -> None:
        steps = (
            self.expense,
            self.service,
            self.change,
            self.remove,
            self.attest,
            self.fills,
            self.refill,
            self.recurrency,
        )
        await self.dice.choice(steps)()

    async def expense(self) -> None:
        body = {"expense_date": self.day(), "category": self.dice.choice(CATEGORIES), **self.rated()}
        await self._made(self.expenses, "expenses", body)

    async def service(self) -> None:
        await self._made(self.services, "service-entries", {"service_date": self.day(), "lines": self.lines()})

    async def change(self) -> None:
        if self.expenses and self.dice.random() < 0.5:
            changes: dict[str, Any] = self.dice.choice(
                [
                    {"note": "x"},
                    {"amount": self.money()},
                    {"rate": None},
                    self.rated(),
                    {"expense_date": self.day()},
                    {"category": "other"},
                ]
            )
            await self._changed(self.expenses, changes)
        elif self.services:
            await self._changed(
                self.services, self.dice.choice([{"lines": self.lines()}, {"service_date": self.day()}])
            )

    async def remove(self) -> None:
        entries = self.dice.choice([self.expenses, self.services])
        if entries:
            path = self.dice.choice(list(entries))
            assert (await self.owners.delete(path, self.person, entries.pop(path))).status_code == 204

    async def attest(self) -> None:
        orders = [completed(self.dice.choice(self.cars)) for _ in range(self.dice.randint(1, 3))]
        await self.owners.deliver(*orders, orders[0])

    async def fills(self) -> None:
        """As an import writes them: many at once."""
        parameters = {"car": UUID(self.dice.choice(self.cars).rpartition("/")[2]), "owner": self.person.user_id}
        await self.owners.execute(FILLS, **parameters, count=self.dice.randint(1, 20))

    async def refill(self) -> None:
        await self.owners.execute(
            "UPDATE fuel_entry SET total_minor = 7, currency = 'RUB', rate = NULL, rate_to = NULL, "
            "converted_minor = NULL WHERE total_minor = 100"
        )
        await self.owners.execute("DELETE FROM fuel_entry WHERE total_minor = 200")

    async def recurrency(self) -> None:
        """The car's currency changes; rates that led to the one before stay and convert nothing."""
        car = self.dice.choice(self.cars)
        version = int((await self.owners.get(car, self.person)).headers["ETag"].strip('"'))
        to = {"currency": self.dice.choice(["RUB", "USD"])}
        assert (await self.owners.patch(car, self.person, to, version)).status_code == 200

    def day(self) -> str:
        return (date(2024, 1, 1) + timedelta(days=self.dice.randint(0, 100))).isoformat()

    def money(self) -> dict[str, Any]:
        return {"amount_minor": self.dice.randint(0, 10**9), "currency": self.dice.choice(["RUB", "EUR"])}

    def rated(self) -> dict[str, Any]:
        """An amount in a currency that no car here is kept in, half of the times with a rate."""
        amount = {"amount_minor": self.dice.randint(0, 10**9), "currency": "EUR"}
        return {"amount": amount} | ({"rate": f"{self.dice.randint(1, 10**6)}.5"} if self.dice.random() < 0.5 else {})

    def lines(self) -> list[dict[str, Any]]:
        return [{"title": "x", "amount": self.dice.choice([None, self.money()])}]

    async def _made(self, entries: dict[str, int], kind: str, body: dict[str, Any]) -> None:
        path = f"{self.dice.choice(self.cars)}/{kind}"
        made = await self.owners.created(path, self.person, body)
        entries[f"{path}/{made['id']}"] = 1

    async def _changed(self, entries: dict[str, int], changes: dict[str, Any]) -> None:
        path = self.dice.choice(list(entries))
        answer = await self.owners.patch(path, self.person, changes, entries[path])
        assert answer.status_code == 200, answer.text
        entries[path] = int(answer.headers["ETag"].strip('"'))


@pytest.mark.parametrize("seed", range(3))
async def test_sums_are_those_of_a_rebuild_after_whatever_was_done(owners: Owners, seed: int) -> None:
    anna = await owners.sign_in()
    diary = Diary(owners, anna, [await owners.car(anna) for _ in range(2)], random.Random(seed))  # noqa: S311
    for _ in range(30):
        await diary.turn()
        assert await owners.rows(DIFFERENCE) == []
    assert await owners.rows("SELECT 1 FROM monthly_cost LIMIT 1")
    assert await owners.rows("SELECT 1 FROM monthly_cost WHERE entries = 0") == []


async def test_rebuild_mends_sums_that_went_wrong_and_says_how_many(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    await owners.deliver(completed(car))
    rebuild = f"SELECT rebuild_monthly_cost('{car.rpartition('/')[2]}') AS wrong"
    assert (await owners.rows(rebuild))[0].wrong == 0
    await owners.execute("UPDATE monthly_cost SET amount_minor = 1")
    assert (await owners.rows(rebuild))[0].wrong == 2
    assert await owners.rows(DIFFERENCE) == []


async def test_api_and_worker_cannot_write_sums(owners: Owners) -> None:
    anna = await owners.sign_in()
    for database in (owners.api, owners.worker):
        async with database.transaction(user_id=anna.user_id) as tx:
            allowed = "has_table_privilege(current_user, 'monthly_cost', '{}')"
            kinds = ", ".join(allowed.format(kind) for kind in ("INSERT", "UPDATE", "DELETE", "TRUNCATE"))
            [row] = await tx.rows(f"SELECT {kinds}")
            assert set(row) == {False}


async def test_what_analytics_reads_does_not_grow_with_the_history(
    owners: Owners, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await owners.sign_in()
    cars = [await owners.car(anna) for _ in range(2)]
    for car, count in zip(cars, (100, 20_000), strict=True):
        await fill_history(owners, anna, car, count)
    await owners.execute("ANALYZE")
    window = Window.of(date(2015, 1, 10), date(2015, 12, 20), date(2026, 1, 1))
    for car in cars:
        whose = Whose(UUID(car.rpartition("/")[2]), anna.user_id)
        async with owners.api.transaction(user_id=anna.user_id) as tx:
            read = await rows_read(tx, COSTS, cost_arguments(whose, window))
            read += await rows_read(tx, ODOMETER, [whose.car_id, [window.first, window.end]])
        assert read <= 100, read
    counted = [await statements(owners, f"{car}/analytics", anna, monkeypatch) for car in cars]
    assert counted[0] == counted[1] <= 12


DAY = "CASE WHEN n <= 100 THEN DATE '2015-01-01' + 3 * n ELSE DATE '1990-01-01' + n % 7000 END"


async def fill_history(owners: Owners, person: Person, car: str, count: int) -> None:
    """So many expenses and readings: a hundred in 2015, the others in the years before 2010."""
    parameters = {"car": UUID(car.rpartition("/")[2]), "owner": person.user_id, "count": count}
    await owners.execute(
        "INSERT INTO expense (id, car_id, owner_id, provenance, expense_date, time_zone, category, amount_minor, "
        "currency, author_id, created_at, updated_at, version) SELECT gen_random_uuid(), :car, :owner, "
        f"'self_declared', {DAY}, 'UTC', 'wash', 1, 'RUB', :owner, now(), now(), 1 "
        "FROM generate_series(1, :count) n",
        **parameters,
    )
    await owners.execute(
        "INSERT INTO odometer_reading (id, car_id, owner_id, source, provenance, value, unit, km, observed_on, "
        "time_zone, listed_at, author_id, created_at, verdict) SELECT gen_random_uuid(), :car, :owner, 'manual', "
        f"'self_declared', n, 'km', n, {DAY}, 'UTC', {DAY}, :owner, now(), 'ok' "
        "FROM generate_series(1, :count) n",
        **parameters,
    )


async def rows_read(tx: Any, query: str, arguments: Any) -> int:
    """How many rows PostgreSQL fetched from tables for this query."""

    [row] = await tx.rows(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", *arguments)

    def scanned(node: dict[str, Any]) -> int:
        own = 0
        if "Relation Name" in node:
            own = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        return int(own) + sum(scanned(child) for child in node.get("Plans", ()))

    return scanned(row[0][0]["Plan"])


async def statements(owners: Owners, path: str, person: Person, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many statements one read takes, through SQLAlchemy or past it."""
    seen: list[str] = []
    fetch = Transaction.rows

    async def rows(self: Transaction, query: str, *arguments: Any) -> Any:
        seen.append(query)
        return await fetch(self, query, *arguments)

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    engine = owners.api.engine.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(Transaction, "rows", rows)
            answer = await owners.get(path, person, **{"from": "2015-01-10", "to": "2015-12-20"})
    finally:
        event.remove(engine, "before_cursor_execute", count)
    assert answer.status_code == 200, answer.text
    assert answer.json()["running_costs"]["amount_minor"] > 0
    return len(seen)
