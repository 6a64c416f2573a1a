"""What owning a car costs, as it is shown. What is undefined is null, never 0."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Self

from pydantic import ConfigDict, Field

from chassis.http import ApiModel
from owners.analytics import Amount, Analytics
from owners.api.analytics_example import EXAMPLE
from owners.currencies import minor_digits
from owners.domain.car import EnergyKind
from owners.domain.fuel.units import CanonicalUnit, canonical_unit
from owners.domain.ownership.costs import CostCategory, Sums, rate

Rate = Annotated[str, Field(description="In the currency's main unit, two decimals more than it has; half to even.")]


class Cost(ApiModel):
    """Minor units of a currency; a depreciation is negative when the car gained value."""

    amount_minor: int
    currency: str


Converted = Annotated[
    Cost | None,
    Field(description="How much of the cost was converted by the rates of entries in other currencies; null: nothing."),
]


class FuelCosts(ApiModel):
    """One kind of energy. `unpriced_fills` do not tell what they cost, so that they are missing in `cost`."""

    energy_kind: EnergyKind
    unit: CanonicalUnit
    quantity: str | None
    fills: int
    unpriced_fills: int
    cost: Cost | None
    converted: Converted


class CategoryCosts(ApiModel):
    """One category of running costs."""

    category: CostCategory
    cost: Cost | None
    converted: Converted
    entries: int


class MonthCosts(ApiModel):
    """A month, or the part of it in the window. Kilometres count where the later reading was made."""

    month: Annotated[str, Field(examples=["2026-03"])]
    distance_km: int | None
    running_costs: Cost | None
    fuel_cost: Cost | None
    converted: Converted
    by_category: list[CategoryCosts]


class OtherCurrency(ApiModel):
    """Running costs in another currency than the car's, of entries without a rate: they are in no other figure."""

    currency: str
    running_costs: Cost
    fuel_cost: Cost | None
    by_category: list[CategoryCosts]


class FinancesResponse(ApiModel):
    """What the car itself cost; the value at the end of the window is that of today when it is not over.

    Depreciation is null without a purchase (date, price) or a method; interest is null without a loan.
    """

    value_at_start: Cost | None
    value_at_end: Cost | None
    depreciation: Cost | None
    loan_interest: Cost | None


class AnalyticsResponse(ApiModel):
    """Costs in the car's currency from the first to the last day, both local and included.

    `total_cost` is running costs, depreciation and the interest of a loan, never its principal; null where running
    costs or depreciation are unknown or one of them is in another currency. `finances` are the owner's alone.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    first: Annotated[date, Field(serialization_alias="from", validation_alias="from")]
    last: Annotated[date, Field(serialization_alias="to", validation_alias="to")]
    days: Annotated[int | None, Field(description="Those of the window that have come.")]
    currency: str
    distance_km: int | None
    running_costs: Cost | None
    converted: Converted
    cost_per_km: Rate | None
    cost_per_day: Rate | None
    fuel: list[FuelCosts]
    by_category: list[CategoryCosts]
    by_month: Annotated[list[MonthCosts], Field(description="Months in which anything was recorded.")]
    other_currencies: list[OtherCurrency]
    finances: FinancesResponse | None
    total_cost: Cost | None
    total_cost_per_km: Rate | None
    total_cost_per_day: Rate | None

    @classmethod
    def of(cls, found: Analytics) -> Self:
        """The figures as they are shown."""
        ours = found.costs.of(found.currency)

        def over(minor: int | None, count: int | None) -> str | None:
            per_one = rate(minor, count, minor_digits(found.currency))
            return None if per_one is None else format(per_one, "f")

        return cls.model_validate(
            {
                "from": found.window.first,
                "to": found.window.last,
                "days": found.window.days,
                "currency": found.currency,
                "distance_km": found.distance_km,
                "running_costs": _cost(found.running_minor, found.currency),
                "converted": _cost(ours.converted_minor, found.currency),
                "cost_per_km": over(found.running_minor, found.distance_km),
                "cost_per_day": over(found.running_minor, found.window.days),
                "fuel": _fuel(found),
                "by_category": _categories(ours, found.currency),
                "by_month": _months(found),
                "other_currencies": _others(found),
                "finances": _finances(found),
                "total_cost": _cost(found.total_minor, found.currency),
                "total_cost_per_km": over(found.total_minor, found.distance_km),
                "total_cost_per_day": over(found.total_minor, found.window.days),
            }
        )


def _cost(minor: int | None, currency: str) -> Cost | None:
    return None if minor is None else Cost(amount_minor=minor, currency=currency)


def _fuel(found: Analytics) -> list[FuelCosts]:
    """Quantities of all fills, whatever they were paid in."""
    shown: list[FuelCosts] = []
    for kind, sums in found.costs.fuel().by(lambda line: line.energy_kind).items():
        if kind is None:
            continue
        quantity = sums.quantity
        shown.append(
            FuelCosts(
                energy_kind=kind,
                unit=canonical_unit(kind),
                quantity=None if quantity is None else format(quantity.normalize(), "f"),
                fills=sums.entries,
                unpriced_fills=sums.unpriced,
                cost=_cost(sums.of(found.currency).amount_minor, found.currency),
                converted=_cost(sums.of(found.currency).converted_minor, found.currency),
            )
        )
    return shown


def _categories(sums: Sums, currency: str) -> list[CategoryCosts]:
    return [
        CategoryCosts(
            category=category,
            cost=_cost(each.amount_minor, currency),
            converted=_cost(each.converted_minor, currency),
            entries=each.entries,
        )
        for category, each in sums.by(lambda line: line.category).items()
    ]


def _months(found: Analytics) -> list[MonthCosts]:
    by_month: Mapping[date, Sums] = found.costs.of(found.currency).by(lambda line: line.month)
    nothing = Sums([])
    return [
        MonthCosts(
            month=format(month, "%Y-%m"),
            distance_km=found.distances.get(month),
            running_costs=_cost(by_month.get(month, nothing).amount_minor, found.currency),
            fuel_cost=_cost(by_month.get(month, nothing).fuel().amount_minor, found.currency),
            converted=_cost(by_month.get(month, nothing).converted_minor, found.currency),
            by_category=_categories(by_month.get(month, nothing), found.currency),
        )
        for month in sorted({*by_month, *found.distances})
    ]


def _others(found: Analytics) -> list[OtherCurrency]:
    return [
        OtherCurrency(
            currency=currency,
            running_costs=Cost(amount_minor=sums.amount_minor or 0, currency=currency),
            fuel_cost=_cost(sums.fuel().amount_minor, currency),
            by_category=_categories(sums, currency),
        )
        for currency, sums in found.costs.by(lambda line: line.currency).items()
        if currency not in {None, found.currency} and sums.amount_minor is not None
    ]


def _finances(found: Analytics) -> FinancesResponse | None:
    if found.finances is None:
        return None

    def cost(amount: Amount | None) -> Cost | None:
        return None if amount is None else Cost(amount_minor=amount.minor, currency=amount.currency)

    told = found.finances
    return FinancesResponse(
        value_at_start=cost(told.value_at_start),
        value_at_end=cost(told.value_at_end),
        depreciation=cost(told.depreciation),
        loan_interest=cost(told.loan_interest),
    )
