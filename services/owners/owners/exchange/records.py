"""Between this service's records and those of `carpass.exchange.v1`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

import asyncpg
import orjson

from chassis.ids import derived_id, new_id
from contracts.exchange_records import (
    ExchangeExpense,
    ExchangeFuelEntry,
    ExchangeItem,
    ExchangeLine,
    ExchangeOdometer,
    ExchangePaper,
    ExchangeReading,
    ExchangeServiceEntry,
    Kind,
)
from owners.currencies import minor_digits
from owners.domain.car import Car
from owners.domain.conversion import UNRATED, parse_rate, rated
from owners.domain.files import CarDocument
from owners.domain.fuel.entry import FuelEntry
from owners.domain.fuel.purchase import Stated, purchase
from owners.domain.odometer.recorded import Observed, RecordedReading, Source, TypedOdometer
from owners.domain.records import Expense, Line, ServiceEntry
from owners.exchange.candidate import Candidate

_SOURCES: Final[Mapping[Kind, Source]] = {
    "fuel_entry": "fuel",
    "service_entry": "service",
    "expense": "expense",
    "reading": "import",
}
_OF_DOCUMENT: Final = ("number", "issued_by", "issued_on", "expires_on", "note")

_AMENDED: Final = ("lines", "cost_minor", "next_due_km", "next_due_months")


type Found = asyncpg.Record | dict[str, Any]


class Row(Protocol):
    """Fields by name, as the driver gives them."""

    def __getitem__(self, name: str, /) -> Any: ...


class Made(NamedTuple):
    """What one candidate becomes. A service that cost something brings its expense, a reading stands alone."""

    candidate: Candidate
    id: UUID
    fuel: FuelEntry | None = None
    service: ServiceEntry | None = None
    expense: Expense | None = None
    reading: RecordedReading | None = None
    document: CarDocument | None = None


def external_id_of(record_id: UUID) -> str:
    """The external id of a record that was born here: it says nothing, and is always the same."""
    return f"carpass:{derived_id(record_id, 'exchange')}"


def exchange_record(kind: Kind, row: Row, external_id: str) -> ExchangeItem:
    """A row of db/exchange.py in the form of the exchange."""
    if kind == "document":
        told = {name: row[name] for name in _OF_DOCUMENT}
        return ExchangePaper.model_construct(external_id=external_id, document_kind=row["kind"], **told)
    common = {"external_id": external_id, "date": row["day"], "time_zone": row["time_zone"]}
    match kind:
        case "fuel_entry":
            return ExchangeFuelEntry.model_construct(**common, **_fuel(row), odometer=_odometer(row))
        case "service_entry":
            return ExchangeServiceEntry.model_construct(**common, **_service(row), odometer=_odometer(row))
        case "expense":
            told = {name: row[name] for name in ("category", "amount_minor", "currency", "note")} | _rate(row)
            return ExchangeExpense.model_construct(**common, **told, odometer=_odometer(row))
        case "reading":
            return ExchangeReading.model_construct(**(common | {"odometer": _odometer(row)}))


def in_force(kind: Kind, row: asyncpg.Record) -> Found:
    """The row with what amendments made of it, and beside that what it was."""
    if kind != "service_entry" or row["amended_kind"] is None:
        return row
    amended = {name: row[f"amended_{name}"] for name in _AMENDED}
    return {**dict(row.items()), **amended, "original": {name: row[name] for name in _AMENDED} | {"lines": _lines(row)}}


def is_void(kind: Kind, row: Row) -> bool:
    """Whether an amendment says that it was another car's: then it is told of, and is no record of this one."""
    return kind == "service_entry" and row["amended_kind"] == "void"


def amendments_of(kind: Kind, row: Row) -> list[dict[str, Any]]:
    """The amendments of an attested service, the oldest first."""
    if kind != "service_entry" or row["amendments"] is None:
        return []
    amendments: list[dict[str, Any]] = orjson.loads(row["amendments"])
    return amendments


def original_of(kind: Kind, row: Found) -> dict[str, Any] | None:
    """What a service was before its lines and cost were amended; None: as it is."""
    return row["original"] if kind == "service_entry" and isinstance(row, dict) and "original" in row else None


def shown_to(owner_id: UUID, kind: Kind, row: Found) -> Found:
    """The row as this owner may take it along: what an earlier owner paid for attested work is not told."""
    if kind != "service_entry" or row["owner_id"] == owner_id:
        return row
    untold: dict[str, Any] = {"currency": None, "note": None, "rate": None, "rate_to": None}
    amendments = [without_amounts(one) for one in amendments_of(kind, row)]
    untold["amendments"] = orjson.dumps(amendments) if amendments else None
    if (original := original_of(kind, row)) is not None:
        untold["original"] = without_amounts(original)
    return without_amounts(dict(row.items()) | untold)


def without_amounts(told: dict[str, Any]) -> dict[str, Any]:
    """What was done, and not what it cost: `told` has `lines` and `cost_minor`."""
    lines = None if told["lines"] is None else [line | {"amount_minor": None} for line in _lines(told)]
    return told | {"cost_minor": None, "lines": lines}


def made_of(candidate: Candidate, car: Car, *, author_id: UUID, now: datetime) -> Made:
    """New records of this car, self-declared whatever the file says, written by whoever imports."""
    told = orjson.loads(candidate.content)
    record_id = new_id()
    common: dict[str, Any] = {
        "id": record_id,
        "car_id": car.id,
        "owner_id": car.owner_id,
        "author_id": author_id,
        "created_at": now,
        "updated_at": now,
        "version": 1,
    }
    if candidate.kind == "document":
        return Made(candidate, record_id, document=_document(told, common))
    common["time_zone"] = told["time_zone"]
    day = date.fromisoformat(told["date"])
    made = Made(candidate, record_id, reading=_reading(candidate.kind, told, author_id, now))
    match candidate.kind:
        case "fuel_entry":
            fuel = _fuel_entry(told, day, common)
            return made._replace(fuel=fuel, reading=made.reading and made.reading._replace(fuel_entry_id=record_id))
        case "service_entry":
            service = _service_entry(told, day, common)
            return made._replace(
                service=service,
                expense=Expense.of_service(new_id(), service),
                reading=made.reading and made.reading._replace(service_entry_id=record_id),
            )
        case "expense":
            expense = _expense(told, day, common)
            return made._replace(expense=expense, reading=made.reading and made.reading._replace(expense_id=record_id))
        case "reading":
            return made if made.reading is None else made._replace(id=made.reading.reading.id)


def _fuel(row: Row) -> dict[str, Any]:
    same = ("filled_at", "energy_kind", "volume_unit", "total_minor", "currency", "derived", "soc_after")
    return {name: row[name] for name in same} | {
        "volume": _text(row["volume"]),
        "unit_price": _text(row["unit_price"]),
        "full": row["is_full"],
        "missed_before": row["missed_before"],
        "station": row["station"],
        "note": row["note"],
        **_rate(row),
    }


def _service(row: Row) -> dict[str, Any]:
    same = ("vendor", "currency", "cost_minor", "next_due_km", "next_due_months", "note")
    lines = tuple(ExchangeLine.model_construct(**line) for line in _lines(row))
    return {name: row[name] for name in same} | {"lines": lines} | _rate(row)


def _rate(row: Row) -> dict[str, Any]:
    return {"rate": _text(row["rate"]), "rate_to": row["rate_to"]}


def _lines(row: Row) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = orjson.loads(row["lines"]) if isinstance(row["lines"], str | bytes) else row["lines"]
    return lines


def _odometer(row: Row) -> ExchangeOdometer | None:
    if row["reading_value"] is None:
        return None
    at = row["reading_observed_at"]
    return ExchangeOdometer.model_construct(
        value=format(row["reading_value"], "f"),
        unit=row["reading_unit"],
        observed_on=row["reading_observed_on"],
        observed_at=None if at is None else at.astimezone(UTC),
    )


def _fuel_entry(told: Mapping[str, Any], day: date, common: Mapping[str, Any]) -> FuelEntry:
    volume, price, total = told["volume"], told["unit_price"], told["total_minor"]
    derived, currency = told["derived"], told["currency"]
    stated = Stated(
        None if volume is None or derived == "volume" else Decimal(volume),
        None if price is None or derived == "unit_price" else Decimal(price),
        None if derived == "total" else total,
    )
    bought = purchase(stated, scale=0 if currency is None else minor_digits(currency))
    return FuelEntry(
        **common,
        **bought._asdict(),
        **_rated(told, bought.total_minor),
        filled_on=day,
        filled_at=_instant(told["filled_at"]),
        energy_kind=told["energy_kind"],
        volume_unit=told["volume_unit"],
        currency=currency,
        is_full=told["full"],
        soc_after=told["soc_after"],
        missed_before=told["missed_before"],
        station=told["station"],
        note=told["note"],
        accepted_km=None,
        interval=None,
    )


def _service_entry(told: Mapping[str, Any], day: date, common: Mapping[str, Any]) -> ServiceEntry:
    same = ("vendor", "currency", "cost_minor", "next_due_km", "next_due_months", "note")
    return ServiceEntry(
        **common,
        **{name: told[name] for name in same},
        **_rated(told, told["cost_minor"]),
        service_date=day,
        lines=tuple(Line(**line) for line in told["lines"]),
        attestation=None,
        work_order_number=None,
    )


def _expense(told: Mapping[str, Any], day: date, common: Mapping[str, Any]) -> Expense:
    same = ("category", "amount_minor", "currency", "note")
    return Expense(
        **common,
        **{name: told[name] for name in same},
        **_rated(told, told["amount_minor"]),
        expense_date=day,
        service_entry_id=None,
        attestation=None,
    )


def _document(told: Mapping[str, Any], common: Mapping[str, Any]) -> CarDocument:
    days: dict[str, Any] = {name: told[name] and date.fromisoformat(told[name]) for name in ("issued_on", "expires_on")}
    same = {name: told[name] for name in ("number", "issued_by", "note")}
    return CarDocument(**common, kind=told["document_kind"], **same, **days)


def _rated(told: Mapping[str, Any], amount_minor: int | None) -> dict[str, Any]:
    """Whatever the car's own currency is: a rate to another one is kept, and converts nothing."""
    if told.get("rate") is None:
        return UNRATED._asdict()
    rate = parse_rate(told["rate"])
    return rated(amount_minor, told["currency"], rate, told["rate_to"], digits=minor_digits)._asdict()


def _reading(kind: Kind, told: Mapping[str, Any], author_id: UUID, now: datetime) -> RecordedReading | None:
    odometer = told["odometer"]
    if odometer is None:
        return None
    when = Observed(date.fromisoformat(odometer["observed_on"]), _instant(odometer["observed_at"]), told["time_zone"])
    typed = TypedOdometer(Decimal(odometer["value"]), odometer["unit"])
    return RecordedReading.typed(new_id(), typed, when, source=_SOURCES[kind], author_id=author_id, now=now)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _text(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")
