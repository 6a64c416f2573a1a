"""Fuel entries as they are typed."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from chassis.http import ApiModel
from owners.api.values import CurrencyCode, Edit, Money, Note, OdometerInput, PastDate, Rate, TimeZone, rule, text_of
from owners.domain.car import EnergyKind
from owners.domain.conversion import parse_rate
from owners.domain.fuel.purchase import parse_unit_price, parse_volume
from owners.domain.fuel.units import VolumeUnit

LocalTime = Annotated[
    str,
    Field(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$",
        description="What the clock showed there; left out or null when it is not known.",
        examples=["08:45"],
    ),
]
Volume = Annotated[
    str,
    Field(max_length=16, description="Above 0, at most 6 digits and 3 decimals.", examples=["38.02"]),
    AfterValidator(rule(parse_volume)),
]
UnitPrice = Annotated[
    str,
    Field(
        max_length=24,
        description="Of one litre, gallon, kWh or kg: at most 9 digits and 6 decimals.",
        examples=["78.90"],
    ),
    AfterValidator(rule(parse_unit_price)),
]
Charge = Annotated[
    int, Field(strict=True, ge=0, le=100, description="State of charge in percent that an electric car left with.")
]
Told = Annotated[bool, Field(strict=True)]
Currency = Annotated[
    CurrencyCode, Field(description="Of the unit price; left out, the total's own, or else the car's (ISO 4217).")
]
Station = Annotated[str, text_of(200), Field(examples=["Лукойл, МКАД 47-й км"])]


class AddFuelEntryRequest(ApiModel):
    """A fill or a charge. Any two of volume, unit price and total give the third; beyond rounding the total wins."""

    filled_on: PastDate
    local_time: LocalTime | None = None
    time_zone: TimeZone | None = Field(default=None, description="Of date and time; left out, the caller's own.")
    energy_kind: EnergyKind | None = Field(default=None, description="May be left out for a car that runs on one.")
    odometer: OdometerInput | None = None
    volume: Volume | None = None
    volume_unit: VolumeUnit | None = Field(
        default=None, description="Left out: kwh, kg, or for liquids the caller's own unit."
    )
    unit_price: UnitPrice | None = None
    total: Money | None = None
    currency: Currency | None = None
    rate: Rate | None = None
    full: Told = Field(default=False, description="Whether it left with a full tank or battery.")
    soc_after: Charge | None = None
    missed_before: Told = Field(default=False, description="Whether a fill before this one was not entered.")
    station: Station | None = None
    note: Note | None = None

    @model_validator(mode="after")
    def _one_currency(self) -> Self:
        _check_one_currency(self.total, self.currency)
        return self

    def details(self) -> dict[str, Any]:
        """What the domain calls the entry's details."""
        return _details({name: getattr(self, name) for name in type(self).model_fields if name != "odometer"})


class EditFuelEntryRequest(Edit):
    """The fields to change; those left out stay as they are.

    What of volume, unit price and total was computed follows what is told; null forgets what was told before.
    """

    nullable: ClassVar[frozenset[str]] = frozenset(
        {"local_time", "odometer", "volume", "unit_price", "total", "rate", "soc_after", "station", "note"}
    )

    filled_on: PastDate | SkipJsonSchema[None] = None
    local_time: LocalTime | None = None
    time_zone: TimeZone | SkipJsonSchema[None] = None
    energy_kind: EnergyKind | SkipJsonSchema[None] = None
    odometer: OdometerInput | None = None
    volume: Volume | None = None
    volume_unit: VolumeUnit | SkipJsonSchema[None] = None
    unit_price: UnitPrice | None = None
    total: Money | None = None
    currency: Currency | SkipJsonSchema[None] = None
    rate: Rate | None = None
    full: Told | SkipJsonSchema[None] = None
    soc_after: Charge | None = None
    missed_before: Told | SkipJsonSchema[None] = None
    station: Station | None = None
    note: Note | None = None

    @model_validator(mode="after")
    def _one_currency(self) -> Self:
        _check_one_currency(self.total, self.currency)
        return self

    def changes(self) -> dict[str, Any]:
        """What the domain calls the changed details."""
        changes = super().changes()
        odometer = changes.pop("odometer", None)
        details = _details(changes)
        if "odometer" in self.model_fields_set:
            details["odometer"] = None if odometer is None else odometer.to_domain()
        return details


def _check_one_currency(total: Money | None, currency: str | None) -> None:
    if total is not None and currency is not None and currency != total.currency:
        raise ValueError("unit price and total of one entry have one currency")


def _details(told: dict[str, Any]) -> dict[str, Any]:
    """In the domain's words: what is there, and nothing else."""
    details = dict(told)
    if "local_time" in details:
        details["local_time"] = None if details["local_time"] is None else time.fromisoformat(details["local_time"])
    for name, parse in (("volume", parse_volume), ("unit_price", parse_unit_price), ("rate", parse_rate)):
        if details.get(name) is not None:
            details[name] = parse(details[name])
    if "total" in details:
        total: Money | None = details.pop("total")
        details["total_minor"] = None if total is None else total.amount_minor
        if total is not None:
            details["currency"] = total.currency
    if "full" in details:
        details["is_full"] = details.pop("full")
    return details
