"""A car's records in the form of Fuelio's backup, for whoever wants to go there.

Fuelio has one currency and one unit of distance: odometers are converted, amounts in another currency than the car's go
into the note. It has no place for readings that stand alone, for the lines of a service and for what attests one. A
cell that a spreadsheet would take for a formula has an apostrophe before it; an import takes it away.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final, get_args
from zoneinfo import ZoneInfo

from contracts.exchange_records import ExchangeExpense, ExchangeFuelEntry, ExchangeOdometer, ExchangeServiceEntry
from owners.currencies import minor_digits
from owners.domain.car import Car, EnergyKind
from owners.domain.fuel.units import quantity
from owners.domain.odometer.reading import Unit
from owners.domain.records import ExpenseCategory
from owners.imports.categories import PLAIN_NAMES

_KM_PER_MILE: Final = Decimal("1.609344")
_TENTH: Final = Decimal("0.1")
_DISTANCES: Final[dict[Unit, str]] = {"km": "0", "mi": "1"}
_FUELS: Final[dict[EnergyKind, str]] = {
    "petrol": "100",
    "diesel": "200",
    "lpg": "400",
    "cng": "500",
    "electric": "600",
}
_NUMBERS: Final = {category: str(number) for number, category in enumerate(get_args(ExpenseCategory.__value__), 1)}
_NO_REMINDER: Final = "2011-01-01"
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "'")
_VEHICLE: Final = (
    "Name", "Description", "DistUnit", "FuelUnit", "ConsumptionUnit", "ImportCSVDateFormat", "VIN", "Insurance",
    "Plate", "Make", "Model", "Year", "TankCount", "Tank1Type",
)  # fmt: skip
_LOG_TAIL: Final = (
    "Full", "Price (optional)", "l/100km (optional)", "latitude (optional)", "longitude (optional)", "City (optional)",
    "Notes (optional)", "Missed", "TankNumber", "FuelType", "VolumePrice", "StationID (optional)", "ExcludeDistance",
    "UniqueId", "TankCalc", "Weather", "guid",
)  # fmt: skip
_COSTS: Final = (
    "CostTitle", "Date", "Odo", "CostTypeID", "Notes", "Cost", "flag", "idR", "read", "RemindOdo", "RemindDate",
    "isTemplate", "RepeatOdo", "RepeatMonths", "isIncome", "UniqueId", "guid",
)  # fmt: skip


class FuelioWriter:
    """Writes a car's fills, then its services and expenses."""

    def __init__(self, car: Car) -> None:
        self._car = car
        self._number = 0

    def head(self) -> bytes:
        """The vehicle, and the beginning of its log."""
        car = self._car
        name = car.nickname or " ".join(part for part in (car.make, car.model) if part) or "CarPass"
        kind = next((_FUELS[kind] for kind in car.energy_kinds if kind in _FUELS), "")
        about = (name, "", _DISTANCES[car.odometer_unit], "0", "0", "yyyy-MM-dd", car.vin, "", car.plate, car.make)
        vehicle = (*about, car.model, str(car.year or ""), "1", kind)
        log = ("Data", f"Odo ({car.odometer_unit})", "Fuel (litres)", *_LOG_TAIL)
        return _lines(("## Vehicle",), _VEHICLE, vehicle, ("## Log",), log)

    def fill(self, entry: ExchangeFuelEntry) -> bytes:
        """A fill; litres, kWh or kg."""
        price, note = self._amount(entry.total_minor, entry.currency, entry.note)
        volume = None if entry.volume is None else quantity(Decimal(entry.volume), entry.volume_unit)
        unit_price = entry.unit_price if entry.volume_unit in {"l", "kwh", "kg"} and price else None
        return _lines(
            (
                _moment(entry.date, entry.filled_at, entry.time_zone),
                self._odometer(entry.odometer),
                None if volume is None else _plain(volume),
                _flag(entry.full),
                price,
                "",
                "",
                "",
                entry.station,
                note,
                _flag(entry.missed_before),
                "1",
                _FUELS.get(entry.energy_kind, ""),
                unit_price,
                "0",
                "0.0",
                self._next(),
                "0.0",
                "",
                entry.external_id,
            )
        )

    def middle(self) -> bytes:
        """The categories, and the beginning of the costs."""
        categories = [(_NUMBERS[category], name, "0", "") for category, name in PLAIN_NAMES.items()]
        header = ("CostTypeID", "Name", "priority", "color")
        return _lines(("## CostCategories",), header, *categories, ("## Costs",), _COSTS)

    def service(self, entry: ExchangeServiceEntry) -> bytes:
        """A service as a cost; its lines are the title."""
        title = ", ".join(line.title for line in entry.lines) or entry.vendor or PLAIN_NAMES["service"]
        # Without a cost, what repeats would be a reminder there and no service.
        due = (entry.next_due_km, entry.next_due_months) if entry.cost_minor else (None, None)
        return self._cost(title, "service", entry, (entry.cost_minor, entry.currency), due)

    def expense(self, entry: ExchangeExpense) -> bytes:
        """An expense."""
        return self._cost(
            PLAIN_NAMES[entry.category], entry.category, entry, (entry.amount_minor, entry.currency), (None, None)
        )

    def _cost(
        self,
        title: str,
        category: ExpenseCategory,
        entry: ExchangeServiceEntry | ExchangeExpense,
        money: tuple[int | None, str | None],
        due: tuple[int | None, int | None],
    ) -> bytes:
        cost, note = self._amount(*money, entry.note)
        reading = self._odometer(entry.odometer) or "0"
        number = self._next()
        repeats = [str(each or 0) for each in due]
        return _lines(
            (
                *(title, entry.date.isoformat(), reading, _NUMBERS[category], note, cost or "0.0", "0", "0", "1", "0"),
                *(_NO_REMINDER, "0", *repeats, "0", number, entry.external_id),
            )
        )

    def _next(self) -> str:
        self._number += 1
        return str(self._number)

    def _amount(self, minor: int | None, currency: str | None, note: str | None) -> tuple[str | None, str | None]:
        """The amount in the car's currency, and the note, which tells one in another currency."""
        if minor is None or currency is None:
            return None, note
        amount = _plain(Decimal(minor).scaleb(-minor_digits(currency)))
        if currency == self._car.currency:
            return amount, note
        return None, f"{note} [{amount} {currency}]" if note else f"[{amount} {currency}]"

    def _odometer(self, odometer: ExchangeOdometer | None) -> str | None:
        if odometer is None:
            return None
        value = Decimal(odometer.value)
        if odometer.unit != self._car.odometer_unit:
            value = value * _KM_PER_MILE if odometer.unit == "mi" else value / _KM_PER_MILE
            value = value.quantize(_TENTH, ROUND_HALF_EVEN)
        return _plain(value)


def _moment(day: date, at: datetime | None, zone: str) -> str:
    return day.isoformat() if at is None else at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def _flag(value: bool) -> str:  # noqa: FBT001 -- the value is what is written
    return "1" if value else "0"


def _plain(number: Decimal) -> str:
    return format(number, "f")


def _lines(*rows: Sequence[str | None]) -> bytes:
    output = io.StringIO()
    written = csv.writer(output, quoting=csv.QUOTE_ALL)
    for row in rows:
        written.writerow([_cell(cell) for cell in row])
    return output.getvalue().encode()


def _cell(text: str | None) -> str:
    if text is None:
        return ""
    return f"'{text}" if text.startswith(_DANGEROUS) else text
