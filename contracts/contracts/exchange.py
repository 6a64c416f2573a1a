"""`carpass.exchange.v1`: one car's life as a document that its owner takes along, to another car or another place.

`data` is what an import makes: exporting, importing into an empty car and exporting again gives the same bytes.
`origin` tells where it comes from: ids, provenance and hashes, to be read and never believed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from contracts.event import Currency, Sha256
from contracts.owners import EnergyKind, OdometerUnit, Provenance, ReadingSource, Verdict

FORMAT: Final = "carpass.exchange.v1"
MAX_LINES: Final = 1_000
_EARLIEST: Final = date(1900, 1, 1)
_LATEST: Final = date(2199, 12, 31)

type Kind = Literal["fuel_entry", "service_entry", "expense", "reading"]
type VolumeUnit = Literal["l", "gal_us", "gal_uk", "kwh", "kg"]
type LineKind = Literal["labor", "part", "fluid", "material", "other"]
type ExpenseCategory = Literal[
    "service", "parts", "tyres", "insurance", "tax", "parking", "toll", "fine", "wash", "other"
]


def _of_our_time(day: date) -> date:
    if not _EARLIEST <= day <= _LATEST:
        raise ValueError("a date from 1900 to 2199")
    return day


def _in_utc(instant: datetime) -> datetime:
    _of_our_time(instant.date())
    return instant.astimezone(UTC)


def _plain(number: str) -> str:
    return format(Decimal(number), "f")


def _trimmed(text: str) -> str:
    trimmed = text.strip()
    if not trimmed or "\0" in trimmed:
        raise ValueError("text that is not empty and holds no NUL")
    return trimmed


def _number(pattern: str, description: str) -> Any:
    return Field(pattern=pattern, description=description)


Day = Annotated[date, Field(description="the calendar date where it happened"), AfterValidator(_of_our_time)]
Instant = Annotated[AwareDatetime, Field(description="RFC 3339"), AfterValidator(_in_utc)]
Amount = Annotated[int, Field(ge=0, le=10**15, description="money in the currency's minor unit")]
ExternalId = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
TimeZone = Annotated[str, Field(min_length=1, max_length=64, description="IANA time zone")]
Name = Annotated[str, Field(max_length=200), AfterValidator(_trimmed)]
Note = Annotated[str, Field(max_length=2_000), AfterValidator(_trimmed)]
OdometerValue = Annotated[str, _number(r"^[0-9]{1,12}(\.[0-9]{1,6})?$", "as it was read"), AfterValidator(_plain)]
Volume = Annotated[str, _number(r"^[0-9]{1,6}(\.[0-9]{1,3})?$", "in `volume_unit`"), AfterValidator(_plain)]
UnitPrice = Annotated[str, _number(r"^[0-9]{1,9}(\.[0-9]{1,6})?$", "for one `volume_unit`"), AfterValidator(_plain)]
Rate = Annotated[str, _number(r"^[0-9]{1,9}(\.[0-9]{1,8})?$", "above 0"), AfterValidator(_plain)]
Percent = Annotated[int, Field(ge=0, le=100, description="state of charge")]


class Part(BaseModel):
    """A part of the document. What nobody here would understand is refused, so that nothing is lost silently."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ExchangeOdometer(Part):
    """A reading; `observed_at` is null when only the day is known."""

    value: OdometerValue
    unit: OdometerUnit
    observed_on: Day
    observed_at: Instant | None


class ExchangeRecord(Part):
    """What every record begins with. `external_id` stays the same wherever the record is taken."""

    external_id: ExternalId
    date: Day
    time_zone: TimeZone


class ExchangeAmount(ExchangeRecord):
    """A record that may cost something, and carry a rate: units of the currency `rate_to` for one of its own."""

    rate: Rate | None = None
    rate_to: Currency | None = None

    @model_serializer(mode="wrap")
    def _without_no_rate(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Says nothing of a rate where there is none: such a record is the same as before there were rates."""
        told: dict[str, Any] = dump(self)
        return {name: value for name, value in told.items() if value is not None or name not in {"rate", "rate_to"}}


class ExchangeFuelEntry(ExchangeAmount):
    """A fill or a charge. `derived` names the one of volume, unit price and total that follows from the other two."""

    filled_at: Instant | None
    energy_kind: EnergyKind
    volume: Volume | None
    volume_unit: VolumeUnit
    unit_price: UnitPrice | None
    total_minor: Amount | None
    currency: Currency | None
    derived: Literal["volume", "unit_price", "total"] | None
    full: bool
    soc_after: Percent | None
    missed_before: bool
    station: Name | None
    note: Note | None
    odometer: ExchangeOdometer | None


class ExchangeLine(Part):
    """What was done or fitted; the amount is null when it is not known."""

    title: Name
    kind: LineKind
    amount_minor: Amount | None


class ExchangeServiceEntry(ExchangeAmount):
    """A service. `cost_minor` is what it cost altogether; it is not repeated among the expenses."""

    vendor: Name | None
    lines: Annotated[tuple[ExchangeLine, ...], Field(max_length=MAX_LINES)]
    currency: Currency | None
    cost_minor: Amount | None
    next_due_km: Annotated[int, Field(gt=0, le=1_000_000)] | None
    next_due_months: Annotated[int, Field(gt=0, le=600)] | None
    note: Note | None
    odometer: ExchangeOdometer | None


class ExchangeExpense(ExchangeAmount):
    """A cost that is neither fuel nor a service."""

    category: ExpenseCategory
    amount_minor: Amount
    currency: Currency
    note: Note | None
    odometer: ExchangeOdometer | None


class ExchangeReading(ExchangeRecord):
    """An odometer reading that stands for itself."""

    odometer: ExchangeOdometer


class ExchangeData(Part):
    """The records, each list by date and then by external id."""

    fuel_entries: tuple[ExchangeFuelEntry, ...]
    service_entries: tuple[ExchangeServiceEntry, ...]
    expenses: tuple[ExchangeExpense, ...]
    readings: tuple[ExchangeReading, ...]


class ExchangeCar(Part):
    """The car that the document was made of. An import shows it and changes no car by it."""

    vin: str | None
    frame_number: str | None
    plate: str | None
    make: str | None
    model: str | None
    year: int | None
    nickname: str | None
    tags: tuple[str, ...]
    energy_kinds: tuple[EnergyKind, ...]
    odometer_unit: OdometerUnit
    currency: Currency
    purchase_date: date | None
    purchase_price_minor: int | None
    purchase_currency: Currency | None
    purchase_odometer_value: str | None
    purchase_odometer_unit: OdometerUnit | None


class OriginAttestation(Part):
    """The completed work order behind a record."""

    center_id: UUID
    work_order_id: UUID
    revision: int
    snapshot_sha256: Sha256


class OriginReading(Part):
    """What was thought of a record's reading where it was exported."""

    id: UUID
    source: ReadingSource
    provenance: Provenance
    verdict: Verdict
    candidates_km: tuple[int, ...]


class OriginRecord(Part):
    """Where one record comes from. `source`: what its own import said, if it was imported, word for word."""

    kind: Kind
    external_id: ExternalId
    id: UUID
    provenance: Provenance
    author_id: UUID
    created_at: AwareDatetime
    attestation: OriginAttestation | None
    reading: OriginReading | None
    source: dict[str, Any] | None


class ExchangeOrigin(Part):
    """Where the document comes from; `data_sha256` is of the bytes of `data` as they were written."""

    car_id: UUID
    exported_at: AwareDatetime
    data_sha256: Sha256
    records: tuple[OriginRecord, ...]


class ExchangeDocument(Part):
    """The document, UTF-8."""

    format: Literal["carpass.exchange.v1"]
    car: ExchangeCar
    data: ExchangeData
    origin: ExchangeOrigin


RECORDS: Final[dict[Kind, type[ExchangeRecord]]] = {
    "fuel_entry": ExchangeFuelEntry,
    "service_entry": ExchangeServiceEntry,
    "expense": ExchangeExpense,
    "reading": ExchangeReading,
}
LISTS: Final[dict[Kind, str]] = {
    "fuel_entry": "fuel_entries",
    "service_entry": "service_entries",
    "expense": "expenses",
    "reading": "readings",
}
