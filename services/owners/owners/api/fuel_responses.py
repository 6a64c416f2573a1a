"""Fuel entries and consumption as they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from chassis.http import ApiModel
from owners.api.file_schemas import AttachmentResponse, attachment_response
from owners.api.values import CurrencyCode, JudgedOdometer, Money, RateResponse, judged_odometer, rate_response
from owners.domain.car import EnergyKind
from owners.domain.files import Attachment
from owners.domain.fuel.entry import FuelEntry
from owners.domain.fuel.purchase import Derived
from owners.domain.fuel.summary import Series, combined_cost_per_100_km
from owners.domain.fuel.units import CanonicalUnit, VolumeUnit, canonical_unit
from owners.domain.odometer.recorded import RecordedReading

Per100Km = Annotated[
    str, Field(description="Litres, kWh or kg per 100 km, to the hundredth (half to even).", examples=["7.42"])
]
_SHOWN = Decimal("0.001")


class Discount(ApiModel):
    """What volume x unit price comes to beyond the total; below 0 it is a surcharge."""

    amount_minor: int
    currency: CurrencyCode


class FuelWarning(ApiModel):
    """Something that is worth a second look. The entry is kept as it is."""

    code: Literal["total_disagrees"]
    message: str


class IntervalResponse(ApiModel):
    """A closed full-to-full interval: what was filled after its first entry, up to and with its last one."""

    per_100_km: Per100Km
    unit: CanonicalUnit
    volume: str = Field(examples=["63.000"])
    distance_km: int
    first_entry_id: UUID
    last_entry_id: UUID
    closed_on: date
    cost: Money | None = Field(
        description="Null unless every fill in it has a total, all in one currency or with rates to the car's."
    )


class FuelEntryResponse(ApiModel):
    """A fill or a charge. `consumption` is the interval that ends with it, null when none does."""

    id: UUID
    car_id: UUID
    filled_on: date
    filled_at: datetime | None
    time_zone: str
    energy_kind: EnergyKind
    odometer: JudgedOdometer | None
    volume: str | None
    volume_unit: VolumeUnit
    unit_price: str | None
    total: Money | None
    currency: str | None
    rate: RateResponse | None
    derived: Derived | None = Field(description="Which of volume, unit_price and total follows from the others.")
    discount: Discount | None
    full: bool
    soc_after: int | None
    missed_before: bool
    station: str | None
    note: str | None
    consumption: IntervalResponse | None
    warnings: list[FuelWarning]
    attachments: list[AttachmentResponse]
    author_id: UUID
    created_at: datetime
    updated_at: datetime


class KindConsumption(ApiModel):
    """Of one kind of energy. The average is the sum of volumes over the sum of distances of all closed intervals."""

    energy_kind: EnergyKind
    unit: CanonicalUnit
    average_per_100_km: Per100Km | None
    volume: str | None
    distance_km: int | None
    intervals: int
    last: IntervalResponse | None
    cost_per_100_km: Money | None = Field(
        description="In the car's currency, over the intervals whose whole cost is known in it."
    )


class ConsumptionResponse(ApiModel):
    """What the car consumes, by each kind that it was filled with. What is undefined is null."""

    kinds: list[KindConsumption]
    combined_cost_per_100_km: Money | None = Field(
        description="Of a car that runs on several kinds: the sum of their costs, null while one of them is unknown."
    )


def fuel_entry_response(
    entry: FuelEntry, reading: RecordedReading | None, files: Sequence[Attachment]
) -> FuelEntryResponse:
    """The entry as the car's people see it."""
    return FuelEntryResponse(
        id=entry.id,
        car_id=entry.car_id,
        filled_on=entry.filled_on,
        filled_at=entry.filled_at,
        time_zone=entry.time_zone,
        energy_kind=entry.energy_kind,
        odometer=judged_odometer(reading),
        volume=_text(entry.volume),
        volume_unit=entry.volume_unit,
        unit_price=_text(entry.unit_price),
        total=_money(entry.total_minor, entry.currency),
        currency=entry.currency,
        rate=rate_response(entry.rated),
        derived=entry.derived,
        discount=_discount(entry),
        full=entry.is_full,
        soc_after=entry.soc_after,
        missed_before=entry.missed_before,
        station=entry.station,
        note=entry.note,
        consumption=interval_response(entry),
        warnings=_warnings(entry),
        attachments=[attachment_response(one) for one in files],
        author_id=entry.author_id,
        created_at=entry.created_at,
        updated_at=entry.updated_at,
    )


def interval_response(entry: FuelEntry) -> IntervalResponse | None:
    """The figure that an entry owns."""
    interval = entry.interval
    if interval is None:
        return None
    return IntervalResponse(
        per_100_km=str(interval.per_100_km),
        unit=canonical_unit(entry.energy_kind),
        volume=_thousandths(interval.quantity),
        distance_km=interval.km,
        first_entry_id=interval.from_id,
        last_entry_id=entry.id,
        closed_on=entry.filled_on,
        cost=_money(interval.cost_minor, interval.currency),
    )


def consumption_response(series: list[Series], currency: str) -> ConsumptionResponse:
    """All kinds; costs in the car's currency."""
    return ConsumptionResponse(
        kinds=[_kind(one, currency) for one in series],
        combined_cost_per_100_km=_rounded(combined_cost_per_100_km(series, currency), currency),
    )


def _kind(one: Series, currency: str) -> KindConsumption:
    total = one.total
    return KindConsumption(
        energy_kind=one.energy_kind,
        unit=canonical_unit(one.energy_kind),
        average_per_100_km=_text(one.average),
        volume=_thousandths(total.quantity) if total.intervals else None,
        distance_km=total.km or None,
        intervals=total.intervals,
        last=None if one.last is None else interval_response(one.last),
        cost_per_100_km=_rounded(one.cost_per_100_km(currency), currency),
    )


def _warnings(entry: FuelEntry) -> list[FuelWarning]:
    if entry.discount_minor is None:
        return []
    said = "Volume x unit price is not the total. The total counts; the difference is kept as a discount."
    return [FuelWarning(code="total_disagrees", message=said)]


def _discount(entry: FuelEntry) -> Discount | None:
    if entry.discount_minor is None or entry.currency is None:
        return None
    return Discount.model_construct(amount_minor=entry.discount_minor, currency=entry.currency)


def _rounded(minor: Fraction | None, currency: str) -> Money | None:
    return None if minor is None else _money(round(minor), currency)


def _money(amount_minor: int | None, currency: str | None) -> Money | None:
    if amount_minor is None or currency is None:
        return None
    return Money.model_construct(amount_minor=amount_minor, currency=currency)


def _text(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")


def _thousandths(quantity: Decimal) -> str:
    return format(quantity.quantize(_SHOWN), "f")
