"""What an owner settled for a car beside its records, in the form of the exchange."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from contracts.exchange_terms import (
    ExchangeDepreciation,
    ExchangeExtraPayment,
    ExchangeLoan,
    ExchangeSchedule,
    ExchangeTerms,
    ExchangeValuation,
)
from owners.db.ownership import DepreciationTerms, LoanTerms, Valuation
from owners.domain.ownership.depreciation import ByDistance, Declining, StraightLine
from owners.domain.schedule import ExpenseSchedule


def told_terms(
    depreciation: DepreciationTerms | None,
    loan: LoanTerms | None,
    valuations: Iterable[Valuation],
    schedules: Iterable[ExpenseSchedule],
) -> ExchangeTerms:
    """All of it, valuations by day and schedules by their beginning."""
    valued = [ExchangeValuation.model_construct(**_some(ExchangeValuation, one)) for one in valuations]
    entered = [ExchangeSchedule.model_construct(**_some(ExchangeSchedule, one)) for one in schedules]
    return ExchangeTerms.model_construct(
        depreciation=None if depreciation is None else _depreciation(depreciation),
        loan=None if loan is None else _loan(loan),
        valuations=tuple(sorted(valued, key=lambda one: one.valued_on)),
        schedules=tuple(sorted(entered, key=lambda one: one.model_dump_json())),
    )


def _depreciation(terms: DepreciationTerms) -> ExchangeDepreciation:
    told: dict[str, Any] = dict.fromkeys(("years_of_life", "first_year_percent", "later_percent", "life_km"))
    match terms.method:
        case StraightLine(years_of_life=years):
            told |= {"method": "straight_line", "years_of_life": _text(years)}
        case Declining(first_year_percent=first, later_percent=later):
            told |= {"method": "declining", "first_year_percent": _text(first), "later_percent": _text(later)}
        case ByDistance(life_km=km):
            told |= {"method": "by_distance", "life_km": km}
    residual = terms.method.residual_minor
    return ExchangeDepreciation.model_construct(**told, residual_minor=residual, currency=terms.currency)


def _loan(terms: LoanTerms) -> ExchangeLoan:
    loan = terms.loan
    extras = (ExchangeExtraPayment.model_construct(**_some(ExchangeExtraPayment, one)) for one in loan.extra_payments)
    return ExchangeLoan.model_construct(
        principal_minor=loan.principal_minor,
        currency=loan.currency,
        annual_rate_percent=_text(loan.annual_rate_percent),
        months=loan.months,
        first_payment_on=loan.first_payment_on,
        extra_payments=tuple(extras),
    )


def _some(form: type[ExchangeExtraPayment | ExchangeSchedule | ExchangeValuation], one: object) -> dict[str, Any]:
    return {name: getattr(one, name) for name in form.model_fields}


def _text(number: Decimal) -> str:
    return format(number, "f")
