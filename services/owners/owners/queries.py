"""The read side: what a caller may see, as row-level security shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Table, or_, select, tuple_

from chassis.db import Transaction
from chassis.http import Position
from owners.db.access import HistoryReader, reader_of_history, roles_of_caller
from owners.db.amendments import amendments_of
from owners.db.bulk import any_of
from owners.db.cars import car_of, find_car
from owners.db.files import attachments_of
from owners.db.meters import replacements_of
from owners.db.models import expense, odometer_reading, seen_car, service_entry
from owners.db.readings import recorded_reading
from owners.db.records import entry_of, expense_of, find_expense, find_service_entry
from owners.domain.access import CarRole
from owners.domain.amendment import ORIGINAL, Amendment, InForce, in_force
from owners.domain.car import Car
from owners.domain.files import Attachment
from owners.domain.odometer.meter import MeterReplacement
from owners.domain.odometer.recorded import RecordedReading
from owners.domain.records import Expense, ServiceEntry


@dataclass(frozen=True, slots=True)
class ShownCar:
    """A car, where its odometer stands, what the caller is to it, and its photo."""

    car: Car
    last_ok: RecordedReading | None
    role: CarRole
    photo: Attachment | None = None


@dataclass(frozen=True, slots=True)
class Amended:
    """What was corrected of an attested entry since, the oldest first; its readings by revision."""

    amendments: Sequence[Amendment]
    in_force: InForce
    readings: Mapping[int, RecordedReading]


@dataclass(frozen=True, slots=True)
class ShownReading:
    """A reading, and the replacement of a meter that it belongs to, if any."""

    recorded: RecordedReading
    replacement: MeterReplacement | None


@dataclass(frozen=True, slots=True)
class ShownService:
    """A service entry with what belongs to it, as far as the reader may know."""

    entry: ServiceEntry
    expense_id: UUID | None
    reading: RecordedReading | None
    files: Sequence[Attachment]
    amended: Amended | None = None

    @property
    def version(self) -> int:
        """Of what is shown: each amendment makes another one."""
        return self.entry.version + (len(self.amended.amendments) if self.amended else 0)


@dataclass(frozen=True, slots=True)
class ShownExpense:
    """An expense with its reading and files, and the amendments of its service that touch its amount."""

    expense: Expense
    reading: RecordedReading | None
    files: Sequence[Attachment]
    amendments: Sequence[Amendment] = ()

    @property
    def version(self) -> int:
        """Of what is shown: each amendment makes another one."""
        return self.expense.version + len(self.amendments)


async def history_reader(tx: Transaction, car_id: UUID) -> HistoryReader | None:
    """As whom the caller reads this car's history. None: not at all."""
    return await reader_of_history(tx, car_id)


async def list_cars(tx: Transaction, *, after: Position | None, limit: int) -> list[ShownCar]:
    """The cars that the caller owns, shares or owned once, the latest registered first."""
    columns = seen_car.c
    found = select(seen_car).order_by(columns.created_at.desc(), columns.id.desc()).limit(limit)
    if after is not None:
        found = found.where(tuple_(columns.created_at, columns.id) < after)
    cars = [car_of(row) for row in (await tx.execute(found)).mappings()]
    return await _with_odometer(tx, cars)


async def show_car(tx: Transaction, car_id: UUID) -> ShownCar | None:
    """A car that the caller owns or shares."""
    found = await find_car(tx, car_id)
    return None if found is None else (await _with_odometer(tx, [found]))[0]


async def list_readings(tx: Transaction, car_id: UUID, *, after: Position | None, limit: int) -> list[ShownReading]:
    """Every reading of the car, the latest first."""
    columns = odometer_reading.c
    found = select(odometer_reading).where(columns.car_id == car_id)
    if after is not None:
        found = found.where(tuple_(columns.listed_at, columns.id) < after)
    rows = await tx.execute(found.order_by(columns.listed_at.desc(), columns.id.desc()).limit(limit))
    readings = [recorded_reading(row) for row in rows.mappings()]
    of_replaced = any(one.meter_replacement_id is not None for one in readings)
    replacements = (await replacements_of(tx, [car_id])).get(car_id, ()) if of_replaced else ()
    by_id = {one.id: one for one in replacements}
    return [
        ShownReading(one, by_id[one.meter_replacement_id] if one.meter_replacement_id is not None else None)
        for one in readings
    ]


async def list_service_entries(
    tx: Transaction, car_id: UUID, *, after: Position | None, limit: int
) -> list[ShownService]:
    """The car's services, the latest first."""
    found = _by_day(service_entry, service_entry.c.service_date, car_id, after, limit)
    entries = [entry_of(row) for row in (await tx.execute(found)).mappings()]
    return await _with_belongings(tx, entries)


async def show_service_entry(tx: Transaction, car_id: UUID, entry_id: UUID) -> ShownService | None:
    """One service of the car."""
    found = await find_service_entry(tx, car_id, entry_id)
    return None if found is None else (await _with_belongings(tx, [found]))[0]


async def list_expenses(tx: Transaction, car_id: UUID, *, after: Position | None, limit: int) -> list[ShownExpense]:
    """The car's expenses, the latest first."""
    found = _by_day(expense, expense.c.expense_date, car_id, after, limit)
    return await _with_readings(tx, [expense_of(row) for row in (await tx.execute(found)).mappings()])


async def show_expense(tx: Transaction, car_id: UUID, expense_id: UUID) -> ShownExpense | None:
    """One expense of the car."""
    found = await find_expense(tx, car_id, expense_id)
    return None if found is None else (await _with_readings(tx, [found]))[0]


def day_position(day: date, row_id: UUID) -> Position:
    """The place of a dated row in a list: its day, then its id."""
    return datetime.combine(day, time(), tzinfo=UTC), row_id


def _by_day(table: Table, day: Any, car_id: UUID, after: Position | None, limit: int) -> Select[Any]:
    found = select(table).where(table.c.car_id == car_id)
    if after is not None:
        found = found.where(tuple_(day, table.c.id) < (after[0].astimezone(UTC).date(), after[1]))
    return found.order_by(day.desc(), table.c.id.desc()).limit(limit)


async def _with_odometer(tx: Transaction, cars: Sequence[Car]) -> list[ShownCar]:
    wanted = [one.last_ok_reading_id for one in cars if one.last_ok_reading_id is not None]
    found = select(odometer_reading).where(odometer_reading.c.id == any_of(wanted))
    readings = {row["id"]: recorded_reading(row) for row in (await tx.execute(found)).mappings()} if wanted else {}
    roles = await roles_of_caller(tx, [one.id for one in cars if one.ended_on is None])
    photos = await attachments_of(tx, [one.id for one in cars])
    return [
        ShownCar(
            one,
            readings.get(one.last_ok_reading_id),
            "former_owner" if one.ended_on else roles[one.id],
            next((photo for photo in photos[one.id] if photo.owner_id == one.owner_id), None),
        )
        for one in cars
    ]


async def _with_belongings(tx: Transaction, entries: Sequence[ServiceEntry]) -> list[ShownService]:
    ids = [entry.id for entry in entries]
    costs = select(expense.c.service_entry_id, expense.c.id).where(expense.c.service_entry_id == any_of(ids))
    expenses = {row.service_entry_id: row.id for row in await tx.execute(costs)} if ids else {}
    readings = await _readings_of_services(tx, ids)
    files = await attachments_of(tx, ids)
    attested = [entry for entry in entries if entry.attestation is not None]
    amendments = await amendments_of(tx, [entry.id for entry in attested])
    amended = {
        entry.id: Amended(amendments[entry.id], in_force(entry, amendments[entry.id]), readings[entry.id])
        for entry in attested
        if amendments[entry.id]
    }
    return [
        ShownService(
            entry,
            expenses.get(entry.id),
            readings[entry.id].get(ORIGINAL),
            files[entry.id],
            amended.get(entry.id),
        )
        for entry in entries
    ]


async def _readings_of_services(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, dict[int, RecordedReading]]:
    """Each entry's readings by revision: of a typed one that in force, of an attested one all."""
    found: dict[UUID, dict[int, RecordedReading]] = {entry_id: {} for entry_id in ids}
    columns = odometer_reading.c
    shown = or_(columns.verdict != "replaced", columns.provenance == "attested")
    wanted = select(odometer_reading).where(columns.service_entry_id == any_of(ids), shown)
    for row in (await tx.execute(wanted)).mappings() if ids else ():
        found[row["service_entry_id"]][row["revision"] or ORIGINAL] = recorded_reading(row)
    return found


async def _with_readings(tx: Transaction, expenses: Sequence[Expense]) -> list[ShownExpense]:
    readings = await readings_in_force(tx, "expense_id", [one.id for one in expenses])
    files = await attachments_of(tx, [one.id for one in expenses])
    services = [one.service_entry_id for one in expenses if one.attestation and one.service_entry_id]
    amendments = await amendments_of(tx, services)
    return [
        ShownExpense(
            one,
            readings.get(one.id),
            files[one.id],
            [each for each in amendments.get(one.service_entry_id, ()) if each.cost_minor is not None]
            if one.service_entry_id
            else (),
        )
        for one in expenses
    ]


async def readings_in_force(tx: Transaction, column: str, ids: Sequence[UUID]) -> dict[UUID, RecordedReading]:
    """The reading of each entry, by the id in `column`."""
    if not ids:
        return {}
    belongs_to = odometer_reading.c[column]
    found = select(odometer_reading).where(belongs_to == any_of(ids), odometer_reading.c.verdict != "replaced")
    return {row[column]: recorded_reading(row) for row in (await tx.execute(found)).mappings()}
