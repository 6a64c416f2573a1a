"""From the neutral rows of the importers to records."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from contracts.exchange_records import (
    ExchangeExpense,
    ExchangeFuelEntry,
    ExchangeReading,
    ExchangeRecord,
    ExchangeServiceEntry,
)
from owners.domain.fuel.purchase import PRICE_DECIMALS, VOLUME_DECIMALS
from owners.domain.records import cost_of
from owners.exchange.candidate import NO_ID, Candidate
from owners.exchange.rules import BrokenRule, checked
from owners.imports.rows import (
    ImportedExpense,
    ImportedFuel,
    ImportedReading,
    ImportedRow,
    ImportedService,
    Record,
    RowProblem,
)

_MOST_ODOMETER_DECIMALS = 6


def candidate_of(row: ImportedRow, *, source: str, time_zone: str, now: datetime) -> Candidate | RowProblem:
    """The row as a record, or why it is none. `source`: the format, in which its external ids are unique."""
    try:
        record = checked(_record(row.record, _external_id(row, source), time_zone), now)
    except BrokenRule as broken:
        return RowProblem(row.line, broken.field, broken.code, broken.message)
    unknown = dict(row.unknown)
    if isinstance(row.record, ImportedReading) and row.record.note:
        unknown["note"] = row.record.note  # a reading has none here
    return Candidate.of(record, line=row.line, section=row.section, unknown=unknown)


def _external_id(row: ImportedRow, source: str) -> str:
    if row.external_id is None:
        return NO_ID
    section = "".join(character if character.isalnum() and character.isascii() else "-" for character in row.section)
    return f"{source}:{section}:{row.external_id}"


def _record(imported: Record, external_id: str, time_zone: str) -> ExchangeRecord:
    common = {"external_id": external_id, "date": imported.day, "time_zone": time_zone}
    kind, told = _told(imported, time_zone)
    try:
        return kind.model_validate(common | told)
    except ValidationError as error:
        raise BrokenRule.of_form(error) from error


def _told(imported: Record, time_zone: str) -> tuple[type[ExchangeRecord], dict[str, Any]]:
    match imported:
        case ImportedFuel():
            return ExchangeFuelEntry, _fuel(imported, time_zone)
        case ImportedService():
            return ExchangeServiceEntry, _service(imported)
        case ImportedExpense():
            return ExchangeExpense, {
                "category": imported.category,
                "amount_minor": imported.amount_minor,
                "currency": imported.currency,
                "note": imported.note,
                "odometer": _odometer(imported, None),
            }
        case ImportedReading():
            at = _instant(imported.day, imported.at, time_zone)
            return ExchangeReading, {"odometer": _odometer(imported, at)}


def _fuel(imported: ImportedFuel, time_zone: str) -> dict[str, Any]:
    at = _instant(imported.day, imported.at, time_zone)
    priced = imported.unit_price is not None or imported.total_minor is not None
    return {
        "filled_at": at,
        "energy_kind": imported.energy_kind,
        "volume": _decimal(imported.volume, VOLUME_DECIMALS),
        "volume_unit": imported.volume_unit,
        "unit_price": _decimal(imported.unit_price, PRICE_DECIMALS),
        "total_minor": imported.total_minor,
        "currency": imported.currency if priced else None,
        "derived": None,
        "full": imported.full,
        "soc_after": None,
        "missed_before": imported.missed_before,
        "station": imported.station,
        "note": imported.note,
        "odometer": _odometer(imported, at),
    }


def _service(imported: ImportedService) -> dict[str, Any]:
    cost = cost_of(imported.lines)
    return {
        "vendor": imported.vendor,
        "lines": [
            {"title": line.title, "kind": line.kind, "amount_minor": line.amount_minor} for line in imported.lines
        ],
        "currency": None if cost is None else imported.currency,
        "cost_minor": cost,
        "next_due_km": imported.next_due_km,
        "next_due_months": imported.next_due_months,
        "note": imported.note,
        "odometer": _odometer(imported, None),
    }


def _odometer(imported: Record, at: datetime | None) -> dict[str, Any] | None:
    if imported.odometer is None:
        return None
    return {
        "value": _decimal(imported.odometer, _MOST_ODOMETER_DECIMALS),
        "unit": imported.odometer_unit,
        "observed_on": imported.day,
        "observed_at": at,
    }


def _instant(day: date, at: time | None, time_zone: str) -> datetime | None:
    if at is None:
        return None
    return datetime.combine(day, at, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)


def _decimal(number: Decimal | None, decimals: int) -> str | None:
    """As text, rounded where it is finer than anything that a pump or an odometer shows."""
    if number is None:
        return None
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -decimals:
        number = round(number, decimals)
    return format(number, "f")
