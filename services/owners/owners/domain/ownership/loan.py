"""A loan that is paid back in equal monthly payments (an annuity)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from owners.domain.errors import ImpossibleLoan
from owners.domain.ownership.calendar import months_after
from owners.domain.ownership.rounding import PRECISE, divided, whole

type Effect = Literal["shorter_term", "smaller_payment"]

_MONTHS_OF_PERCENT = 1200


@dataclass(frozen=True, slots=True)
class ExtraPayment:
    """Paid beyond the schedule. It counts from the first due date on or after its own, and is principal alone."""

    paid_on: date
    amount_minor: int
    effect: Effect


@dataclass(frozen=True, slots=True)
class Payment:
    """One month: `payment_minor` = interest + principal; `extra_minor` is principal as well."""

    number: int
    due_on: date
    payment_minor: int
    interest_minor: int
    principal_minor: int
    extra_minor: int
    balance_minor: int


@dataclass(frozen=True, slots=True)
class Loan:
    """Terms as the contract says. Payments are due monthly from `first_payment_on`."""

    principal_minor: int
    currency: str
    annual_rate_percent: Decimal
    months: int
    first_payment_on: date
    extra_payments: Sequence[ExtraPayment] = ()

    @property
    def payment_minor(self) -> int:
        """The equal payment before any extra one."""
        return annuity(self.principal_minor, self.annual_rate_percent, self.months)

    def schedule(self) -> tuple[Payment, ...]:
        """Every payment to the last one, which absorbs the rest; raises ImpossibleLoan.

        Interest of a month is rounded half to even on the balance before it, the rest of the payment is principal.
        """
        extras = sorted(self.extra_payments, key=lambda extra: extra.paid_on)
        rows: list[Payment] = []
        balance, equal, taken = self.principal_minor, self.payment_minor, 0
        for number in range(1, self.months + 1):
            due_on = months_after(self.first_payment_on, number - 1)
            interest = _interest(balance, self.annual_rate_percent)
            last = number == self.months or balance + interest <= equal
            payment = balance + interest if last else equal
            balance -= payment - interest
            extra = 0
            while taken < len(extras) and extras[taken].paid_on <= due_on:
                extra += extras[taken].amount_minor
                if extra > balance:
                    break
                if extras[taken].effect == "smaller_payment" and number < self.months:
                    equal = annuity(balance - extra, self.annual_rate_percent, self.months - number)
                taken += 1
            if extra > balance:
                raise ImpossibleLoan(f"The extra payment of {extras[taken].paid_on} is more than what is still owed.")
            balance -= extra
            rows.append(Payment(number, due_on, payment, interest, payment - interest, extra, balance))
            if balance == 0:
                break
        if taken < len(extras):
            raise ImpossibleLoan(f"The extra payment of {extras[taken].paid_on} comes when nothing is owed any more.")
        return tuple(rows)


def annuity(principal_minor: int, annual_rate_percent: Decimal, months: int) -> int:
    """A = P i / (1 - (1 + i)^-n) with the monthly rate i; P / n when nothing is charged. Half to even."""
    if annual_rate_percent == 0:
        return divided(principal_minor, months)
    rate = PRECISE.divide(annual_rate_percent, Decimal(_MONTHS_OF_PERCENT))
    discount = PRECISE.power(PRECISE.add(rate, Decimal(1)), -months)
    payment = PRECISE.divide(PRECISE.multiply(Decimal(principal_minor), rate), PRECISE.subtract(Decimal(1), discount))
    return whole(payment)


def interest_due(schedule: Sequence[Payment], first: date, end: date) -> int:
    """The interest of payments due from `first` to before `end`."""
    return sum(payment.interest_minor for payment in schedule if first <= payment.due_on < end)


def _interest(balance_minor: int, annual_rate_percent: Decimal) -> int:
    numerator, denominator = annual_rate_percent.as_integer_ratio()
    return divided(balance_minor * numerator, _MONTHS_OF_PERCENT * denominator)
