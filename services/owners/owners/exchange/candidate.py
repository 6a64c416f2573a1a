"""A record that an import would add, in the one form in which all sources are compared and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import orjson

from contracts.exchange_records import (
    ExchangeExpense,
    ExchangeFuelEntry,
    ExchangeItem,
    ExchangeOdometer,
    ExchangePaper,
    ExchangeReading,
    ExchangeRecord,
    ExchangeServiceEntry,
    Kind,
)
from owners.domain.odometer.reading import canonical_km, parse_value

type Section = Literal["fuel_entries", "service_entries", "expenses", "readings", "documents"]

NO_ID: Final = "-"
"""The external id of a record whose source knows none, until it has one."""
_KIND_OF: Final[dict[type[ExchangeItem], Kind]] = {
    ExchangeFuelEntry: "fuel_entry",
    ExchangeServiceEntry: "service_entry",
    ExchangeExpense: "expense",
    ExchangeReading: "reading",
    ExchangePaper: "document",
}
_INDIFFERENT: Final = {"external_id", "time_zone"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row of a file that is a valid record.

    `content` is the record without its external id, as JSON text. `digest` is of what it says in local terms;
    `likeness` of date, odometer and amount alone (None unless all are told). `origin` is JSON text, word for word.
    """

    line: int
    section: str
    kind: Kind
    external_id: str | None
    content: str
    digest: str
    likeness: str | None
    origin: str | None
    unknown: Mapping[str, str]

    @classmethod
    def of(
        cls,
        record: ExchangeItem,
        *,
        line: int,
        section: str,
        origin: str | None = None,
        unknown: Mapping[str, str] | None = None,
    ) -> Candidate:
        """A checked record (rules.py) with where it stood."""
        external_id = None if record.external_id == NO_ID else record.external_id
        content, digest, likeness = described(record)
        kind = _KIND_OF[type(record)]
        return cls(line, section, kind, external_id, content, digest, likeness, origin, unknown or {})


def described(record: ExchangeItem) -> tuple[str, str, str | None]:
    """A record's content, digest and likeness, as `Candidate` has them."""
    told = record.model_dump(mode="json", exclude={"external_id"})
    return orjson.dumps(told).decode(), _digest(record, told), _likeness(record)


def _digest(record: ExchangeItem, told: dict[str, Any]) -> str:
    """SHA-256 of what somebody told about it: dates and clock times, whatever time zone they were taken for."""
    said = {name: value for name, value in told.items() if name not in _INDIFFERENT}
    if isinstance(record, ExchangeFuelEntry):
        said["filled_at"] = _clock(record.filled_at, record.time_zone)
    odometer: ExchangeOdometer | None = getattr(record, "odometer", None)
    if odometer is not None and isinstance(record, ExchangeRecord):
        said["odometer"] |= {"observed_at": _clock(odometer.observed_at, record.time_zone)}
    kind = _KIND_OF[type(record)]
    return hashlib.sha256(orjson.dumps([kind, said], option=orjson.OPT_SORT_KEYS)).hexdigest()


def _clock(instant: datetime | None, time_zone: str) -> str | None:
    return None if instant is None else instant.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None).isoformat()


def _likeness(record: ExchangeItem) -> str | None:
    odometer: ExchangeOdometer | None = getattr(record, "odometer", None)
    amount = _amount(record)
    if odometer is None or amount is None or not isinstance(record, ExchangeRecord):
        return None
    km = canonical_km(parse_value(odometer.value), odometer.unit)
    return f"{_KIND_OF[type(record)]} {record.date} {km} {amount}"


def _amount(record: ExchangeItem) -> str | None:
    match record:
        case ExchangeFuelEntry(total_minor=int(amount), currency=currency):
            return f"{amount} {currency}"
        case ExchangeServiceEntry(cost_minor=int(amount), currency=currency):
            return f"{amount} {currency}"
        case ExchangeExpense(amount_minor=amount, currency=currency):
            return f"{amount} {currency}"
        case _:
            return None
