"""The records of `carpass.exchange.v1`, as `data` has them."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from contracts.event import Currency
from contracts.exchange_values import (
    Amount,
    Day,
    ExpenseCategory,
    ExternalId,
    Instant,
    Name,
    Note,
    OdometerValue,
    Part,
    Percent,
    Rate,
    TimeZone,
    UnitPrice,
    Volume,
)
from contracts.owners import EnergyKind, OdometerUnit

MAX_LINES: Final = 1_000

type Kind = Literal["fuel_entry", "service_entry", "expense", "reading", "document"]
type BelongsTo = Literal["fuel_entry", "service_entry", "expense", "document", "photo"]
type DocumentKind = Literal["insurance", "inspection", "registration", "warranty", "other"]
type MediaType = Literal["image/jpeg", "image/png", "image/webp", "application/pdf"]
type VolumeUnit = Literal["l", "gal_us", "gal_uk", "kwh", "kg"]
type LineKind = Literal["labor", "part", "fluid", "material", "other"]


class ExchangeOdometer(Part):
    """A reading; `observed_at` is null when only the day is known."""

    value: OdometerValue
    unit: OdometerUnit
    observed_on: Day
    observed_at: Instant | None


class ExchangeItem(Part):
    """What every record begins with. `external_id` stays the same wherever the record is taken."""

    external_id: ExternalId


class ExchangeRecord(ExchangeItem):
    """What happened on a day."""

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


class ExchangePaper(ExchangeItem):
    """A paper with a term. `expires_on` is the last day on which it is valid."""

    document_kind: DocumentKind
    number: Name | None
    issued_by: Name | None
    issued_on: Day | None
    expires_on: Day | None
    note: Note | None
