"""What an owner settled for a car beside its records: shown in `carpass.exchange.v1`, and not taken in by an import."""

from __future__ import annotations

from datetime import date
from typing import Literal

from contracts.event import Currency
from contracts.exchange_values import Amount, ExpenseCategory, Note, Part, TimeZone


class ExchangeDepreciation(Part):
    """How its owner lets the car lose its value; decimals are texts, those of other methods null."""

    method: Literal["straight_line", "declining", "by_distance"]
    residual_minor: Amount
    currency: Currency
    years_of_life: str | None
    first_year_percent: str | None
    later_percent: str | None
    life_km: int | None


class ExchangeExtraPayment(Part):
    """A payment beside the plan of a loan."""

    paid_on: date
    amount_minor: Amount
    effect: Literal["shorter_term", "smaller_payment"]


class ExchangeLoan(Part):
    """The loan that the owner took for the car."""

    principal_minor: Amount
    currency: Currency
    annual_rate_percent: str
    months: int
    first_payment_on: date
    extra_payments: tuple[ExchangeExtraPayment, ...]


class ExchangeValuation(Part):
    """What the car was worth at the end of a day, as its owner says."""

    valued_on: date
    amount_minor: Amount
    currency: Currency


class ExchangeSchedule(Part):
    """An expense that comes back; `entered` counts those that came, which stand among the records."""

    category: ExpenseCategory
    amount_minor: Amount
    currency: Currency
    note: Note | None
    time_zone: TimeZone
    starts_on: date
    every_months: int
    ends_on: date | None
    entered: int


class ExchangeTerms(Part):
    """What the owner settled for the own time with the car. An import shows it and settles nothing by it."""

    depreciation: ExchangeDepreciation | None
    loan: ExchangeLoan | None
    valuations: tuple[ExchangeValuation, ...]
    schedules: tuple[ExchangeSchedule, ...]
