"""What a car itself costs, as its owner tells it: depreciation, loan, valuations."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field

from chassis.http import ApiModel
from owners.api.values import MAX_AMOUNT, Money, PastDate
from owners.db.ownership import DepreciationTerms, LoanTerms, Valuation
from owners.domain.local_time import EARLIEST
from owners.domain.ownership.depreciation import ByDistance, Declining, Method, StraightLine
from owners.domain.ownership.loan import Effect, ExtraPayment, Loan

LATEST: Final = date(2199, 12, 31)
MOST_EXTRAS: Final = 600
_MOST_PERCENT: Final = 1000


def _at_most_hundred(text: str) -> str:
    return _at_most(text, 100)


def _at_most_thousand(text: str) -> str:
    return _at_most(text, _MOST_PERCENT)


def _at_most(text: str, most: int) -> str:
    if Decimal(text) > most:
        raise ValueError(f"at most {most} percent")
    return text


def _more_than_nothing(money: Money) -> Money:
    if money.amount_minor == 0:
        raise ValueError("a loan is of more than nothing")
    return money


def _some_years(text: str) -> str:
    if not 0 < Decimal(text) <= 100:  # noqa: PLR2004 -- no car's life is longer
        raise ValueError("more than 0 and at most 100 years")
    return text


Percent = Annotated[
    str,
    Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,4})?$", max_length=16, examples=["15"]),
    AfterValidator(_at_most_hundred),
]
YearlyRate = Annotated[
    str,
    Field(pattern=r"^[0-9]{1,4}(\.[0-9]{1,4})?$", max_length=16, examples=["18.5"]),
    AfterValidator(_at_most_thousand),
]
Years = Annotated[
    str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,2})?$", max_length=16, examples=["8"]), AfterValidator(_some_years)
]
Day = Annotated[date, Field(ge=EARLIEST, le=LATEST)]


class StraightLineBody(ApiModel):
    """The same amount every year, until the residual value is reached."""

    method: Literal["straight_line"]
    residual: Money
    years_of_life: Years

    def to_domain(self) -> Method:
        """The value that the domain knows."""
        return StraightLine(self.residual.amount_minor, Decimal(self.years_of_life))


class DecliningBody(ApiModel):
    """A share of what is left, another one in the first year, never below the residual value."""

    method: Literal["declining"]
    residual: Money
    first_year_percent: Percent
    later_percent: Percent

    def to_domain(self) -> Method:
        """The value that the domain knows."""
        return Declining(self.residual.amount_minor, Decimal(self.first_year_percent), Decimal(self.later_percent))


class ByDistanceBody(ApiModel):
    """The same amount every kilometre since the purchase, until the residual value is reached."""

    method: Literal["by_distance"]
    residual: Money
    life_km: Annotated[int, Field(strict=True, gt=0, le=10_000_000)]

    def to_domain(self) -> Method:
        """The value that the domain knows."""
        return ByDistance(self.residual.amount_minor, self.life_km)


DepreciationBody = Annotated[StraightLineBody | DecliningBody | ByDistanceBody, Field(discriminator="method")]


class ExtraPaymentBody(ApiModel):
    """Paid beyond the schedule; it counts with the first payment due on or after its date, as principal alone."""

    paid_on: Day
    amount_minor: Annotated[int, Field(strict=True, gt=0, le=MAX_AMOUNT)]
    effect: Effect = "shorter_term"


class LoanBody(ApiModel):
    """An annuity: equal monthly payments from the first due date on; amounts are in the principal's currency.

    Its payments are no expenses: only their interest counts as a cost.
    """

    principal: Annotated[
        Money, AfterValidator(_more_than_nothing), Field(examples=[{"amount_minor": 150_000_000, "currency": "RUB"}])
    ]
    annual_rate_percent: YearlyRate
    months: Annotated[int, Field(strict=True, ge=1, le=600)]
    first_payment_on: Day
    extra_payments: Annotated[tuple[ExtraPaymentBody, ...], Field(max_length=MOST_EXTRAS)] = ()

    def to_domain(self) -> Loan:
        """The value that the domain knows."""
        return Loan(
            self.principal.amount_minor,
            self.principal.currency,
            Decimal(self.annual_rate_percent),
            self.months,
            self.first_payment_on,
            tuple(ExtraPayment(extra.paid_on, extra.amount_minor, extra.effect) for extra in self.extra_payments),
        )


class PaymentBody(ApiModel):
    """One month: the payment is interest and principal; an extra payment is principal beside it."""

    number: int
    due_on: date
    payment_minor: int
    interest_minor: int
    principal_minor: int
    extra_minor: int
    balance_minor: int


class LoanResponse(LoanBody):
    """The terms, and the schedule that follows from them. Interest is rounded half to even every month."""

    payment_minor: int
    last_payment_minor: int
    total_interest_minor: int
    schedule: list[PaymentBody]

    @classmethod
    def of(cls, terms: LoanTerms) -> Self:
        """The loan as it is shown."""
        loan, rows = terms.loan, terms.loan.schedule()
        return cls(
            principal=Money(amount_minor=loan.principal_minor, currency=loan.currency),
            annual_rate_percent=format(loan.annual_rate_percent, "f"),
            months=loan.months,
            first_payment_on=loan.first_payment_on,
            extra_payments=tuple(
                ExtraPaymentBody(paid_on=extra.paid_on, amount_minor=extra.amount_minor, effect=extra.effect)
                for extra in loan.extra_payments
            ),
            payment_minor=loan.payment_minor,
            last_payment_minor=rows[-1].payment_minor,
            total_interest_minor=sum(row.interest_minor for row in rows),
            schedule=[
                PaymentBody(
                    number=row.number,
                    due_on=row.due_on,
                    payment_minor=row.payment_minor,
                    interest_minor=row.interest_minor,
                    principal_minor=row.principal_minor,
                    extra_minor=row.extra_minor,
                    balance_minor=row.balance_minor,
                )
                for row in rows
            ],
        )


class AddValuationRequest(ApiModel):
    """What the car was worth at the end of a day: it stands above the method of depreciation."""

    valued_on: PastDate
    amount: Money


class ValuationResponse(ApiModel):
    """A valuation."""

    id: UUID
    valued_on: date
    amount: Money
    created_at: datetime

    @classmethod
    def of(cls, one: Valuation) -> Self:
        """The valuation as it is shown."""
        amount = Money(amount_minor=one.amount_minor, currency=one.currency)
        return cls(id=one.id, valued_on=one.valued_on, amount=amount, created_at=one.created_at)


class ValuationsResponse(ApiModel):
    """All valuations of a car, the latest first: at most 500."""

    data: list[ValuationResponse]


def depreciation_body(terms: DepreciationTerms) -> StraightLineBody | DecliningBody | ByDistanceBody:
    """The method as it is shown."""
    residual = Money(amount_minor=terms.method.residual_minor, currency=terms.currency)
    match terms.method:
        case StraightLine(years_of_life=years):
            return StraightLineBody(method="straight_line", residual=residual, years_of_life=format(years, "f"))
        case Declining(first_year_percent=first, later_percent=later):
            return DecliningBody(
                method="declining",
                residual=residual,
                first_year_percent=format(first, "f"),
                later_percent=format(later, "f"),
            )
        case ByDistance(life_km=km):
            return ByDistanceBody(method="by_distance", residual=residual, life_km=km)
