"""Kinds of fields that several bodies share. Every one is bounded, so that no number here can overflow below."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from chassis.http import ApiModel
from workorders.domain import lines, money

type Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
type ShortText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
type MeasuredIn = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=16)]
type Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
type Complaint = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]

type Quantity = Annotated[
    str,
    Field(
        pattern=r"^([1-9][0-9]{0,5}(\.[0-9]{1,3})?|0\.([1-9][0-9]{0,2}|0[1-9][0-9]?|00[1-9]))$",
        description="decimal text above 0, at most 3 decimals",
        examples=["1.5"],
    ),
]
type UnitPrice = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?$",
        description="decimal text in the currency's major unit, at most 6 decimals",
        examples=["78.90"],
    ),
]
type TaxPercent = Annotated[
    str,
    Field(
        pattern=r"^(100(\.0{1,4})?|[0-9]{1,2}(\.[0-9]{1,4})?)$",
        description="decimal text from 0 to 100, at most 4 decimals",
        examples=["20"],
    ),
]
type Reading = Annotated[
    str, Field(pattern=r"^[0-9]{1,7}(\.[0-9])?$", description="what the odometer shows", examples=["123456"])
]
type Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Money(ApiModel):
    """An amount in the currency's minor unit (ISO 4217)."""

    amount_minor: Annotated[int, Field(strict=True, ge=0, le=10**15)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]

    def to_domain(self) -> money.Money:
        """The same, without a schema."""
        return money.Money(self.amount_minor, self.currency)


class NextServiceRequest(ApiModel):
    """When the work is due again: by distance, by time, or whichever comes first. One of them is given."""

    km: Annotated[int, Field(strict=True, gt=0, le=1_000_000)] | None = None
    months: Annotated[int, Field(strict=True, gt=0, le=600)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.km is None and self.months is None:
            raise ValueError("give km, months or both")
        return self

    def to_domain(self) -> lines.NextService:
        """The same, without a schema."""
        return lines.NextService(self.km, self.months)
